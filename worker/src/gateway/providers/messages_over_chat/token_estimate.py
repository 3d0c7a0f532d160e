"""How many tokens a request of the Messages API has, for models whose provider does not count."""

from typing import Any

from gateway.formats.base import Json

_BYTES_PER_TOKEN = 4
"""English text and JSON with the tokenizers of 2026. Other languages have more tokens."""
_IMAGE = 1600
"""Anthropic, "Vision": about what an image of the largest useful size takes."""
_MESSAGE = 4
"""What separates two messages."""


def estimate(body: Json) -> int:
    """Rounded up. Base64 of images and documents is not text."""
    parts = [body.get(name) for name in ("system", "messages", "tools")]
    size = sum(map(_bytes, parts))
    messages = body.get("messages")
    count = len(messages) if isinstance(messages, list) else 0
    return -(-size // _BYTES_PER_TOKEN) + _MESSAGE * count


def _bytes(value: Any) -> int:
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogatepass"))
    if isinstance(value, list):
        return sum(map(_bytes, value))
    if isinstance(value, dict):
        if value.get("type") in ("base64", "url") and ("data" in value or "url" in value):
            return _IMAGE * _BYTES_PER_TOKEN
        return sum(len(name) + _bytes(item) for name, item in value.items())
    return _BYTES_PER_TOKEN // 2
