"""A prompt as the planner sees it, and the hashes of its prefixes."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_BYTES = 12


@dataclass(frozen=True, slots=True)
class Prompt:
    """One entry per block, in the order in which the provider hashes them.

    ``kinds``: ``tools`` (all of them are one block), ``system``, ``user``, ``assistant``,
    ``tool_use``, ``tool_result``, or ``unmarked``, which no marker can stand on. ``sizes``:
    characters through the block. ``prefixes``: hash of everything through the block. ``markers``:
    block to lifetime in seconds, where the caller has put markers.
    """

    kinds: list[str]
    sizes: list[int]
    prefixes: list[str]
    markers: Mapping[int, int] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """The prefix of the first block: requests of one application share it."""
        return self.prefixes[0]


def chain(key: bytes, start: bytes, blocks: Iterable[bytes]) -> list[str]:
    """The hash of every prefix: h(i) = BLAKE2b(key; h(i-1) ‖ block), a MAC of its own (RFC 7693).

    ``key``: the project's, 16 to 64 bytes: without it nobody can test a guess of a prompt.
    ``start``: what else the provider keeps apart, such as the model.
    """
    last = hashlib.blake2b(start, key=key, digest_size=_BYTES).digest()
    found = []
    for block in blocks:
        last = hashlib.blake2b(last + block, key=key, digest_size=_BYTES).digest()
        found.append(last.hex())
    return found
