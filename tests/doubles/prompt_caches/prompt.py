"""A prompt as a prompt cache sees it, and what it makes of it."""

import hashlib
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple


class RefusedError(ValueError):
    """What the provider answers with 400."""


class Prompt(NamedTuple):
    """One entry per block, in the order in which the provider hashes them.

    `cumulative`: tokens through the block; `prefixes`: what is equal where everything through the
    block is.
    """

    seconds: float
    kinds: Sequence[str]
    cumulative: Sequence[int]
    prefixes: Sequence[Hashable]


class Used(NamedTuple):
    """Tokens of one prompt, which add up to it. `written_hour` is a part of `written`."""

    read: int
    written: int
    written_hour: int
    plain: int


@dataclass
class Entry:
    """`readable` and `expires` are seconds of the clock."""

    readable: float
    expires: float
    lifetime: int

    def live(self, seconds: float) -> bool:
        """Whether it can be read."""
        return self.readable <= seconds < self.expires


class Blocks:
    """Collects the blocks of a request body; four characters are a token."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._kinds: list[str] = []
        self._cumulative: list[int] = []
        self._prefixes: list[Hashable] = []
        self._characters = 0
        self.markers: dict[int, int] = {}

    def add(self, kind: str, content: Any, lifetime: int | None) -> None:
        """`lifetime`: of the block's marker, seconds."""
        text = content if isinstance(content, str) else json.dumps(content)
        self._characters += len(text)
        before = self._prefixes[-1] if self._prefixes else ""
        if lifetime is not None:
            self.markers[len(self._kinds)] = lifetime
        self._kinds.append(kind)
        self._cumulative.append(max(1, self._characters // 4))
        self._prefixes.append(hashlib.sha256(f"{before}|{kind}|{text}".encode()).hexdigest())

    def prompt(self) -> Prompt:
        """What was collected."""
        return Prompt(self._seconds, self._kinds, self._cumulative, self._prefixes)
