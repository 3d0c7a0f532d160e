"""How prompts begin: tools and system prompt, what the provider's prompt cache made of them, and
which of their blocks change. ``prompt_heads.lua`` counts, the dashboard reads.

A head stands for the requests of one API key and model whose tools and system prompt have the same
kinds of blocks and about the same size. It holds hashes and counts, no text.
"""

from dataclasses import dataclass

MOST_HEADS = 64
"""Of a project and week."""
MOST_BLOCKS = 8
KEPT_SECONDS = 15 * 86_400
_DAY_MS = 86_400_000
_FIRST_MONDAY = 4
"""1970 began on a Thursday."""


@dataclass(frozen=True, slots=True)
class HeadBlock:
    """``kind``: ``tools`` or ``system``. ``tokens``: of it alone. ``changes``: how many requests
    had another content in its place than the one before."""

    kind: str
    tokens: int
    changes: int


@dataclass(frozen=True, slots=True)
class Head:
    """``tokens``: of the head in the latest request; the other counts are sums over ``requests``.

    ``saved_nanousd``: negative where writes cost more than reads saved. ``prefix``: of the latest
    request. ``request_id``: of it, and ``other_id`` of the latest whose head differed ("" if none).
    """

    requests: int
    tokens: int
    prompt: int
    read: int
    written: int
    written_hour: int
    saved_nanousd: int
    last_ms: int
    prefix: str
    request_id: str
    other_id: str
    model: str
    blocks: list[HeadBlock]


def week(at_ms: int) -> int:
    """Number of the week that began on a Monday (UTC); ``at_ms``: unix time."""
    return (at_ms // _DAY_MS - _FIRST_MONDAY) // 7


def week_began(number: int) -> int:
    """Unix time in seconds."""
    return (number * 7 + _FIRST_MONDAY) * 86_400


def parse(text: str) -> Head:
    """A value as ``prompt_heads.lua`` writes it."""
    counts, blocks, model = text.split("|", 2)
    *numbers, prefix, request, other = counts.split(" ")
    requests, tokens, prompt, read, written, written_hour, saved, last_ms = map(int, numbers)
    return Head(
        requests=requests,
        tokens=tokens,
        prompt=prompt,
        read=read,
        written=written,
        written_hour=written_hour,
        saved_nanousd=saved,
        last_ms=last_ms,
        prefix=prefix,
        request_id=request,
        other_id="" if other == "-" else other,
        model=model,
        blocks=[_block(block) for block in blocks.split(" ") if block],
    )


def _block(text: str) -> HeadBlock:
    kind, tokens, _, changes = text.split(":")
    return HeadBlock(kind, int(tokens), int(changes))
