"""The Responses API: validation, `response` objects and their typed events.

What is said is what the same conversation would hear from chat completions.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

from local_stack.openai_api import requests
from local_stack.openai_api.answers import Answer, Speak, answers_to, last_user_text, tokens
from local_stack.openai_api.errors import invalid, missing
from local_stack.openai_api.render import Identity, usage

PARAMETERS = frozenset(
    (
        *("model", "input", "instructions", "stream", "stream_options", "temperature", "top_p"),
        *("max_output_tokens", "tools", "tool_choice", "parallel_tool_calls", "text", "reasoning"),
        *("store", "metadata", "user", "truncation", "include", "previous_response_id"),
        *("conversation", "background", "prompt", "service_tier", "safety_identifier"),
        *("prompt_cache_key", "prompt_cache_retention", "top_logprobs", "max_tool_calls"),
        "client_metadata",  # as Codex sends it
    )
)
_PIECE = 12

Json = dict[str, Any]


def check(request: Json) -> None:
    """Raise `ApiError` unless the real API would take this request."""
    requests.check_names(request, PARAMETERS)
    requests.check_model(request)
    requests.check_ranges(request)
    given = request.get("input")
    if given is None:
        raise missing("input")
    if not isinstance(given, str | list) or not given:
        raise invalid("input", "expected a string or a non-empty array of items")
    for index, item in enumerate(given if isinstance(given, list) else ()):
        if not isinstance(item, dict) or not ("role" in item or "type" in item):
            raise invalid(f"input[{index}]", "expected an item")
    for index, tool in enumerate(request.get("tools") or ()):
        if tool.get("type") == "function" and not isinstance(tool.get("name"), str):
            raise missing(f"tools[{index}].name")


def response(request: Json, speak: Speak, who: Identity) -> Json:
    """The finished `response` object."""
    chat = _as_chat(request)
    (answer,) = answers_to(chat, speak)
    cut = answer.finish_reason == "length"
    spent = usage(chat, [answer])
    thought = _reasoning(request, chat)
    thinking = sum(len(tokens(part["text"])) for item in thought for part in item["summary"])
    return {
        "id": who.id,
        "object": "response",
        "created_at": who.created,
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "instructions": request.get("instructions"),
        "max_output_tokens": request.get("max_output_tokens"),
        "model": request["model"],
        "output": [*thought, *_items(answer, who, "incomplete" if cut else "completed")],
        "parallel_tool_calls": request.get("parallel_tool_calls", True),
        "previous_response_id": request.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None, **(request.get("reasoning") or {})},
        "store": request.get("store", True),
        "temperature": request.get("temperature", 1.0),
        "text": request.get("text") or {"format": {"type": "text"}},
        "tool_choice": request.get("tool_choice", "auto"),
        "tools": request.get("tools") or [],
        "top_p": request.get("top_p", 1.0),
        "truncation": request.get("truncation", "disabled"),
        "usage": {
            "input_tokens": spent["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": spent["completion_tokens"] + thinking,
            "output_tokens_details": {"reasoning_tokens": thinking},
            "total_tokens": spent["total_tokens"] + thinking,
        },
        "user": request.get("user"),
        "metadata": request.get("metadata") or {},
    }


def events(finished: Json) -> Iterator[Json]:
    """The stream of a response, text and arguments in small pieces."""
    for number, event in enumerate(_events(finished)):
        yield {**event, "sequence_number": number}


def _events(finished: Json) -> Iterator[Json]:
    begun = {**finished, "status": "in_progress", "output": [], "usage": None}
    begun["incomplete_details"] = None
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(finished["output"]):
        empty: Json = {name: [] for name in ("content", "summary") if name in item}
        started = {**item, **empty, **({"arguments": ""} if "arguments" in item else {})}
        if "status" in item:
            started["status"] = "in_progress"
        yield {"type": "response.output_item.added", "output_index": index, "item": started}
        yield from _parts(item, {"output_index": index, "item_id": item["id"]})
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": f"response.{finished['status']}", "response": finished}


def _parts(item: Json, at: Json) -> Iterator[Json]:
    for number, part in enumerate(item.get("summary") or ()):
        where = {**at, "summary_index": number}
        name = "response.reasoning_summary"
        yield {"type": f"{name}_part.added", **where, "part": {**part, "text": ""}}
        for piece in tokens(part["text"]):
            yield {"type": f"{name}_text.delta", **where, "delta": piece}
        yield {"type": f"{name}_text.done", **where, "text": part["text"]}
        yield {"type": f"{name}_part.done", **where, "part": part}
    for number, part in enumerate(item.get("content") or ()):
        where = {**at, "content_index": number}
        kind, member = ("refusal",) * 2 if part["type"] == "refusal" else ("output_text", "text")
        logprobs: Json = {} if kind == "refusal" else {"logprobs": []}
        yield {"type": "response.content_part.added", **where, "part": {**part, member: ""}}
        for piece in tokens(part[member]):
            yield {"type": f"response.{kind}.delta", **where, "delta": piece, **logprobs}
        yield {"type": f"response.{kind}.done", **where, member: part[member], **logprobs}
        yield {"type": "response.content_part.done", **where, "part": part}
    if item["type"] == "function_call":
        name, text = "response.function_call_arguments", item["arguments"]
        for start in range(0, len(text), _PIECE):
            yield {"type": f"{name}.delta", **at, "delta": text[start : start + _PIECE]}
        yield {"type": f"{name}.done", **at, "name": item["name"], "arguments": text}


def _items(answer: Answer, who: Identity, status: str) -> list[Json]:
    if answer.tool_calls:
        return [
            {
                "id": f"fc_{call.id}",
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }
            for call in answer.tool_calls
        ]
    part: Json = {"type": "output_text", "annotations": [], "logprobs": [], "text": answer.content}
    if answer.refusal:
        part = {"type": "refusal", "refusal": answer.refusal}
    head = {"id": f"msg_{who.id}", "type": "message", "status": status, "role": "assistant"}
    return [{**head, "content": [part]}]


def _reasoning(request: Json, chat: Json) -> list[Json]:
    if not request.get("reasoning"):
        return []
    said = last_user_text(chat)
    name = hashlib.sha256(said.encode()).hexdigest()[:24]
    summary = [{"type": "summary_text", "text": f"Somebody says {said!r}."}]
    return [{"id": f"rs_{name}", "type": "reasoning", "summary": summary}]


def _as_chat(request: Json) -> Json:
    """The same conversation as chat completions has it."""
    given = request["input"]
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    messages = [message for item in items if (message := _message(item)) is not None]
    if request.get("instructions"):
        messages.insert(0, {"role": "system", "content": request["instructions"]})
    tools = [tool for tool in request.get("tools") or () if tool.get("type") == "function"]
    form = (request.get("text") or {}).get("format") or {}
    choice = request.get("tool_choice")
    if isinstance(choice, dict):
        choice = {"type": "function", "function": {"name": choice.get("name")}}
    return {
        "model": request["model"],
        "messages": messages or [{"role": "user", "content": ""}],
        "tools": [{"type": "function", "function": tool} for tool in tools],
        "tool_choice": choice,
        "parallel_tool_calls": request.get("parallel_tool_calls"),
        "max_completion_tokens": request.get("max_output_tokens"),
        "response_format": {"type": form["type"], "json_schema": form} if form else None,
    }


def _message(item: Json) -> Json | None:
    match item.get("type", "message"):
        case "message":
            return {"role": item["role"], "content": item.get("content")}
        case "function_call_output":
            return {"role": "tool", "content": str(item.get("output"))}
    return None
