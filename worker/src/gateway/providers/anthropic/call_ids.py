"""Ids of tool calls as Anthropic takes them.

A conversation may have begun with a model whose ids look otherwise (``functions.f:0``, Kimi).
Anthropic refuses them: "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'" (its API's
error, from memory).
"""

import hashlib
import re
from typing import Any

from gateway.formats.base import Json

_TAKEN = re.compile(r"[a-zA-Z0-9_-]+\Z")
_PLACES = {"tool_use": "id", "tool_result": "tool_use_id"}
"""Type of a block → where it has the id."""


def taken(identifier: Any) -> Any:
    """``identifier``, or what stands for it at the call and at its result alike."""
    if not isinstance(identifier, str) or _TAKEN.match(identifier):
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()
    return f"call_{digest[:24]}"


def replaced(body: Json) -> Json:
    """A request of the Messages API with ids that Anthropic takes; the same object where it has no
    others."""
    messages = [_turn(message) for message in body["messages"]]
    unchanged = all(new is old for new, old in zip(messages, body["messages"], strict=True))
    return body if unchanged else {**body, "messages": messages}


def _turn(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list):
        return message
    blocks = [_block(block) for block in content]
    unchanged = all(new is old for new, old in zip(blocks, content, strict=True))
    return message if unchanged else {**message, "content": blocks}


def _block(block: Any) -> Any:
    kind = block.get("type") if isinstance(block, dict) else None
    place = _PLACES.get(kind) if isinstance(kind, str) else None
    if place is None or (known := taken(block.get(place))) is block.get(place):
        return block
    changed: Json = {**block, place: known}
    return changed
