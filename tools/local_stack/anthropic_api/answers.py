"""What is said to a request of the Messages API, and how: content blocks, usage, the stream.

It depends on the request alone: offered tools are called (all of them, unless parallel use is off
or one is forced), thinking is signed, a document with citations is cited, a text that begins with
"refuse" is refused, anything else hears `speak`.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

from local_stack.anthropic_api.requests import signature
from local_stack.openai_api.answers import example, tokens

Speak = Callable[[dict[str, Any]], str]
"""The free text said to a request."""


def said_last(wanted: dict[str, Any]) -> str:
    """The text of the last turn; other blocks are named: "[image]"."""
    return " ".join(part.get("text") or f"[{part['type']}]" for part in _last_parts(wanted))


def message(wanted: dict[str, Any], speak: Speak, prompt_usage: dict[str, Any]) -> dict[str, Any]:
    """The finished `message`."""
    content, reason = _content(wanted, speak)
    seed = hashlib.sha256(json.dumps(wanted["messages"]).encode()).hexdigest()
    spoken = sum(len(tokens(json.dumps(block))) for block in content)
    return {
        "id": f"msg_{seed[:24]}",
        "type": "message",
        "role": "assistant",
        "model": wanted["model"],
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "stop_details": _REFUSED if reason == "refusal" else None,
        "usage": {**prompt_usage, "output_tokens": spoken},
    }


def size(wanted: dict[str, Any]) -> int:
    """Tokens of a prompt."""
    seen = {name: wanted[name] for name in ("system", "messages", "tools") if name in wanted}
    return len(tokens(json.dumps(seen)))


def _last_parts(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    last = next(turn for turn in reversed(wanted["messages"]) if turn["role"] != "system")[
        "content"
    ]
    return [{"type": "text", "text": last}] if isinstance(last, str) else list(last)


_REFUSED = {"type": "refusal", "category": None, "explanation": "This is against the policy."}


def _content(wanted: dict[str, Any], speak: Speak) -> tuple[list[dict[str, Any]], str]:
    blocks: list[dict[str, Any]] = []
    parts, said = _last_parts(wanted), said_last(wanted)
    if said.startswith("refuse"):
        return [], "refusal"
    if (wanted.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        thought = f"Somebody says {said!r}."
        sign = signature(thought)
        blocks.append({"type": "thinking", "thinking": thought, "signature": sign})
    calls = _calls(wanted, answered=any(part["type"] == "tool_result" for part in parts))
    if calls:
        return [*blocks, {"type": "text", "text": "Let me look."}, *calls], "tool_use"
    form = (wanted.get("output_config") or {}).get("format")
    text = json.dumps(example(form["schema"])) if form else speak(wanted)
    pieces = tokens(text)
    if len(pieces) > wanted["max_tokens"]:
        text = "".join(pieces[: wanted["max_tokens"]])
        return [*blocks, {"type": "text", "text": text}], "max_tokens"
    block: dict[str, Any] = {"type": "text", "text": text}
    for index, part in enumerate(parts):
        if (part.get("citations") or {}).get("enabled"):
            block["citations"] = [_citation(index, part)]
    return [*blocks, block], "end_turn"


def _calls(wanted: dict[str, Any], *, answered: bool) -> list[dict[str, Any]]:
    choice = wanted.get("tool_choice") or {"type": "auto"}
    offered = [tool for tool in wanted.get("tools") or () if "input_schema" in tool]
    if choice["type"] == "tool":
        offered = [tool for tool in offered if tool["name"] == choice["name"]]
    if choice["type"] == "none" or (answered and choice["type"] == "auto"):
        return []
    if choice.get("disable_parallel_tool_use"):
        offered = offered[:1]
    return [
        {
            "type": "tool_use",
            "id": f"toolu_{index:02}{hashlib.sha256(tool['name'].encode()).hexdigest()[:20]}",
            "name": tool["name"],
            "input": example(tool["input_schema"]),
        }
        for index, tool in enumerate(offered)
    ]


def _citation(index: int, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "char_location",
        "cited_text": "the document",
        "document_index": index,
        "document_title": part.get("title"),
        "start_char_index": 0,
        "end_char_index": 12,
    }


def events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The stream of a message, text and JSON in small pieces."""
    started = {**message, "content": [], "stop_reason": None, "stop_details": None}
    started["usage"] = {**message["usage"], "output_tokens": 1}
    yield {"type": "message_start", "message": started}
    for index, block in enumerate(message["content"]):
        start, deltas = _deltas(block)
        yield {"type": "content_block_start", "index": index, "content_block": start}
        if index == 0:
            yield {"type": "ping"}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    ending = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    spent = {"output_tokens": message["usage"]["output_tokens"]}
    yield {"type": "message_delta", "delta": ending, "usage": spent}
    yield {"type": "message_stop"}


def _deltas(block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    if block["type"] == "thinking":
        deltas = [
            {"type": "thinking_delta", "thinking": piece} for piece in tokens(block["thinking"])
        ]
        deltas.append({"type": "signature_delta", "signature": block["signature"]})
        return {**block, "thinking": "", "signature": ""}, deltas
    if block["type"] == "tool_use":
        text = json.dumps(block["input"]) if block["input"] else ""
        pieces = ["", *(text[at : at + 7] for at in range(0, len(text), 7))]
        return {**block, "input": {}}, [
            {"type": "input_json_delta", "partial_json": piece} for piece in pieces
        ]
    cited = block.get("citations") or []
    start = {"type": "text", "text": "", **({"citations": []} if cited else {})}
    return start, [
        *({"type": "text_delta", "text": piece} for piece in tokens(block["text"])),
        *({"type": "citations_delta", "citation": item} for item in cited),
    ]
