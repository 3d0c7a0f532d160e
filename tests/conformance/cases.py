"""Case files as objects, and what is compared with what they expect."""

import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import RawMessageStreamEvent
from openai.lib.streaming.chat._completions import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk
from pydantic import TypeAdapter

from tests.conformance.edge import BREAK, Answer

FOLDER = Path(__file__).parent / "cases"
CHAT = "/v1/chat/completions"
_QUESTION: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "user", "content": "hello"}]},
    "/v1/messages": {"max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]},
    "/v1/responses": {"input": "hello"},
    "/v1/completions": {"prompt": "hello"},
    "/v1/embeddings": {"input": "hello"},
}
"""What a case asks when it does not say."""
_EVENT: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


@dataclass(slots=True)
class Case:
    """See README.md."""

    about: str
    steps: list[dict[str, Any]]
    upstream: Any
    source: str = ""
    path: str = CHAT
    headers: dict[str, str] = field(default_factory=dict)
    request: dict[str, Any] = field(default_factory=dict)
    own_key: str = ""


def names() -> list[str]:
    """Every case, as ``folder/file``."""
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.json"))


def load(name: str) -> Case:
    """The case of this name. A member that no case has is a ``TypeError``."""
    case = Case(**json.loads((FOLDER / f"{name}.json").read_text()))
    case.request = {**_QUESTION.get(case.path, {}), **case.request}
    return case


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """``base`` with ``changes``; ``None`` removes a member."""
    both = {**base, **changes}
    return {name: value for name, value in both.items() if value is not None}


def upstream_answer(given: dict[str, Any], *, stream: bool) -> Answer:
    """What the provider says to a request."""
    status, headers = given.get("status", 200), given.get("headers", {})
    if "raw" in given:
        return Answer(given["raw"], given.get("type", "application/json"), status, headers)
    if "stream" in given and (stream or "whole" not in given):
        text = "".join(_event_text(event) for event in given["stream"])
        return Answer(text, given.get("type", "text/event-stream"), status, headers)
    return Answer(
        json.dumps(given["whole"]), given.get("type", "application/json"), status, headers
    )


def _event_text(event: Any) -> str:
    if event == {"!break": True}:
        return BREAK
    if event == "[DONE]":
        return "data: [DONE]\n\n"
    if isinstance(event, str):
        return event
    name = f"event: {event['type']}\n" if isinstance(event.get("type"), str) else ""
    return f"{name}data: {json.dumps(event)}\n\n"


def is_stream(response: httpx.Response) -> bool:
    """Whether the body is server-sent events."""
    return response.headers["content-type"].startswith("text/event-stream")


def events(response: httpx.Response) -> list[Any]:
    """The data of a stream's events; ``[DONE]`` is left out."""
    found = []
    for block in response.text.replace("\r\n", "\n").replace("\r", "\n").split("\n\n"):
        data = [line[5:].removeprefix(" ") for line in block.split("\n") if line[:5] == "data:"]
        if data and data != ["[DONE]"]:
            found.append(json.loads("\n".join(data)))
    return found


def kinds(response: httpx.Response) -> list[str]:
    """The events' types in order, repetitions counted once."""
    named = [event.get("type") or event.get("object") or "error" for event in events(response)]
    return [name for name, _ in itertools.groupby(named)]


def assembled(path: str, response: httpx.Response) -> Any:
    """The answer as the official SDK of its dialect has it."""
    if not is_stream(response):
        return response.json()
    found = events(response)
    if path == "/v1/messages":
        message: Any = None
        inputs: dict[int, bytes] = {}
        for event in found:
            if event["type"] == "error":
                raise AssertionError(f"an error in the stream: {event}")
            if event["type"] != "ping":
                message = accumulate_event(
                    event=_EVENT.validate_python(event),
                    current_snapshot=message,
                    json_bufs=inputs,
                )
        return message.to_dict()
    if path == "/v1/responses":
        return found[-1]["response"]
    if path == "/v1/completions":
        return _completion(found)
    state = ChatCompletionStreamState()
    for chunk in found:
        if "choices" not in chunk:
            raise AssertionError(f"an error in the stream: {chunk}")
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    return _plain(state.current_completion_snapshot.to_dict())


def _completion(chunks: list[Any]) -> Any:
    """The SDK has no helper for legacy completions."""
    made: dict[str, Any] = {**chunks[0], "choices": []}
    for chunk in chunks:
        for part in chunk["choices"]:
            if part["index"] == len(made["choices"]):
                made["choices"].append({**part, "text": ""})
            choice = made["choices"][part["index"]]
            choice["text"] += part["text"]
            choice["finish_reason"] = part["finish_reason"] or choice["finish_reason"]
    return made


def _plain(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what the SDK's helper adds."""
    for choice in answer["choices"]:
        message = choice["message"]
        message.pop("parsed", None)
        for call in message.get("tool_calls") or ():
            call.pop("index", None)
            call.get("function", {}).pop("parsed_arguments", None)
    return answer


def difference(expected: Any, actual: Any, where: str = "") -> str | None:
    """Where ``actual`` lacks something of ``expected``; ``None`` when it has all of it.

    Objects may have more members, lists may not have more items.
    """
    if isinstance(expected, dict) and isinstance(actual, dict):
        for name, value in expected.items():
            if name not in actual and value is not None:
                return f"{where}.{name} is missing"
            if found := difference(value, actual.get(name), f"{where}.{name}"):
                return found
        return None
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        pairs = enumerate(zip(expected, actual, strict=True))
        return next((d for i, (e, a) in pairs if (d := difference(e, a, f"{where}[{i}]"))), None)
    return None if expected == actual else f"{where}: expected {expected!r}, not {actual!r}"
