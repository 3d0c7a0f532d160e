"""Texts of a stored answer cut into the deltas of a stream.

Providers stream a few words at a time, and clients rely on it: line readers of Go refuse a line of
64 KB, those of aiohttp one of 128 KB. A piece is as large as it may be, so that a hit costs few
events.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Any

from gateway.formats.base import Json
from gateway.formats.merge import characters

MOST = 2048
"""Bytes of UTF-8 in one piece."""
_LOOK_BACK = 64
"""How far before the limit a piece may end for the sake of a natural boundary, in characters."""


def pieces(text: str) -> Iterator[str]:
    """``text`` in pieces of at most ``MOST`` bytes, behind white space where there is some near the
    limit. Nothing for an empty text."""
    if len(text) * 4 <= MOST or (len(text) <= MOST and text.isascii()):
        if text:
            yield text
        return
    start = 0
    while start < len(text):
        end = _end(text, start)
        yield text[start:end]
        start = end


def _end(text: str, start: int) -> int:
    """Where the piece that begins at ``start`` ends."""
    part = text[start : start + MOST]
    if not part.isascii():
        sizes = accumulate(len(character.encode("utf-8", "surrogatepass")) for character in part)
        part = part[: sum(size <= MOST for size in sizes)]
    end = start + len(part)
    if end == len(text):
        return end
    for back in range(min(_LOOK_BACK, len(part) - 1)):
        if text[end - back - 1].isspace():
            return end - back
    # No word ends here. Halves of a surrogate pair, and marks on a letter, stay together.
    while end > start + 1 and (_joins(text[end]) or "\ud800" <= text[end - 1] <= "\udbff"):
        end -= 1
    return end


def _joins(character: str) -> bool:
    """Whether ``character`` belongs to the one before it: marks, joiners, selectors."""
    if character.isascii():
        return False
    from unicodedata import category  # most texts are cut at white space

    return category(character) in ("Mn", "Mc", "Me", "Cf", "Cs")


def groups(items: Iterable[Any], most: int) -> Iterator[list[Any]]:
    """JSON values in groups of about ``most`` characters, at least one value each."""
    group: list[Any] = []
    size = 0
    for item in items:
        grown = characters(item)
        if group and size + grown > most:
            yield group
            group, size = [], 0
        group.append(item)
        size += grown
    if group:
        yield group


def with_logprobs(text: str, tokens: Any) -> Iterator[tuple[str, list[Json] | None]]:
    """Pieces of ``text`` with the tokens that they are made of; the tokens after the text where
    they do not spell it (a character may be several tokens)."""
    if not isinstance(tokens, list) or not tokens:
        yield from ((piece, None) for piece in pieces(text))
        return
    if "".join(str(token.get("token")) for token in tokens) == text:
        for group in groups(tokens, MOST):
            yield "".join(token["token"] for token in group), group
        return
    yield from ((piece, None) for piece in pieces(text))
    yield from (("", group) for group in groups(tokens, MOST))
