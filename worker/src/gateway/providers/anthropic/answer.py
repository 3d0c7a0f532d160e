"""Anthropic's messages, usage and errors in OpenAI's shapes.

OpenAI's chat format has no place for thinking. ``reasoning_content`` carries its text, as
DeepSeek's and other compatible APIs name it; ``thinking_blocks`` the whole blocks with their
signatures, which the next request of the conversation sends back for Anthropic to check.
"""

import time
from datetime import datetime
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import Json, count
from gateway.formats.messages import written_for_an_hour

FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "pause_turn": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
"""``stop_reason`` → ``finish_reason``. An unknown reason becomes ``content_filter``, so that the
answer is not stored."""

ERRORS: dict[str, tuple[str, str | None]] = {
    "invalid_request_error": ("invalid_request_error", None),
    "authentication_error": ("invalid_request_error", "invalid_api_key"),
    "billing_error": ("insufficient_quota", "insufficient_quota"),
    "permission_error": ("invalid_request_error", "permission_denied"),
    "not_found_error": ("invalid_request_error", "model_not_found"),
    "request_too_large": ("invalid_request_error", "request_too_large"),
    "rate_limit_error": ("requests", "rate_limit_exceeded"),
    "timeout_error": ("server_error", "timeout"),
    "overloaded_error": ("server_error", "overloaded"),
    "api_error": ("server_error", None),
}
"""Anthropic's error ``type`` → OpenAI's ``type`` and ``code``."""


def finish_reason(stop_reason: Any) -> str:
    """OpenAI's name for ``stop_reason``."""
    return FINISH_REASONS.get(stop_reason, "content_filter")


_TIERS = {"standard": "default"}
TRANSLATED_BLOCKS = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
"""Kinds of blocks that a chat completion can hold. It cannot hold server tools' calls and results,
nor kinds that are not known yet."""


def lost(message: Json) -> set[str]:
    """Kinds of content blocks that ``completion`` leaves out."""
    return {str(block["type"]) for block in message["content"]} - TRANSLATED_BLOCKS


def completion(message: Json) -> Json:
    """``message`` as ``chat.completion``. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    if message.get("type") != "message":
        raise ValueError("not a message")
    return {
        "id": message["id"],
        "object": "chat.completion",
        "created": int(time.time()),
        "model": message["model"],
        "choices": [
            {
                "index": 0,
                "message": _chat_message(message),
                "logprobs": None,
                "finish_reason": finish_reason(message["stop_reason"]),
            }
        ],
        "usage": usage(message["usage"]) if isinstance(message.get("usage"), dict) else None,
        **service_tier(message.get("usage")),
    }


def service_tier(spent: Any) -> Json:
    """The tier by OpenAI's name and in OpenAI's place, so that it is priced; empty where the answer
    names none."""
    tier = spent.get("service_tier") if isinstance(spent, dict) else None
    return {"service_tier": _TIERS.get(tier, tier)} if isinstance(tier, str) else {}


def _chat_message(message: Json) -> Json:
    content = message["content"]
    made: Json = {
        "role": "assistant",
        "content": "".join(block["text"] for block in content if block["type"] == "text") or None,
        "refusal": refusal(message.get("stop_details")),
    }
    thinking = [block for block in content if block["type"] in ("thinking", "redacted_thinking")]
    if thinking:
        made["thinking_blocks"] = thinking
    if text := "".join(block.get("thinking", "") for block in thinking):
        made["reasoning_content"] = text
    calls = [tool_call(block) for block in content if block["type"] == "tool_use"]
    if calls:
        made["tool_calls"] = calls
    citations = [item for block in content for item in block.get("citations") or ()]
    if citations:
        made["citations"] = citations
    return made


def tool_call(block: Json) -> Json:
    """A ``tool_use`` block as a function call."""
    arguments = strict_json.dumps(block["input"])
    function = {"name": block["name"], "arguments": arguments}
    return {"id": block["id"], "type": "function", "function": function}


def refusal(details: Any) -> str | None:
    """What Anthropic says about why it stopped a refused answer."""
    return details.get("explanation") if isinstance(details, dict) else None


def usage(spent: Json) -> Json:
    """OpenAI counts cached and cache-writing tokens into the prompt, Anthropic beside it."""
    read = count(spent.get("cache_read_input_tokens")) or 0
    written = count(spent.get("cache_creation_input_tokens")) or 0
    prompt = (count(spent.get("input_tokens")) or 0) + read + written
    completion_tokens = count(spent.get("output_tokens")) or 0
    details = spent.get("output_tokens_details")
    thought = details.get("thinking_tokens") if isinstance(details, dict) else None
    prompt_details = {"cached_tokens": read, "cache_write_tokens": written}
    if hourly := written_for_an_hour(spent):
        prompt_details["cache_write_hour_tokens"] = hourly
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt + completion_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {"reasoning_tokens": count(thought) or 0},
    }


def error(envelope: Any) -> Json:
    """Anthropic's error object (or anything else) as OpenAI's error object."""
    inner = envelope.get("error") if isinstance(envelope, dict) else None
    if not isinstance(inner, dict):
        inner = {}
    message = str(inner.get("message") or "The provider answered with an error.")
    kind, code = ERRORS.get(str(inner.get("type")), ("server_error", None))
    if "prompt is too long" in message:
        code = "context_length_exceeded"
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(listed: Json) -> Json:
    """Anthropic's model list as OpenAI's. Raises ``KeyError`` or ``TypeError``."""
    return {
        "object": "list",
        "data": [
            {
                "id": model["id"],
                "object": "model",
                "created": _unix(model.get("created_at")),
                "owned_by": "anthropic",
                **{name: model[name] for name in ("display_name",) if name in model},
            }
            for model in listed["data"]
        ],
    }


def _unix(stamp: Any) -> int:
    try:
        return int(datetime.fromisoformat(stamp).timestamp())
    except (ValueError, TypeError):
        return 0
