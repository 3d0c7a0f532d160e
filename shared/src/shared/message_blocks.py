"""What two requests to Anthropic's Messages API may differ in and still be the same question.

The rules for text are those of ``shared.normalization``. Prompt-cache markers are taken off
wherever the API allows them, and only there: a tool's input may hold a member of that name.
"""

from typing import Any

from shared import normalization as norm

Json = Any


def unmarked(block: Json) -> Json:
    """A block or tool without its prompt-cache marker and its nulls."""
    if not isinstance(block, dict):
        return block
    return {k: v for k, v in norm.unmarked(block).items() if v is not None}


def blocks(value: Json, *, strip: bool = True, exact: bool = False) -> Json:
    """``system`` or a turn's ``content``: a string, or a list of blocks."""
    if isinstance(value, list):
        value = [_block(item, exact=exact) for item in value]
    return norm.content(value, strip=strip, exact=exact)


def turn(value: Json) -> Json:
    """One of ``messages``. An assistant's white space stays: a prefill is continued from it."""
    if not isinstance(value, dict):
        return value
    cleaned = unmarked(value)
    if "content" in cleaned:
        strip = cleaned.get("role") != "assistant"
        cleaned["content"] = blocks(cleaned["content"], strip=strip)
    return cleaned


def _block(value: Json, *, exact: bool) -> Json:
    cleaned = unmarked(value)
    if not isinstance(cleaned, dict):
        return cleaned
    kind = cleaned.get("type")
    if kind == "tool_result":
        if "content" in cleaned:
            cleaned["content"] = blocks(cleaned["content"], strip=False, exact=True)
        if cleaned.get("is_error") is False:
            del cleaned["is_error"]
    elif kind == "document" and isinstance(cleaned.get("source"), dict):
        source = cleaned["source"]
        if source.get("type") == "content":
            inner = blocks(source.get("content"), strip=not exact, exact=exact)
            cleaned["source"] = {**source, "content": inner}
    return cleaned
