"""Validation of chat-completion and embedding requests, as strict as the real API about shapes."""

from typing import Any

from local_stack.openai_api import errors

CHAT_PARAMETERS = frozenset(
    (
        *("model", "messages", "stream", "stream_options", "temperature", "top_p", "n", "stop"),
        *("max_tokens", "max_completion_tokens", "presence_penalty", "frequency_penalty"),
        *("logit_bias", "logprobs", "top_logprobs", "seed", "user", "response_format"),
        *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call"),
        *("reasoning_effort", "verbosity", "modalities", "audio", "prediction", "service_tier"),
        *("store", "metadata", "web_search_options", "prompt_cache_key", "safety_identifier"),
        *("prompt_cache_retention", "prompt_cache_options"),
    )
)
EMBEDDING_PARAMETERS = frozenset(("model", "input", "encoding_format", "dimensions", "user"))
_ROLES = frozenset(("developer", "system", "user", "assistant", "tool", "function"))
_PART_TYPES = frozenset(("text", "image_url", "input_audio", "file", "refusal"))
_RANGES = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "presence_penalty": (-2, 2),
    "frequency_penalty": (-2, 2),
    "n": (1, 128),
    "top_logprobs": (0, 20),
}
_MAX_INPUTS = 2048


def check_chat(request: dict[str, Any]) -> None:
    """Raise `ApiError` unless the real API would take this chat request."""
    check_names(request, CHAT_PARAMETERS)
    check_model(request)
    messages = request.get("messages")
    if messages is None:
        raise errors.missing("messages")
    if not isinstance(messages, list) or not messages:
        raise errors.invalid("messages", "expected a non-empty array of messages")
    for index, message in enumerate(messages):
        _check_message(message, f"messages[{index}]")
    check_ranges(request)
    check_stream_options(request)
    if request.get("tool_choice") not in (None, "none") and not request.get("tools"):
        raise errors.invalid("tool_choice", "only allowed when 'tools' are specified")


def check_embeddings(request: dict[str, Any]) -> list[Any]:
    """Return the inputs as a list; raise `ApiError` unless the real API would take the request."""
    check_names(request, EMBEDDING_PARAMETERS)
    check_model(request)
    given = request.get("input")
    if given is None:
        raise errors.missing("input")
    if request.get("encoding_format", "float") not in ("float", "base64"):
        raise errors.invalid("encoding_format", "expected 'float' or 'base64'")
    dimensions = request.get("dimensions")
    if dimensions is not None and (type(dimensions) is not int or not 0 < dimensions <= 3072):
        raise errors.invalid("dimensions", "expected an integer from 1 to 3072")
    inputs = [given] if _is_one_input(given) else given
    if not isinstance(inputs, list) or not all(_is_one_input(item) for item in inputs):
        raise errors.invalid("input", "expected non-empty strings or arrays of tokens")
    if not 0 < len(inputs) <= _MAX_INPUTS:
        raise errors.invalid("input", f"expected 1 to {_MAX_INPUTS} items")
    return inputs


def _is_one_input(item: Any) -> bool:
    if isinstance(item, str):
        return bool(item)
    return isinstance(item, list) and bool(item) and all(type(token) is int for token in item)


def check_ranges(request: dict[str, Any]) -> None:
    """Numbers within what the API documents, where they are given."""
    for name, (low, high) in _RANGES.items():
        value = request.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise errors.invalid(name, "expected a number")
        if not low <= value <= high:
            raise errors.invalid(name, f"expected a value between {low} and {high}")


def check_stream_options(request: dict[str, Any]) -> None:
    """An object, and only with a stream."""
    options = request.get("stream_options")
    if options is not None and not isinstance(options, dict):
        raise errors.invalid("stream_options", "expected an object")
    if options is not None and not request.get("stream"):
        raise errors.invalid("stream_options", "only allowed when 'stream' is enabled")


def check_names(request: dict[str, Any], known: frozenset[str]) -> None:
    """No parameter that the endpoint does not have."""
    for name in request:
        if name not in known:
            raise errors.unknown_parameter(name)


def check_model(request: dict[str, Any]) -> None:
    """A model is named, and exists."""
    if not isinstance(request.get("model"), str) or not request["model"]:
        raise errors.ApiError(400, "you must provide a model parameter")
    if request["model"].startswith("no-such-"):
        raise errors.unknown_model(request["model"])


def _check_message(message: Any, where: str) -> None:
    if not isinstance(message, dict):
        raise errors.invalid(where, "expected an object")
    role = message.get("role")
    if role not in _ROLES:
        raise errors.invalid(f"{where}.role", f"expected one of {sorted(_ROLES)}")
    content = message.get("content")
    if content is None:
        if role != "assistant":
            raise errors.missing(f"{where}.content")
    elif isinstance(content, list):
        for index, part in enumerate(content):
            if not isinstance(part, dict) or part.get("type") not in _PART_TYPES:
                raise errors.invalid(f"{where}.content[{index}]", "unknown content part")
    elif not isinstance(content, str):
        raise errors.invalid(f"{where}.content", "expected a string or an array of parts")
    if role == "tool" and not isinstance(message.get("tool_call_id"), str):
        raise errors.missing(f"{where}.tool_call_id")
