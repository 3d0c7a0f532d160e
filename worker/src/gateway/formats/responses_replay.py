"""A finished response as the events that would have streamed it.

Texts come in pieces. Item types that stream no parts of their own (hosted tools' calls,
for example) appear and are done; SDKs take their content from ``response.output_item.done``.
"""

from collections.abc import Iterator
from typing import Any

from gateway.formats.base import Json
from gateway.formats.pieces import pieces, with_logprobs

_EMPTY_PARTS: dict[str, Json] = {
    "output_text": {"text": "", "annotations": []},
    "refusal": {"refusal": ""},
    "reasoning_text": {"text": ""},
}


def events(answer: Json) -> Iterator[Json]:
    """Every event of the stream, numbered by ``sequence_number``."""
    for number, event in enumerate(_events(answer)):
        yield {**event, "sequence_number": number}


def _events(answer: Json) -> Iterator[Json]:
    begun = {**answer, "status": "in_progress", "output": [], "usage": None}
    begun |= {"completed_at": None} if "completed_at" in answer else {}
    begun["incomplete_details"] = None
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(answer["output"]):
        yield from _item(index, item)
    yield {"type": f"response.{answer['status']}", "response": answer}


def _item(index: int, item: Json) -> Iterator[Json]:
    at: Json = {"output_index": index}
    begun = dict(item)
    if "status" in begun:
        begun["status"] = "in_progress"
    for name in ("content", "summary"):
        if isinstance(begun.get(name), list):
            begun[name] = []
    for name in ("arguments", "input"):
        if isinstance(begun.get(name), str):
            begun[name] = ""
    yield {"type": "response.output_item.added", **at, "item": begun}
    at["item_id"] = item.get("id")
    for number, part in enumerate(item.get("summary") or ()):
        yield from _summary({**at, "summary_index": number}, part)
    for number, part in enumerate(item.get("content") or ()):
        yield from _part({**at, "content_index": number}, part)
    if item["type"] == "function_call":
        name = "response.function_call_arguments"
        yield from _deltas(f"{name}.delta", at, item["arguments"])
        done = {"name": item["name"], "arguments": item["arguments"]}
        yield {"type": f"{name}.done", **at, **done}
    elif item["type"] == "custom_tool_call":
        name = "response.custom_tool_call_input"
        yield from _deltas(f"{name}.delta", at, item["input"])
        yield {"type": f"{name}.done", **at, "input": item["input"]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _part(at: Json, part: Json) -> Iterator[Json]:
    kind = part["type"]
    begun = {**part, **_EMPTY_PARTS.get(kind, {})}
    if "logprobs" in begun:
        begun["logprobs"] = []
    yield {"type": "response.content_part.added", **at, "part": begun}
    if kind == "output_text":
        logprobs: Any = part.get("logprobs") or []
        for piece, group in with_logprobs(part["text"], logprobs):
            text = {"type": "response.output_text.delta", **at, "delta": piece}
            yield {**text, "logprobs": group or []}
        for number, annotation in enumerate(part.get("annotations") or ()):
            added = {"annotation_index": number, "annotation": annotation}
            yield {"type": "response.output_text.annotation.added", **at, **added}
        done = {"text": part["text"], "logprobs": logprobs}
        yield {"type": "response.output_text.done", **at, **done}
    elif kind == "refusal":
        yield from _deltas("response.refusal.delta", at, part["refusal"])
        yield {"type": "response.refusal.done", **at, "refusal": part["refusal"]}
    elif kind == "reasoning_text":
        yield from _deltas("response.reasoning_text.delta", at, part["text"])
        yield {"type": "response.reasoning_text.done", **at, "text": part["text"]}
    yield {"type": "response.content_part.done", **at, "part": part}


def _summary(at: Json, part: Json) -> Iterator[Json]:
    name = "response.reasoning_summary"
    yield {"type": f"{name}_part.added", **at, "part": {**part, "text": ""}}
    yield from _deltas(f"{name}_text.delta", at, part["text"])
    yield {"type": f"{name}_text.done", **at, "text": part["text"]}
    yield {"type": f"{name}_part.done", **at, "part": part}


def _deltas(kind: str, at: Json, text: str) -> Iterator[Json]:
    return ({"type": kind, **at, "delta": piece} for piece in pieces(text))
