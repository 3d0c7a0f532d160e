"""A request body as the blocks that its provider hashes, and the same body with markers.

One module a dialect; the pipeline knows none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from marshal import dumps
from typing import Any

from shared import prompt_cache
from shared.prompt_cache.boundaries import Boundaries

Place = tuple[str | int, ...]
"""Where a block stands: the keys and indexes that lead to it."""
_LIST_HEAD = 5


class LeftAlone(Exception):
    """The request marks its prompt in a way that ours would interfere with, or is misshapen."""


@dataclass(slots=True)
class Blocks:
    """Collects blocks in the order in which the provider hashes them.

    ``contents``: of each, what its hash depends on: its kind, a label, and its JSON.
    """

    kinds: list[str] = field(default_factory=list)
    contents: list[tuple[str, Any, Any]] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    markers: dict[int, int] = field(default_factory=dict)

    def add(self, kind: str, label: Any, content: Any, place: Place) -> None:
        """``label``: what the block's hash depends on besides its ``content``; both are JSON."""
        self.kinds.append(kind)
        self.contents.append((kind, label, content))
        self.places.append(place)

    def mark(self, lifetime: int) -> None:
        """The caller has a marker on the block that was added last."""
        self.markers[len(self.kinds) - 1] = lifetime

    def serialized(self, found: Boundaries) -> dict[int, bytes]:
        """What lies between the blocks that matter (``Prompt``), by the block that ends it."""
        texts, before, contents = {}, 0, self.contents
        for end in sorted({0, *found.looked_up, *self.markers}):
            texts[end] = serialized(contents[before : end + 1])
            before = end + 1
        return texts

    def prompt(self, key: bytes, start: bytes, texts: Mapping[int, bytes]) -> prompt_cache.Prompt:
        """``texts``: as ``serialized`` returns them. See ``shared.prompt_cache.chain``."""
        prefixes = dict(zip(texts, prompt_cache.chain(key, start, texts.values()), strict=True))
        sizes = dict(zip(texts, accumulate(map(len, texts.values())), strict=True))
        return prompt_cache.Prompt(self.kinds, sizes, prefixes, self.markers)


def serialized(values: list[Any]) -> bytes:
    """Equal for equal JSON with its members in the same order; of two lists one after the other it
    is that of both together.

    Format 0 of ``marshal`` is five times as fast as text, and writes every value on its own; a list
    begins with its type and its length in four bytes. Nothing reads it again.
    """
    return dumps(values, 0)[_LIST_HEAD:]


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
