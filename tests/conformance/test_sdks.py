"""What the official SDKs assemble from a hit equals what they assembled from the miss, deep.

Over every recorded stream: OpenAI's SDK (chat by its helper and by its plain iterator, responses),
Anthropic's and Groq's, synchronous and with no sockets between them and the edge.
"""

import json
from collections.abc import Callable
from typing import Any

import anthropic
import groq
import httpx
import httpx2
import openai
import pytest

from tests.conformance.edge import Answer, Edge
from tests.worker import fixtures

Read = Callable[[Any], dict[str, Any]]
MESSAGES: Any = [{"role": "user", "content": "hello"}]
_ADDED = frozenset({"parsed", "parsed_arguments", "parsed_output"})
"""Members that the SDKs' helpers add."""


def plain(value: Any) -> Any:
    """``value`` without what the helpers add."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items() if name not in _ADDED}
    return [plain(item) for item in value] if isinstance(value, list) else value


def merged(chunks: list[Any]) -> dict[str, Any]:
    """Chunks of a chat stream put together by hand, as clients without a helper do it."""
    made: dict[str, Any] = {"texts": {}, "calls": {}, "ends": {}}
    for chunk in chunks:
        made["id"] = chunk.id
        for choice in chunk.choices:
            delta = choice.delta.to_dict()
            for name, value in delta.items():
                if isinstance(value, str):
                    texts = made["texts"]
                    texts[name] = texts.get(name, "") + value
            for call in delta.get("tool_calls") or ():
                known = made["calls"].setdefault(call["index"], {"arguments": ""})
                known |= {name: call[name] for name in ("id", "type") if call.get(name)}
                function = call.get("function") or {}
                known |= {"name": function["name"]} if function.get("name") else {}
                known["arguments"] += function.get("arguments") or ""
            if choice.finish_reason:
                made["ends"][choice.index] = choice.finish_reason
    return made


def openai_helper(client: openai.OpenAI) -> dict[str, Any]:
    options: Any = {"include_usage": True}
    with client.chat.completions.stream(
        model="gpt-4o", messages=MESSAGES, stream_options=options
    ) as stream:
        stream.until_done()
        return plain(stream.current_completion_snapshot.to_dict())  # type: ignore[no-any-return]


def openai_chunks(client: openai.OpenAI) -> dict[str, Any]:
    stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    return merged(list(stream))


def groq_chunks(client: groq.Groq) -> dict[str, Any]:
    return merged(
        list(client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
    )


def anthropic_helper(client: anthropic.Anthropic) -> dict[str, Any]:
    with client.messages.stream(
        model="claude-haiku-4-5", max_tokens=100, messages=MESSAGES
    ) as stream:
        return plain(stream.get_final_message().to_dict())  # type: ignore[no-any-return]


def anthropic_of_chat(client: anthropic.Anthropic) -> dict[str, Any]:
    with client.messages.stream(model="gpt-4o", max_tokens=100, messages=MESSAGES) as stream:
        return plain(stream.get_final_message().to_dict())  # type: ignore[no-any-return]


def openai_of_claude(client: openai.OpenAI) -> dict[str, Any]:
    options: Any = {"include_usage": True}
    with client.chat.completions.stream(
        model="claude-haiku-4-5", messages=MESSAGES, stream_options=options
    ) as stream:
        stream.until_done()
        made = plain(stream.current_completion_snapshot.to_dict())
    made.pop("created")  # Anthropic tells no time; a translation has its own
    return made  # type: ignore[no-any-return]


SDKS: dict[str, tuple[str, str, Read]] = {
    "openai, helper": ("openai", "openai", openai_helper),
    "openai, chunks": ("openai", "openai", openai_chunks),
    "groq, chunks": ("groq", "openai", groq_chunks),
    "anthropic, helper": ("anthropic", "anthropic", anthropic_helper),
    "anthropic, on chat": ("anthropic", "openai", anthropic_of_chat),
    "openai, on messages": ("openai", "anthropic", openai_of_claude),
}
CASES = [(name, fixture) for name, (_, kind, _) in SDKS.items() for fixture in fixtures.names(kind)]
_NEVER_STORED = ("refusal", "server_tool")
"""Refused by a filter; with blocks that chat has no place for."""


@pytest.mark.parametrize(("name", "fixture"), CASES)
def test_a_hit_is_assembled_as_the_miss_was(
    conformance_edge: Edge, name: str, fixture: str
) -> None:
    library, kind, read = SDKS[name]
    edge, key = conformance_edge, conformance_edge.project()
    edge.answers(Answer(fixtures.stream(kind, fixture).decode(), "text/event-stream"))
    with client(library, edge, key) as sdk:
        miss, hit = read(sdk), read(sdk)
    if len(edge.sent) == 1:
        if fixture == "groq_usage":
            # Told in a member of Groq's own; a hit tells it where OpenAI's protocol has it.
            for answer in (miss, hit):
                answer.pop("usage", None)
                answer.pop("x_groq", None)
        assert hit == miss
    else:
        assert fixture in _NEVER_STORED


def client(library: str, edge: Edge, key: str) -> Any:
    """The SDK on the edge."""
    if library == "anthropic":
        return anthropic.Anthropic(
            api_key=key,
            base_url="http://edge.invalid",
            http_client=httpx2.Client(transport=_Adapter(edge)),
            max_retries=0,
        )
    http = httpx.Client(transport=edge)
    if library == "openai":
        return openai.OpenAI(
            api_key=key, base_url="http://edge.invalid/v1", http_client=http, max_retries=0
        )
    return groq.Groq(api_key=key, base_url="http://edge.invalid", http_client=http, max_retries=0)


class _Adapter(httpx2.BaseTransport):
    """The edge for the SDKs that have moved to httpx2."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        sent = httpx.Request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            content=request.read(),
        )
        answer = self._edge.handle_request(sent)
        return httpx2.Response(
            answer.status_code, headers=answer.headers.multi_items(), content=answer.content
        )


def test_json_of_a_hit_is_that_of_the_miss(conformance_edge: Edge) -> None:
    """An answer that came whole is sent again byte for byte when it has no labels of others."""
    edge = conformance_edge
    answer = json.dumps(fixtures.answer("openai", "text"), indent=2)
    with edge.client(edge.project()) as http:
        edge.answers(Answer(answer))
        body = {"model": "gpt-4o", "messages": MESSAGES}
        texts = [http.post("/v1/chat/completions", json=body).text for _ in range(2)]
    assert texts == [answer, answer]
