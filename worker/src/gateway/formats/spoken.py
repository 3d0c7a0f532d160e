"""What a chat message says: whether it is a whole answer, and its content as one kind of text."""

from typing import Any

from gateway.formats.base import Json
from gateway.formats.endings import BY_CALLS, Ending
from gateway.formats.tool_calls import well_formed

_NOT_SAID = frozenset(
    {
        *("role", "id", "name", "channel"),
        *("reasoning", "reasoning_content", "reasoning_details", "thinking_blocks"),
        *("annotations", "extra_content"),
    }
)
"""Members that say nothing to who asked: labels, thoughts, and notes on a text."""


def is_answer(message: Json, ending: Ending) -> bool:
    """False for what could not be used if it came again: calls whose arguments are no JSON object,
    an end by tool calls without any, and nothing at all that no limit cut off."""
    calls = message.get("tool_calls")
    for call in calls if isinstance(calls, list) else ():
        function = call.get("function")
        if isinstance(function, dict) and not well_formed(function.get("arguments")):
            return False
    legacy = message.get("function_call")
    if isinstance(legacy, dict) and not well_formed(legacy.get("arguments")):
        return False
    if ending is BY_CALLS:
        return bool(calls) or isinstance(legacy, dict)
    return ending.finish_reason == "length" or says_something(message)


def says_something(message: Json) -> bool:
    """Whether a message has any content: text, a refusal, calls, audio, images."""
    return any(
        any(text for _, text in parts(value)) if name == "content" else bool(value)
        for name, value in message.items()
        if name not in _NOT_SAID
    )


def parts(content: Any) -> list[tuple[str, Any]]:
    """``content``, a text or a list of parts, as ``("text" | "thinking", text)`` in order; other
    kinds of parts as ``(kind, part)``."""
    if isinstance(content, str):
        return [("text", content)]
    if not isinstance(content, list):
        return []
    found: list[tuple[str, Any]] = []
    for part in content:
        if isinstance(part, str):
            found.append(("text", part))
            continue
        kind = str(part.get("type"))
        value = part.get(kind) if kind in ("text", "thinking") else part
        if kind == "thinking" and isinstance(value, list):
            value = "".join(text for _, text in parts(value) if isinstance(text, str))
        found.append((kind, value))
    return found
