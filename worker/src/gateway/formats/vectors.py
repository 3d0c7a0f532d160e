"""Embeddings: inputs one by one, vectors as floats or base64.

Source: OpenAI's API reference, "Create embeddings". Base64 is little-endian IEEE float32.
"""

import base64
import binascii
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.formats.base import count


@dataclass(frozen=True, slots=True)
class Vector:
    """One embedding in the form the provider gave it: a list of floats, or base64 text.

    ``tokens``: this input's share of the request's prompt tokens, ``None`` when they are unknown.
    """

    value: list[float] | str
    tokens: int | None
    model: str

    def render(self, *, base64: bool) -> list[float] | str:
        """The vector in the encoding asked for; unchanged when it is the stored one."""
        if base64 == isinstance(self.value, str):
            return self.value
        return _decode(self.value) if isinstance(self.value, str) else _encode(self.value)


def inputs(value: Any) -> list[Any]:
    """The inputs of a request: strings or token arrays. Empty when the shape is none we know."""
    if isinstance(value, str) and value:
        return [value]
    if not isinstance(value, list) or not value:
        return []
    if all(_is_token(item) for item in value):
        return [value]
    if all(isinstance(item, str) and item for item in value):
        return value
    if all(isinstance(item, list) and item and all(map(_is_token, item)) for item in value):
        return value
    return []


def parse(answer: Any, asked: list[Any], model: str, *, floats: bool) -> list[Vector]:
    """The provider's vectors in the order of ``asked``.

    ``model``: what was asked for, where the answer does not say. ``floats``: whether each must be
    convertible; other numbers are taken as they are. A provider may leave every ``index`` out, and
    its usage. Raises ``ValueError``, ``KeyError`` or ``TypeError`` unless there is exactly one
    vector for each input.
    """
    items = answer["data"]
    numbered = any("index" in item for item in items)
    by_index: dict[int, Any] = {}
    for position, item in enumerate(items):
        value = item["embedding"]
        index = item["index"] if numbered else position
        if not value or index in by_index or not (_is_vector(value) if floats else _is_any(value)):
            raise ValueError("malformed embedding")
        by_index[index] = value
    if sorted(by_index) != list(range(len(asked))):
        raise ValueError("embeddings missing")
    shares = _shares(prompt_tokens(answer), asked)
    said = answer.get("model") or model
    return [Vector(by_index[index], tokens, said) for index, tokens in enumerate(shares)]


def prompt_tokens(answer: Any) -> int | None:
    """What the answer says of its tokens, by either name; ``None`` when it says nothing."""
    usage = answer.get("usage") if isinstance(answer, dict) else None
    if not isinstance(usage, dict):
        return None
    told = count(usage.get("prompt_tokens"))
    return count(usage.get("total_tokens")) if told is None else told


def _shares(total: int | None, asked: list[Any]) -> Sequence[int | None]:
    """``total`` tokens over the inputs by their length, so that the parts add up exactly.

    The provider tells only the sum. Token arrays count themselves.
    """
    if total is None:
        return [None] * len(asked)
    sizes = [
        len(item.encode("utf-8", "surrogatepass")) if isinstance(item, str) else len(item)
        for item in asked
    ]
    whole = sum(sizes)
    shares, given, seen = [], 0, 0
    for size in sizes:
        seen += size
        upto = total * seen // whole
        shares.append(upto - given)
        given = upto
    return shares


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_vector(value: Any) -> bool:
    """Whether it can be given in either encoding."""
    try:
        if isinstance(value, str):
            _decode(value)
        else:
            _encode(value)
    except (TypeError, struct.error, OverflowError, binascii.Error):
        return False
    return True


def _is_any(value: Any) -> bool:
    """Whether it is a vector at all, in whatever form was asked for."""
    return isinstance(value, str | list | dict)


def _encode(values: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()


def _decode(text: str) -> list[float]:
    raw = base64.b64decode(text, validate=True)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw))
