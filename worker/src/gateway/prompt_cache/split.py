"""A request body as the blocks that its provider hashes, and the same body with markers.

One module a dialect; the pipeline knows none of them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    _characters: int = 0

    def add(self, kind: str, label: str, content: Any, place: Place) -> None:
        """``label``: what the block's hash depends on besides its ``content``, JSON or text."""
        if not isinstance(content, str):
            content = json.dumps(content, separators=(",", ":"))
        self._characters += len(content)
        self.kinds.append(kind)
        self.sizes.append(self._characters)
        self.texts.append(f"{kind}\0{label}\0{content}".encode(errors="surrogatepass"))
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
