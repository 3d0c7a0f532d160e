"""A request body as the blocks that its provider hashes, and the same body with markers.

One module a dialect; the pipeline knows none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from marshal import dumps
from typing import Any

from shared import prompt_cache

Place = tuple[str | int, ...]
"""Where a block stands: the keys and indexes that lead to it."""


class LeftAlone(Exception):
    """The request marks its prompt in a way that ours would interfere with, or is misshapen."""


@dataclass(slots=True)
class Blocks:
    """Collects blocks in the order in which the provider hashes them."""

    kinds: list[str] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    texts: list[bytes] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    markers: dict[int, int] = field(default_factory=dict)
    _bytes: int = 0

    def add(self, kind: str, label: Any, content: Any, place: Place) -> None:
        """``label``: what the block's hash depends on besides its ``content``; both are JSON.

        Format 0 of ``marshal`` is the same for equal JSON with its members in the same order, and
        five times as fast as text. Nothing reads it again.
        """
        made = dumps((kind, label, content), 0)
        self._bytes += len(made)
        self.kinds.append(kind)
        self.sizes.append(self._bytes)
        self.texts.append(made)
        self.places.append(place)

    def mark(self, lifetime: int) -> None:
        """The caller has a marker on the block that was added last."""
        self.markers[len(self.kinds) - 1] = lifetime

    def prompt(self, key: bytes, start: bytes) -> prompt_cache.Prompt:
        """See ``shared.prompt_cache.chain``."""
        prefixes = prompt_cache.chain(key, start, self.texts)
        return prompt_cache.Prompt(self.kinds, self.sizes, prefixes, self.markers)


@dataclass(frozen=True, slots=True)
class Dialect:
    """``split(body)``: raises ``LeftAlone``. ``marked(body, places, lifetimes, root)``: a copy of
    ``body`` with markers at ``places``; what the model reads is the same."""

    split: Callable[[Mapping[str, Any]], Blocks]
    marked: Callable[[Mapping[str, Any], Mapping[Place, int], str], dict[str, Any]]


def replaced(value: Any, place: Place, change: Callable[[Any], Any]) -> Any:
    """``value`` with the part at ``place`` changed; what lies on the way is copied."""
    if not place:
        return change(value)
    copy = value.copy()
    copy[place[0]] = replaced(value[place[0]], place[1:], change)
    return copy
