"""Chat completions, their usage and errors in Anthropic's shapes."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from gateway.core import strict_json
from gateway.formats import endings, spoken
from gateway.formats.base import Json, count
from gateway.formats.choices import read_usage
from gateway.formats.endings import Ending, Endings
from gateway.formats.tool_calls import arguments_text, well_formed
from gateway.providers.messages_over_chat import carried

ERRORS: dict[str, str] = {
    "invalid_api_key": "authentication_error",
    "insufficient_quota": "billing_error",
    "rate_limit_exceeded": "rate_limit_error",
    "model_not_found": "not_found_error",
    "requests": "rate_limit_error",
    "tokens": "rate_limit_error",
    "invalid_request_error": "invalid_request_error",
    "permission_error": "permission_error",
    "overloaded": "overloaded_error",
}
"""OpenAI's error ``code``, else ``type`` → Anthropic's ``type``."""

ERRORS_BY_STATUS: dict[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    422: "invalid_request_error",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""Used where neither is known: Anthropic's "Errors", by HTTP status."""


def stop_reason(ending: Ending | None, *, calls_tools: bool, refused: bool) -> str:
    """Anthropic's name for an ending. OpenAI says ``stop`` for a forced call, too. Reasons that are
    not known (``None``) are named by ``unknown``, so that the answer is not stored."""
    if refused:
        return "refusal"
    if ending is None or ending is endings.BY_ITSELF:
        return "tool_use" if calls_tools else "end_turn"
    return ending.stop_reason


def unknown(finish_reason: Any, known: Endings) -> set[str]:
    """A finish reason that has no equivalent, named for ``lost``."""
    found = endings.ending(finish_reason, known)
    return set() if found else {f"finish_reason {str(finish_reason)[:_LONGEST_REASON]}"}


_LONGEST_REASON = 40


_TRANSLATED = frozenset({"content", "refusal", "reasoning_content", "reasoning", "tool_calls"})
_LABELS = frozenset(
    {
        *("role", "id", "name"),
        "channel",  # Groq's name for the part of the answer that the text belongs to
        "reasoning_details",  # OpenRouter's second form of ``reasoning``
    }
)


def lost(said: Json) -> set[str]:
    """Members of a message or delta that hold content and have no place in Anthropic's messages:
    audio, images, annotations, what a provider ran by itself."""
    members = {
        name
        for name, value in said.items()
        if value and isinstance(value, str | list | dict) and name not in _TRANSLATED | _LABELS
    }
    if carried.is_signed(said.get("extra_content")):
        members.discard("extra_content")
    kinds = {kind for kind, _ in spoken.parts(said.get("content"))}
    kinds |= {"custom tool call" for call in said.get("tool_calls") or () if call.get("custom")}
    return members | (kinds - {"text", "thinking"})


def unusable(said: Json) -> set[str]:
    """Names the unusable parts of a whole message: calls whose arguments are not a JSON object."""
    calls = (call.get("function") or {} for call in said.get("tool_calls") or ())
    good = all(well_formed(function.get("arguments")) for function in calls)
    return set() if good else {"malformed tool arguments"}


def message(
    completion: Json,
    known: Endings = endings.OPENAI,
    *,
    provider: str = "",
    names: Mapping[str, str] | None = None,
) -> Json:
    """``chat.completion`` as ``message``. ``known``: the finish reasons that are. ``names``: see
    ``CallLabels``. Raises ``ValueError``, ``KeyError`` or ``TypeError``, also for an answer that
    its provider broke off.
    """
    choice = completion["choices"][0]
    said = choice["message"]
    ending = endings.ending(choice["finish_reason"], known)
    if ending is endings.FAILED:
        raise ValueError("the provider broke its answer off")
    content: list[Json] = []
    for kind, text in (*texts(said), ("text", said.get("refusal"))):
        if text and kind == "thinking":
            content.append({"type": "thinking", "thinking": text, "signature": ""})
        elif text:
            content.append({"type": "text", "text": text})
    content += carried.of_message(provider, said)
    for call in said.get("tool_calls") or ():
        if call.get("extra_content"):
            content.append(carried.of_call(provider, call["id"], call["extra_content"]))
        block = _tool_use(call, ending)
        content.append({**block, "name": (names or {}).get(block["name"], block["name"])})
    return {
        "id": completion["id"],
        "type": "message",
        "role": "assistant",
        "model": completion["model"],
        "content": content,
        "stop_reason": stop_reason(
            ending, calls_tools=bool(said.get("tool_calls")), refused=bool(said.get("refusal"))
        ),
        "stop_sequence": None,
        "usage": usage(completion.get("usage"), completion.get("service_tier")),
    }


def texts(said: Json) -> list[tuple[str, Any]]:
    """``thinking`` and ``text`` of a message or delta, in order."""
    found = [part for part in spoken.parts(said.get("content")) if part[0] in ("text", "thinking")]
    thought = reasoning(said)
    return [("thinking", thought), *found] if thought else found


def reasoning(said: Json) -> str | None:
    """The reasoning in a message or delta, by either name that compatible providers use."""
    text = said.get("reasoning_content") or said.get("reasoning")
    return text if isinstance(text, str) else None


def _tool_use(call: Json, ending: Ending | None) -> Json:
    """Arguments that the token limit cut off are no JSON; the caller sees ``max_tokens``. Others
    that are no JSON object are passed on as Anthropic passes them back to its models."""
    function = call["function"]
    text = arguments_text(function.get("arguments"))
    given: Any = None
    with suppress(ValueError):
        given = strict_json.answer(text or "{}")
    if not isinstance(given, dict):
        is_cut = ending is not None and ending.finish_reason == "length"
        given = {} if is_cut else {INVALID_JSON: text}
    return {"type": "tool_use", "id": call["id"], "name": function["name"], "input": given}


INVALID_JSON = "INVALID_JSON"
"""Anthropic, "Fine-grained tool streaming": the member under which invalid input is wrapped."""


_TIERS = {"default": "standard"}


def usage(spent: Any, service_tier: Any = None) -> Json:
    """Anthropic counts cached and cache-writing tokens beside ``input_tokens``, and names the tier
    here."""
    told = read_usage(spent)
    prompt = told.prompt or 0
    read = min(told.cached or 0, prompt)
    written = min(told.cache_write or 0, prompt - read)
    made: Json = {
        "input_tokens": prompt - read - written,
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": told.completion or 0,
    }
    details = _object(_object(spent).get("completion_tokens_details"))
    thought = count(details.get("reasoning_tokens"))
    if thought:
        made["output_tokens_details"] = {"thinking_tokens": thought}
    if isinstance(service_tier, str):
        made["service_tier"] = _TIERS.get(service_tier, service_tier)
    return made


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def error(envelope: Any, status: int = 500) -> Json:
    """OpenAI's error object (or anything else) as Anthropic's error object."""
    inner = _error_object(envelope)
    kind = ERRORS.get(str(inner.get("code"))) or ERRORS.get(str(inner.get("type")))
    kind = kind or ERRORS_BY_STATUS.get(status, "api_error")
    text = str(inner.get("message") or "The provider answered with an error.")
    if _is_too_long(inner, text):
        kind, text = "invalid_request_error", _too_long(text)
    return {"type": "error", "error": {"type": kind, "message": text}}


TOO_LONG = (
    re.compile(r"maximum context length (?:is|of) (?P<most>\d+) tokens\D+(?P<asked>\d+) tokens"),
    re.compile(r"token count \((?P<asked>\d+)\) exceeds .{0,60}allowed \((?P<most>\d+)\)"),
    re.compile(r"contains (?P<asked>\d+) tokens.{0,80}? (?P<most>\d+) maximum context length"),
    re.compile(r"maximum prompt length is (?P<most>\d+) but the request contains (?P<asked>\d+)"),
)
"""How providers say that a prompt is too long for a model: OpenAI and most, Gemini, Mistral, xAI.
Seen in their answers in November 2026."""
_ABOUT_LENGTH = ("context length", "context window", "maximum prompt length", "prompt is too long")
_LONGEST_MESSAGE = 2000


def _is_too_long(inner: Json, text: str) -> bool:
    lowered = text[:_LONGEST_MESSAGE].lower()
    return inner.get("code") == "context_length_exceeded" or (
        any(words in lowered for words in _ABOUT_LENGTH)
        or any(pattern.search(lowered) for pattern in TOO_LONG)
    )


def _too_long(text: str) -> str:
    """In Anthropic's words: Claude Code compacts a conversation when it reads them."""
    for pattern in TOO_LONG:
        if found := pattern.search(text[:_LONGEST_MESSAGE]):
            return f"prompt is too long: {found['asked']} tokens > {found['most']} maximum"
    return text if "prompt is too long" in text else f"prompt is too long: {text}"


def _error_object(envelope: Any) -> Json:
    """What compatible providers make of OpenAI's ``{"error": {"message": …}}``: Gemini puts it into
    a list, Mistral leaves the envelope out, Workers AI has ``errors``, others a text."""
    if isinstance(envelope, list) and envelope:
        return _error_object(envelope[0])
    if not isinstance(envelope, dict):
        return {}
    inner = envelope.get("error") or envelope.get("errors") or envelope
    if isinstance(inner, list):
        inner = inner[0]
    if isinstance(inner, str):
        return {"message": inner}
    return inner if isinstance(inner, dict) else {}
