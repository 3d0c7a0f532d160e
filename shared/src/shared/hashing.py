"""The exact cache key: SHA-256 over canonical JSON of everything that can change the answer.

Canonical JSON here: sorted member names, no white space, ASCII escapes, ``NaN`` refused. Close to
RFC 8785, except that numbers keep Python's shortest form; both hosts run this same code.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from shared import message_blocks
from shared import normalization as norm
from shared.request_fields import (
    COMPLETION_DEFAULTS,
    DEFAULTS,
    IGNORED,
    MESSAGES_DEFAULTS,
    RESPONSES_DEFAULTS,
    VECTOR_FORMATS,
)

KEY_VERSION = 2
"""Part of every key: raise it when the same request must hash differently from now on."""

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical_json(value: Any) -> str:
    """Raises ``ValueError`` for ``NaN`` and infinities."""
    return _encode(value)


def digest(*parts: Any) -> str:
    """Hex SHA-256 of the canonical JSON of ``[KEY_VERSION, *parts]``."""
    return hashlib.sha256(_encode([KEY_VERSION, *parts]).encode()).hexdigest()


def chat_identity(body: Mapping[str, Any], *, openai_defaults: bool = True) -> dict[str, Any]:
    """A chat completion request reduced to what can change its answer."""
    identity = _identity(body, DEFAULTS if openai_defaults else {})
    if "messages" in identity:
        identity["messages"] = norm.messages(identity["messages"])
    if "tools" in identity:
        identity["tools"] = _tools(identity["tools"])
    if "functions" in identity:
        identity["functions"] = norm.schema(identity["functions"])
    if "response_format" in identity:
        identity["response_format"] = norm.schema(identity["response_format"])
    if identity.get("tool_choice") == ("auto" if "tools" in identity else "none"):
        del identity["tool_choice"]
    if isinstance(identity.get("stop"), str):
        identity["stop"] = [identity["stop"]]
    return identity


def completion_identity(body: Mapping[str, Any], *, openai_defaults: bool = True) -> dict[str, Any]:
    """A legacy completion request reduced likewise. The prompt is continued, so never stripped."""
    identity = _identity(body, COMPLETION_DEFAULTS if openai_defaults else {})
    if isinstance(identity.get("prompt"), str):
        identity["prompt"] = norm.text(identity["prompt"])
    if isinstance(identity.get("stop"), str):
        identity["stop"] = [identity["stop"]]
    return identity


def responses_identity(body: Mapping[str, Any], *, openai_defaults: bool = True) -> dict[str, Any]:
    """A Responses API request reduced likewise; ``input`` as text equals one user message.

    ``store: false`` counts here: its answer's id leads nowhere, and who did not ask for that may
    continue from it with ``previous_response_id``.
    """
    identity = _identity(body, RESPONSES_DEFAULTS if openai_defaults else {})
    if body.get("store") is False:
        identity["store"] = False
    if isinstance(identity.get("instructions"), str):
        identity["instructions"] = norm.text(identity["instructions"]).strip()
    given = identity.get("input")
    if isinstance(given, str):
        given = [{"role": "user", "content": given}]
    if isinstance(given, list):
        identity["input"] = [norm.response_item(item) for item in given]
    if "tools" in identity:
        identity["tools"] = _tools(identity["tools"])
    if "text" in identity:
        identity["text"] = norm.schema(identity["text"])
    return identity


def messages_identity(body: Mapping[str, Any]) -> dict[str, Any]:
    """A request of Anthropic's Messages API reduced likewise."""
    identity = _identity(body, MESSAGES_DEFAULTS)
    if "system" in identity:
        identity["system"] = message_blocks.blocks(identity["system"])
        if not identity["system"]:
            del identity["system"]
    if isinstance(identity.get("messages"), list):
        identity["messages"] = [message_blocks.turn(item) for item in identity["messages"]]
    if isinstance(identity.get("tools"), list):
        identity["tools"] = [
            norm.schema(message_blocks.unmarked(tool)) for tool in identity["tools"]
        ]
    if "output_config" in identity:
        identity["output_config"] = norm.schema(identity["output_config"])
    choice = identity.get("tool_choice")
    if isinstance(choice, dict) and choice.get("disable_parallel_tool_use") is False:
        choice = {k: v for k, v in choice.items() if k != "disable_parallel_tool_use"}
        identity["tool_choice"] = choice
    if choice == {"type": "auto"}:
        del identity["tool_choice"]
    return identity


def embedding_identity(body: Mapping[str, Any]) -> dict[str, Any]:
    """An embeddings request without its inputs (``embedding_key`` adds one input each).

    ``encoding_format`` is left out where the edge converts between floats and base64. Any other
    format is the provider's to know or to refuse.
    """
    identity = _identity(body, {})
    identity.pop("input", None)
    if converts_vectors(body) and identity.get("encoding_format") in ("float", "base64"):
        del identity["encoding_format"]
    return identity


def converts_vectors(body: Mapping[str, Any]) -> bool:
    """Whether the vectors of an embeddings request are floats, in one of the two forms that can be
    made from each other. Other numbers (int8, bits) look alike in base64 and are not."""
    return all(body.get(name) in (None, "float", "base64") for name in VECTOR_FORMATS)


def _tools(value: Any) -> Any:
    """Tools by their schemas, without the prompt-cache markers that may stand on each."""
    tools = [norm.unmarked(tool) for tool in value] if isinstance(value, list) else value
    return norm.schema(tools)


def _identity(body: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    identity = {}
    for name, given in body.items():
        if given is None or name in IGNORED:
            continue
        value = norm.number(given)
        if name in defaults and _same(value, defaults[name]):
            continue
        identity[name] = value
    return identity


def _same(value: Any, default: Any) -> bool:
    # True == 1 in Python, but not in JSON.
    return bool(value == default) and isinstance(value, bool) == isinstance(default, bool)
