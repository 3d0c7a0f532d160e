"""Thinking blocks that ``messages_over_chat`` made of another provider's answers.

They have no signature, or carry what that provider wants back (``messages_over_chat.carried``).
"""

from typing import Any

from gateway.formats.base import Json
from gateway.providers.messages_over_chat import carried


def without(body: Json) -> Json:
    """``body`` without them; the same object where there are none."""
    messages = [_turn(message) for message in body["messages"]]
    unchanged = all(new is old for new, old in zip(messages, body["messages"], strict=True))
    return body if unchanged else {**body, "messages": messages}


def _turn(message: Any) -> Any:
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(content, list) or message.get("role") != "assistant":
        return message
    kept = [block for block in content if not _is_foreign(block)]
    return message if len(kept) == len(content) or not kept else {**message, "content": kept}


def _is_foreign(block: Any) -> bool:
    if not isinstance(block, dict):
        return False
    if block.get("type") == "redacted_thinking":
        return carried.of(block) is not None
    return block.get("type") == "thinking" and block.get("signature") == ""
