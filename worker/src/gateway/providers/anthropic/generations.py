"""What differs between generations of Claude, read off the model's name.

Source: Anthropic's models overview, "Thinking" (per-model configuration) and migration guides. A
name that tells no version is taken for a new model, as Anthropic's undated aliases are.
"""

import re

_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_NEWEST = (99, 0)

DEFAULT_MAX_TOKENS = 32_000
"""For requests without a limit: room for thinking and a long answer. Anthropic requires a limit,
and refuses one above the model's maximum, which older models have below this."""


def version(model: str) -> tuple[int, int]:
    """``claude-opus-4-5-20251101`` → (4, 5); ``claude-3-haiku-20240307`` → (3, 0)."""
    found = _VERSION.match(model)
    if found is None:
        return _NEWEST
    return int(found[1]), int(found[2] or 0)


def default_max_tokens(model: str) -> int:
    """``max_tokens`` for a request that names none."""
    known = version(model)
    if known < (3, 5):
        return 4096
    return 8192 if known < (3, 7) else DEFAULT_MAX_TOKENS


def can_think(model: str) -> bool:
    """Extended thinking came with Claude 3.7."""
    return version(model) >= (3, 7)


def thinks_adaptively(model: str) -> bool:
    """From 4.6 on effort steers how much is thought; a token budget is deprecated, then refused."""
    return version(model) >= (4, 6)


def thinks_by_default(model: str) -> bool:
    """From Claude 5 on a request that does not mention thinking gets it."""
    return version(model) >= (5, 0)
