"""A chat completion request as Anthropic's "Create a Message".

A field without a known equivalent is passed on unchanged: a caller can use Anthropic's own fields
(``thinking``, ``top_k``, …), and Anthropic refuses fields that it does not know.
"""

import hashlib
from typing import Any

from gateway.core.errors import InvalidRequest
from gateway.formats.base import Json
from gateway.providers.anthropic import conversation, generations, tools

DROPPED = frozenset(
    {
        *("stream_options", "store", "metadata", "parallel_tool_calls"),
        *("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"),
        "seed",  # OpenAI promises best effort only; Anthropic has no such thing
    }
)
"""Fields without an equivalent that are left out: without them an answer cannot be wrong, or they
are read elsewhere."""

ONLY_DEFAULTS: dict[str, tuple[Any, ...]] = {
    "n": (1,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "modalities": (["text"],),
    "verbosity": ("medium",),
    "audio": (),
    "prediction": (),
    "web_search_options": (),
    "moderation": (),
    "functions": (),
    "function_call": (),
    "mcp_servers": (),
    "container": (),
}
"""Fields without an equivalent → their values that have no effect. The last two are Anthropic's
own, for its server tools, whose blocks chat has no place for: they belong to ``/v1/messages``."""

_TRANSLATED = frozenset(
    {
        *("model", "messages", "tools", "tool_choice", "response_format", "stop"),
        *("max_tokens", "max_completion_tokens", "temperature", "top_p", "reasoning_effort"),
        *("user", "safety_identifier", "service_tier", "output_config"),
    }
)
_SERVICE_TIERS = {"auto": "auto", "priority": "auto", "default": "standard_only"}
_EFFORTS = {"minimal": "low"}
_BUDGETS = {
    "minimal": 1024,
    "low": 2048,
    "medium": 8192,
    "high": 16_384,
    "xhigh": 24_576,
    "max": 24_576,
}
_LEAST_BUDGET = 1024
_LONGEST_USER = 256


def translate(body: Json) -> Json:
    """Raises ``InvalidRequest`` that names the parameter."""
    _refuse_unknown(body)
    made: Json = {
        name: value
        for name, value in body.items()
        if value is not None
        and name not in _TRANSLATED
        and name not in DROPPED
        and name not in ONLY_DEFAULTS
    }
    made["model"] = body["model"]
    made["max_tokens"] = _max_tokens(body)
    system, made["messages"] = conversation.convert(body.get("messages"))
    if system is not None:
        made["system"] = system
    _take_tools(body, made)
    _take_sampling(body, made)
    _take_output(body, made)
    _take_labels(body, made)
    return made


def _refuse_unknown(body: Json) -> None:
    for name, harmless in ONLY_DEFAULTS.items():
        value = body.get(name)
        if value is not None and value not in harmless:
            raise InvalidRequest(f"'{name}' is not supported by Anthropic's models.", param=name)


def _max_tokens(body: Json) -> Any:
    for name in ("max_completion_tokens", "max_tokens"):
        if body.get(name) is not None:
            return body[name]
    return generations.default_max_tokens(body["model"])


def _take_tools(body: Json, made: Json) -> None:
    offered = tools.tools(body["tools"]) if body.get("tools") is not None else []
    offered, choice = tools.choice(body, offered)
    if offered:
        made["tools"] = offered
    if choice is not None:
        made["tool_choice"] = choice


def _take_sampling(body: Json, made: Json) -> None:
    """OpenAI's range of ``temperature`` is 0 to 2; more than Anthropic's 1 is 1, as Anthropic's
    own OpenAI-compatible endpoint has it. The default is left out: newer models refuse the field
    altogether, and say so when a caller insists on another value."""
    temperature = body.get("temperature")
    if isinstance(temperature, int | float) and not isinstance(temperature, bool):
        temperature = min(temperature, 1)
    if temperature not in (None, 1):
        made["temperature"] = temperature
    if body.get("top_p") not in (None, 1):
        made["top_p"] = body["top_p"]
    stop = body.get("stop")
    if stop:
        made["stop_sequences"] = [stop] if isinstance(stop, str) else stop


def _take_output(body: Json, made: Json) -> None:
    given = body.get("output_config") or {}
    if not isinstance(given, dict):
        raise InvalidRequest("Invalid 'output_config': expected an object.", param="output_config")
    config = dict(given)
    if body.get("response_format") is not None:
        schema = tools.output_format(body["response_format"])
        if schema is not None:
            config["format"] = schema
    effort = body.get("reasoning_effort")
    if _forces_a_tool(made):
        # Anthropic, "Extended thinking": a tool can only be forced without it.
        thinking = made.pop("thinking", None)
        if thinking == {"type": "disabled"}:
            made["thinking"] = thinking
    elif effort is not None and "thinking" not in made:
        _take_effort(effort, body, made, config)
    if config:
        made["output_config"] = config


def _take_effort(effort: Any, body: Json, made: Json, config: Json) -> None:
    model = body["model"]
    if effort == "none":
        if generations.thinks_by_default(model):
            made["thinking"] = {"type": "disabled"}
        return
    if not isinstance(effort, str) or effort not in _BUDGETS or not generations.can_think(model):
        raise InvalidRequest(
            f"Invalid 'reasoning_effort' for {model}: {effort!r}.", param="reasoning_effort"
        )
    if generations.thinks_adaptively(model):
        # Newer models leave the text of their thinking out unless it is asked for.
        made["thinking"] = {"type": "adaptive", "display": "summarized"}
        config["effort"] = _EFFORTS.get(effort, effort)
        return
    limit = made["max_tokens"]
    budget = min(_BUDGETS[effort], limit // 2) if isinstance(limit, int) else _BUDGETS[effort]
    if budget < _LEAST_BUDGET:
        raise InvalidRequest(
            f"'reasoning_effort' needs a token limit of at least {2 * _LEAST_BUDGET} on {model}.",
            param="max_completion_tokens",
        )
    made["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _take_labels(body: Json, made: Json) -> None:
    user = body.get("safety_identifier") or body.get("user")
    if user:
        made["metadata"] = {"user_id": _opaque(user)}
    tier = _SERVICE_TIERS.get(str(body.get("service_tier")))
    if tier:
        made["service_tier"] = tier


def _opaque(user: Any) -> Any:
    """Anthropic refuses e-mail addresses, and names of more than 256 characters, as ``user_id``:
    a hash of one still tells end users apart."""
    if not isinstance(user, str) or ("@" not in user and len(user) <= _LONGEST_USER):
        return user
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()


def _forces_a_tool(made: Json) -> bool:
    choice = made.get("tool_choice")
    return isinstance(choice, dict) and choice.get("type") in ("any", "tool")
