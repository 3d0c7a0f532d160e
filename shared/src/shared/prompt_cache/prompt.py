"""A prompt as the planner sees it, and the hashes of its prefixes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_LETTERS = 24


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry per block, in the order in which the provider hashes them.

    ``kinds``: ``tools`` (all of them are one block), ``system``, ``user``, ``assistant``,
    ``tool_use``, ``tool_result``, or ``unmarked``, which no marker can stand on. By block, of those
    that matter (the first, the last, ``Boundaries.looked_up`` and ``markers``), in rising order:
    ``sizes``, characters through the block, and ``prefixes``, the hash of everything through it.
    ``markers``: block to lifetime in seconds, where the caller has put markers.
    """

    kinds: list[str]
    sizes: Mapping[int, int]
    prefixes: Mapping[int, str]
    markers: Mapping[int, int] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The prefix of the first block: requests of one application share it."""
        return self.prefixes[0]

    @property
    def size(self) -> int:
        """Characters."""
        return self.sizes[len(self.kinds) - 1]


def chain(key: bytes, start: bytes, texts: Iterable[bytes]) -> list[str]:
    """The hash of everything through each of ``texts``: 12 bytes of SHA-256(key ‖ start ‖ …).

    ``key``: the project's, 32 bytes: without it nobody can test a guess of a prompt. A key in front
    is enough for a MAC here: with a part of the digest nobody can extend the message. ``start``:
    what else the provider keeps apart, such as the model.
    """
    rolling = hashlib.sha256(key + hashlib.sha256(start).digest())
    found = []
    for text in texts:
        rolling.update(text)
        found.append(rolling.hexdigest()[:_LETTERS])
    return found
