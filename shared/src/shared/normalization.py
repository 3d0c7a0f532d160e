"""What two requests may differ in and still be the same question.

Text is compared after Unicode NFC and with ``\\n`` line ends; never case-folded, never with words
removed. What people write goes without its outer white space. An assistant message keeps it,
because a prefill that ends in a space continues differently from one that does not. A tool's result
is compared as it is: which line ends or characters a file has may be what is asked.
"""

from typing import Any
from unicodedata import is_normalized, normalize

from shared.combining import normalizable
from shared.request_fields import CLIENT_OUTPUTS, IGNORED_OF_ITEMS

Json = Any


def text(value: str) -> str:
    """NFC, ``\\n`` line ends. A text whose normalization would cost more than linear time (it has
    more combining characters in a row than any language) keeps its form."""
    if not value.isascii() and normalizable(value) and not is_normalized("NFC", value):
        value = normalize("NFC", value)
    if "\r" in value:
        value = value.replace("\r\n", "\n").replace("\r", "\n")
    return value


def content(value: Json, *, strip: bool, exact: bool = False) -> Json:
    """A message's ``content``: a string, or a list of parts. One lone text part equals its string.

    With ``strip`` the white space before the first and after the last text goes. With ``exact``
    every character stays as it is.
    """
    if isinstance(value, str):
        value = value if exact else text(value)
        return value.strip() if strip else value
    if not isinstance(value, list):
        return value
    parts = [_part(part, exact=exact) for part in value]
    if len(parts) == 1 and set(_text_part(parts[0])) == {"type", "text"}:
        alone = parts[0]["text"]
        return alone.strip() if strip else alone
    if strip and parts:
        if _text_part(parts[0]):
            parts[0] = {**parts[0], "text": parts[0]["text"].lstrip()}
        if _text_part(parts[-1]):
            parts[-1] = {**parts[-1], "text": parts[-1]["text"].rstrip()}
    return parts


PROSE = ("user", "system", "developer")
"""The roles of what people write, as against what a model or a tool said."""
TOOL_ROLES = ("tool", "function")
"""The roles of what tools returned."""

PROMPT_CACHE_MARKERS = frozenset({"cache_control", "prompt_cache_breakpoint"})
"""Anthropic's and OpenAI's. They change what a provider charges for a prompt that it knows, never
what the model reads."""


def unmarked(value: Json) -> Json:
    """A message, part, tool or tool call without its prompt-cache marker."""
    if not isinstance(value, dict) or PROMPT_CACHE_MARKERS.isdisjoint(value):
        return value
    return {name: item for name, item in value.items() if name not in PROMPT_CACHE_MARKERS}


def message(value: Json) -> Json:
    """One chat message. Anything that is not an object is left for the provider to refuse."""
    if not isinstance(value, dict):
        return value
    cleaned = {name: item for name, item in unmarked(value).items() if item is not None}
    if isinstance(cleaned.get("tool_calls"), list):
        cleaned["tool_calls"] = [unmarked(call) for call in cleaned["tool_calls"]]
    if "content" in cleaned:
        role = value.get("role")
        cleaned["content"] = content(
            cleaned["content"], strip=role in PROSE, exact=role in TOOL_ROLES
        )
    return cleaned


def messages(value: Json) -> Json:
    """A list of chat messages."""
    return [message(item) for item in value] if isinstance(value, list) else value


def response_item(value: Json) -> Json:
    """One input item of the Responses API; a plain message is one with or without its type."""
    cleaned = message(value)
    if not isinstance(cleaned, dict):
        return cleaned
    cleaned = {name: item for name, item in cleaned.items() if name not in IGNORED_OF_ITEMS}
    if cleaned.get("type") == "message":
        cleaned = {name: item for name, item in cleaned.items() if name != "type"}
    kind = cleaned.get("type")
    answers_call = isinstance(kind, str) and kind in CLIENT_OUTPUTS
    if answers_call or ("content" in cleaned and cleaned.get("role") in PROSE):
        # A label that clients make anew for each request; nothing in a conversation refers to it.
        cleaned.pop("id", None)
    parts = cleaned.get("content")
    if isinstance(parts, list) and len(parts) == 1 and cleaned.get("role") in PROSE:
        alone = parts[0]
        plain = isinstance(alone, dict) and set(alone) == {"type", "text"}
        if plain and alone["type"] == "input_text" and isinstance(alone["text"], str):
            cleaned["content"] = alone["text"].strip()
    return cleaned


_ORDERED = frozenset(
    {
        *("properties", "patternProperties", "$defs", "definitions"),
        *("dependentSchemas", "dependentRequired", "dependencies"),
    }
)
"""Members of a JSON Schema whose own members have the schema's names."""


def number(value: Json) -> Json:
    """``1.0`` and ``1`` are one JSON number."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def schema(value: Json) -> Json:
    """A JSON Schema with the order of its properties and definitions made part of the value.

    Structured outputs and tool arguments are generated in the order in which the schema lists
    its properties, and a model reads its definitions in theirs, so two orders are two different
    questions, although they are the same JSON. An object stays an object here, so that no schema of
    another form is mistaken for it.
    """
    if isinstance(value, list):
        return [schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: {"order": list(item), "members": {key: schema(sub) for key, sub in item.items()}}
        if name in _ORDERED and isinstance(item, dict)
        else schema(item)
        for name, item in value.items()
    }


def _part(value: Json, *, exact: bool) -> Json:
    if not isinstance(value, dict):
        return value
    cleaned = {name: item for name, item in unmarked(value).items() if item is not None}
    if isinstance(cleaned.get("text"), str) and not exact:
        cleaned["text"] = text(cleaned["text"])
    return cleaned


def _text_part(value: Json) -> dict[str, Any]:
    if not isinstance(value, dict) or value.get("type") != "text":
        return {}
    return value if isinstance(value.get("text"), str) else {}
