"""The arguments with which ``prompt_cache.lua`` records an answer."""

from collections.abc import Mapping
from typing import TypedDict

from shared.prompt_cache import Plan, Prompt, Terms

MOST_PREFIXES = 1024
"""Of a project, each some 100 bytes."""
MOST_ROOTS = 64
_CONFIRMED = 0.7
"""Of the tokens that should have been read: token counts are estimates before the answer."""


class Arguments(TypedDict):
    """Of ``prompt_cache.lua``, in their order."""

    started_ms: int
    root: str
    most_prefixes: int
    most_roots: int
    tokens: int
    characters: int
    paid: int
    saved: int
    taken_bits: int
    evicted: bool
    missed: int
    touches: list[tuple[str, str, int, int, int]]


def arguments(
    prompt: Prompt,
    plan: Plan,
    terms: Terms,
    *,
    started_ms: int,
    tokens: int,
    read: int,
    written: Mapping[int, int],
) -> Arguments:
    """``tokens``: of the whole prompt, ``read``: from the cache, ``written``: by lifetime."""
    lessons = plan.lessons()
    paid = sum((terms.write[lifetime] - 1) * count for lifetime, count in written.items())
    return Arguments(
        started_ms=started_ms,
        root=prompt.root,
        most_prefixes=MOST_PREFIXES,
        most_roots=MOST_ROOTS,
        tokens=tokens,
        characters=prompt.size,
        paid=round(paid),
        saved=round((1 - terms.read) * read),
        taken_bits=plan.predicted.bit_length(),
        evicted=read < _CONFIRMED * plan.predicted,
        missed=lessons.missed,
        touches=[
            (
                touch.prefix,
                touch.name,
                -1 if touch.expires is None else touch.expires,
                -1 if touch.lifetime is None else touch.lifetime,
                -1 if touch.would_expire is None else touch.would_expire,
            )
            for touch in lessons.touches
        ],
    )
