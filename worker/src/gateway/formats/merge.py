"""Joining the deltas of OpenAI-style streams."""

from typing import Any

_REPLACED = frozenset(
    {"role", "id", "type", "index", "name", "format", "signature", "finish_reason"}
)


class Pieces(list[str]):
    """A text that is still growing: joined once, at the end, and not anew at every delta."""


def merge_delta(into: dict[str, Any], delta: dict[str, Any]) -> int:
    """Merge ``delta`` into ``into``, in place, by the rules the official SDKs use.

    Strings are joined (but labels such as ``role`` are replaced), objects merged, lists merged by
    their items' ``index`` or else extended; numbers are replaced, nulls fill only gaps. Growing
    texts are ``Pieces`` until ``joined`` is called. Returns how many characters ``into`` grew by.
    """
    grown = 0
    for name, value in delta.items():
        known = into.get(name)
        if value is None or known is None:
            if value is not None or name not in into:
                into[name] = _fresh(value)
                grown += len(name) + characters(value)
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
        return {name: joined(item) for name, item in value.items()}
    if isinstance(value, list):
        return [joined(item) for item in value]
    return value


def _merge_list(known: list[Any], items: list[Any]) -> int:
    grown = 0
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        if index is None:
            known.append(item)
            grown += characters(item)
            continue
        for other in known:
            if isinstance(other, dict) and other.get("index") == index:
                grown += merge_delta(other, item)
                break
        else:
            known.append(_fresh(item))
            grown += characters(item)
    return grown


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
