"""Joining the deltas of OpenAI-style streams.

Tool calls are joined by ``tool_calls``, which knows more ways to tell them apart than ``index``.
"""

import base64
import binascii
from typing import Any

_REPLACED = frozenset(
    {"role", "id", "type", "index", "name", "format", "signature", "finish_reason"}
)
_GROWING = ("text", "thinking")
"""Kinds of parts that a stream sends in pieces, each in a member of the same name."""


class Pieces(list[str]):
    """A text that is still growing: joined once, at the end, and not anew at every delta."""


def merge_delta(into: dict[str, Any], delta: dict[str, Any]) -> int:
    """Merge ``delta`` into ``into``, in place, by the rules the official SDKs use.

    Strings are joined (but labels such as ``role`` are replaced), objects merged, lists merged by
    their items' ``index`` or else extended; numbers are replaced, nulls fill only gaps. ``content``
    may come as text, as lists of parts, or as both in turn (Mistral's reasoning models): neighbours
    of one kind become one part. Growing texts are ``Pieces`` until ``joined`` is called. Returns by
    how many characters ``into`` grew.
    """
    grown = 0
    for name, value in delta.items():
        known = into.get(name)
        if value is None or known is None:
            if value is not None or name not in into:
                into[name] = _fresh(value)
                grown += len(name) + characters(value)
        elif name == "content" and (_is_list(value) or _is_list(known)):
            into[name] = parts = _as_parts(known)
            grown += sum(_take_part(parts, part) for part in _as_parts(value))
        elif isinstance(value, str) and isinstance(known, Pieces):
            known.append(value)
            grown += len(value)
        elif isinstance(value, str) and isinstance(known, str):
            if name in _REPLACED:
                into[name] = value or known
            else:
                into[name] = Pieces((known, value))
                grown += len(value)
        elif isinstance(value, dict) and isinstance(known, dict):
            grown += merge_delta(known, value)
        elif isinstance(value, list) and isinstance(known, list):
            grown += _merge_list(known, value)
        else:
            into[name] = value
            grown += characters(value)
    return grown


def joined(value: Any) -> Any:
    """``value`` with every growing text as one string."""
    if isinstance(value, Pieces):
        return "".join(value)
    if isinstance(value, dict):
        return {
            name: _joined_base64(item)
            if name == "data" and isinstance(item, Pieces)
            else joined(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [joined(item) for item in value]
    return value


def _joined_base64(pieces: Pieces) -> str:
    """Audio. Pieces that each end with their own padding are no base64 when put side by side."""
    text = "".join(pieces)
    if "=" not in text.rstrip("="):
        return text
    try:
        raw = b"".join(base64.b64decode(piece, validate=True) for piece in pieces)
    except binascii.Error:
        return text
    return base64.b64encode(raw).decode()


def _as_parts(content: Any) -> list[Any]:
    """``content`` as parts; an empty text is none."""
    if _is_list(content):
        parts: list[Any] = content
        return parts
    return [{"type": "text", "text": content}] if content else []


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and not isinstance(value, Pieces)


def _take_part(parts: list[Any], part: Any) -> int:
    """Add ``part``, or let the last one grow by it. Returns by how many characters."""
    if isinstance(part, str):
        part = {"type": "text", "text": part}
    last = parts[-1] if parts else None
    kind = part.get("type") if isinstance(part, dict) else None
    if kind not in _GROWING or not isinstance(last, dict) or last.get("type") != kind:
        parts.append(_fresh(part))
        return characters(part)
    grown = 0
    for name, value in part.items():
        if name == kind and isinstance(value, list) and isinstance(last.get(name), list):
            grown += sum(_take_part(last[name], inner) for inner in value)
        elif name != "type":
            grown += merge_delta(last, {name: value})
    return grown


def _merge_list(known: list[Any], items: list[Any]) -> int:
    grown = 0
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        if index is None:
            known.append(item)
            grown += characters(item)
            continue
        for other in known:
            if isinstance(other, dict) and other.get("index") == index and _one_type(other, item):
                grown += merge_delta(other, item)
                break
        else:
            known.append(_fresh(item))
            grown += characters(item)
    return grown


def _one_type(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether items of one index are one: OpenRouter gives a text of reasoning and its encrypted
    form the same (RooCodeInc/Roo-Code 9506)."""
    types = one.get("type"), other.get("type")
    return None in types or types[0] == types[1]


def _fresh(value: Any) -> Any:
    """A copy whose containers may be changed; indexed lists go through the same merge."""
    if isinstance(value, dict):
        copy: dict[str, Any] = {}
        merge_delta(copy, value)
        return copy
    if isinstance(value, list):
        items: list[Any] = []
        _merge_list(items, value)
        return items
    return value


def characters(value: Any) -> int:
    """About as many as the JSON of ``value`` has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, dict):
        return sum(len(name) + characters(item) for name, item in value.items())
    if isinstance(value, list):
        return sum(map(characters, value))
    return 4
