"""Answers as the official SDK's users see them: a stream put together, and its raw events."""

import json
from typing import Any

import httpx
from openai.lib.streaming.chat._completions import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk


def events(body: str) -> list[Any]:
    """The data of each event, parsed; ``[DONE]`` stays text. The framing must be plain."""
    assert body.endswith("\n\n")
    found = []
    for block in body[:-2].split("\n\n"):
        assert block.startswith("data: ")
        assert "\n" not in block
        data = block.removeprefix("data: ")
        found.append(data if data == "[DONE]" else json.loads(data))
    return found


def assembled(answer: httpx.Response) -> dict[str, Any]:
    """The completion that the SDK's own accumulator makes of a stream, without what may differ."""
    assert answer.headers["content-type"].startswith("text/event-stream")
    *chunks, end = events(answer.text)
    assert end == "[DONE]"
    state = ChatCompletionStreamState()
    for chunk in chunks:
        state.handle_chunk(ChatCompletionChunk.model_validate(chunk))
    return comparable(state.current_completion_snapshot.model_dump())


def comparable(completion: dict[str, Any]) -> dict[str, Any]:
    """Without members that the SDK adds, or that are null in one form and absent in another."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            kept = {name: clean(item) for name, item in value.items() if name != "parsed"}
            kept.pop("parsed_arguments", None)
            if "function" in kept:  # the number by which a stream tells its tool calls apart
                kept.pop("index", None)
            return {name: item for name, item in kept.items() if item not in (None, [], {})}
        if isinstance(value, list):
            return [clean(item) for item in value]
        return value

    cleaned: dict[str, Any] = clean(completion)
    return cleaned
