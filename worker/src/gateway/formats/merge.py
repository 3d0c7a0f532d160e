"""Joining the deltas of OpenAI-style streams."""

from typing import Any

_REPLACED = frozenset(
    {"role", "id", "type", "index", "name", "format", "signature", "finish_reason"}
)


def merge_delta(into: dict[str, Any], delta: dict[str, Any]) -> None:
    """Merge ``delta`` into ``into``, in place, by the rules the official SDKs use.

    Strings are joined (but labels such as ``role`` are replaced), objects merged, lists merged by
    their items' ``index`` or else extended; numbers are replaced, nulls fill only gaps.
    """
    for name, value in delta.items():
        known = into.get(name)
        if value is None or known is None:
            if known is None:
                into[name] = _fresh(value)
        elif isinstance(value, str) and isinstance(known, str):
            into[name] = value or known if name in _REPLACED else known + value
        elif isinstance(value, dict) and isinstance(known, dict):
            merge_delta(known, value)
        elif isinstance(value, list) and isinstance(known, list):
            _merge_list(known, value)
        else:
            into[name] = value


def _merge_list(known: list[Any], items: list[Any]) -> None:
    for item in items:
        index = item.get("index") if isinstance(item, dict) else None
        if index is None:
            known.append(item)
            continue
        for other in known:
            if isinstance(other, dict) and other.get("index") == index:
                merge_delta(other, item)
                break
        else:
            known.append(_fresh(item))


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
