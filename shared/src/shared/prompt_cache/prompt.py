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
    """The hash of every prefix: h(i) = BLAKE2b(key ‖ h(i-1) ‖ block).

    ``key``: the project's, 32 bytes: without it nobody can test a guess of a prompt. A key in front
    makes a MAC of BLAKE2b, which cannot be extended; its own parameter for keys costs a block more
    (RFC 7693, 2.9). ``start``: what else the provider keeps apart, such as the model.
    """
    blake2b = hashlib.blake2b
    last = blake2b(key + start).digest()[:_BYTES]
    found = []
    for block in blocks:
        last = blake2b(key + last + block).digest()[:_BYTES]
        found.append(last.hex())
    return found
