"""Anthropic's "Create a Message" as a chat completion request.

A field without a known equivalent is passed on unchanged: a caller can use the provider's own
fields (``seed``, ``verbosity``, …), and the provider refuses fields that it does not know.
"""

import hashlib
from fnmatch import fnmatchcase
from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.base import Capabilities
from gateway.providers.messages_over_chat import conversation, tools
from gateway.providers.messages_over_chat.calls import CallLabels
from gateway.providers.messages_over_chat.fields import given

DROPPED = frozenset(
    {
        "cache_control",  # what these providers cache of a prompt, they cache by themselves
        "context_management",  # what Anthropic may leave out of a prompt to save its window
        "diagnostics",  # asks Anthropic why its prompt cache missed
    }
)
REFUSED = ("top_k", "container", "mcp_servers", "inference_geo", "speed")
"""Fields without an equivalent whose effect a caller would miss."""

_TRANSLATED = frozenset(
    {
        *("model", "messages", "system", "tools", "tool_choice", "max_tokens", "stop_sequences"),
        *("stream", "thinking", "output_config", "metadata", "service_tier"),
    }
)
_GREATEST_EFFORT = "max"
"""Anthropic's own. What other providers have above ``high`` differs between their models."""
_LONGEST_USER = 64
_SERVICE_TIERS = {"auto": "auto", "standard_only": "default"}


def translate(body: Json, capabilities: Capabilities, labels: CallLabels, *, limit: str) -> Json:
    """Raises ``InvalidRequest`` that names the parameter. ``labels``: fresh, of this request."""
    for name in REFUSED:
        if body.get(name) is not None:
            raise InvalidRequest(f"{name}: not supported by this model.", param=name)
    made: Json = {
        name: value
        for name, value in body.items()
        if value is not None and name not in _TRANSLATED and name not in DROPPED
    }
    made["model"] = body["model"]
    made["messages"] = conversation.convert(
        body.get("system"), body.get("messages"), capabilities, labels
    )
    made[limit] = body["max_tokens"]
    if body.get("stop_sequences"):
        made["stop"] = body["stop_sequences"]
    if body.get("stream"):
        made["stream"] = True
        if capabilities.asks_usage(body):
            made["stream_options"] = {"include_usage": True}
    tools.take(body, made, labels)
    _take_output(body, made, capabilities)
    user = (given(body, "metadata", dict) or {}).get("user_id")
    if user:
        made["user"] = _short(user)
    tier = _SERVICE_TIERS.get(str(body.get("service_tier")))
    if tier:
        made["service_tier"] = tier
    return made


def _short(user: Any) -> Any:
    """The end user's name in the length that every provider takes (OpenAI, ``safety_identifier``:
    64 characters). Claude Code's holds three ids, 150 characters in all."""
    if not isinstance(user, str) or len(user) <= _LONGEST_USER:
        return user
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()


def _take_output(body: Json, made: Json, capabilities: Capabilities) -> None:
    config = given(body, "output_config", dict) or {}
    effort = (
        _effort_of_turns(body["messages"]) or config.get("effort") or _effort(body.get("thinking"))
    )
    model = body["model"]
    if effort and any(fnmatchcase(model, pattern) for pattern in capabilities.effort_models):
        made["reasoning_effort"] = "high" if effort == _GREATEST_EFFORT else effort
    wanted = config.get("format")
    if isinstance(wanted, dict) and wanted.get("type") == "json_schema":
        schema = {"name": "answer", "schema": wanted.get("schema"), "strict": True}
        made["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif wanted is not None:
        raise InvalidRequest(
            "output_config.format.type: Input should be 'json_schema'.",
            param="output_config.format",
        )


def _effort_of_turns(messages: list[Json]) -> Any:
    """The effort that the last system turn naming one asks for (Anthropic, Per-message effort, read
    2026-12)."""
    configs = (turn.get("output_config") for turn in reversed(messages) if turn["role"] == "system")
    efforts = (config.get("effort") for config in configs if isinstance(config, dict))
    return next(filter(None, efforts), None)


def _effort(thinking: Any) -> str | None:
    """A thinking budget in tokens as the nearest effort; adaptive thinking is the model's own
    default, and each provider has its own way to switch thinking off."""
    budget = thinking.get("budget_tokens") if isinstance(thinking, dict) else None
    if not isinstance(budget, int):
        return None
    if budget <= 4096:
        return "low"
    return "medium" if budget <= 12_000 else "high"
