"""Stripe's form encoding: `items[0][price]=…`, `metadata[key]=…`, `expand[]=…` to nested values."""

import re
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from local_stack.stripe_double.errors import ApiError

_PART = re.compile(r"\[([^\[\]]*)\]")
_NAME = re.compile(r"[^\[\]]+(?:\[[^\[\]]*\])*")


def decode(text: str) -> dict[str, Any]:
    """Nested dictionaries and lists of strings. Raises `ApiError` for a malformed name."""
    result: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text)):
        if not _NAME.fullmatch(name):
            raise ApiError(400, f"Invalid parameter name: {name}")
        path = [name.partition("[")[0], *_PART.findall(name)]
        _put(result, path, value)
    return {key: _lists(value) for key, value in result.items()}


def _put(into: dict[str, Any], path: list[str], value: str) -> None:
    for part, following in pairwise(path):
        key = part or str(len(into))
        into = into.setdefault(key, {})
        if not isinstance(into, dict):
            raise ApiError(400, f"Invalid parameter: {part} before {following}")
    into[path[-1] or str(len(into))] = value


def _lists(value: Any) -> Any:
    """A dictionary whose keys are 0, 1, 2 … is a list."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(item) for key, item in value.items()}
    if inner and list(inner) == [str(position) for position in range(len(inner))]:
        return list(inner.values())
    return inner
