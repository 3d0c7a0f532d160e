"""What the official SDKs make of an answer, of its stream, and of either's replay is the same.

Every dialect that has no suite of its own for it: OpenAI's completions, responses and embeddings,
Groq's chat, and the recorded streams of chat completions. Chat and messages on doubles are in
test_replay.py, test_anthropic.py, test_anthropic_chat.py and test_messages_of_openai.py.
"""

import json
from collections.abc import Callable
from typing import Any

import groq
import openai
import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker import fixtures
from tests.worker.edge import Edge, Tenant
from tests.worker.sdks import chat_streamed, chat_whole, openai_sdk, same

Read = Callable[[openai.OpenAI, dict[str, Any]], tuple[str, dict[str, Any]]]
"""What the cache did, and the answer as the SDK has it."""

MODEL = "gpt-4o-mini"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTIONS: list[Any] = [
    {"type": "function", "name": name, "parameters": CITY, "strict": False}
    for name in ("weather", "traffic")
]
SHAPE = {"format": {"type": "json_schema", "name": "answer", "schema": CITY}}
RESPONSES: dict[str, dict[str, Any]] = {
    "text": {},
    "not ascii": {"input": "Grüße, 世界 \U0001f600"},
    "instructions": {"instructions": "Be brief.", "input": [{"role": "user", "content": "Hi"}]},
    "reasoning": {"reasoning": {"effort": "low", "summary": "auto"}},
    "refusal": {"input": "refuse this"},
    "functions": {"tools": FUNCTIONS},
    "one function": {"tools": FUNCTIONS, "parallel_tool_calls": False},
    "reasoning and functions": {"tools": FUNCTIONS, "reasoning": {"effort": "low"}},
    "schema": {"text": SHAPE},
    "cut": {"max_output_tokens": 2},
    "after a function": {
        "tools": FUNCTIONS,
        "input": [
            {"role": "user", "content": "weather?"},
            {
                "type": "function_call",
                "call_id": "call_1",
                "name": "weather",
                "arguments": '{"city": "Bonn"}',
            },
            {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
        ],
    },
}
COMPLETIONS: dict[str, dict[str, Any]] = {
    "text": {},
    "cut": {"max_tokens": 2},
    "two prompts": {"prompt": ["one", "two"]},
    "two choices": {"n": 2},
    "logprobs": {"logprobs": 1},
    "echo": {"echo": True},
}


def response_whole(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    raw = client.responses.with_raw_response.create(**body)
    return raw.headers["x-watchllm-cache"], raw.parse().to_dict()


def response_streamed(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    with client.responses.stream(**body) as stream:
        seen: list[Any] = list(stream)
        status = stream._response.headers["x-watchllm-cache"]
    assert seen[0].type == "response.created"
    assert seen[-1].type in ("response.completed", "response.incomplete")
    final: dict[str, Any] = seen[-1].response.to_dict()
    for item in final["output"]:
        item.pop("parsed_arguments", None)
        for part in item.get("content") or ():
            part.pop("parsed", None)
    return status, final


def texts_of_events(client: openai.OpenAI, body: dict[str, Any]) -> dict[str, str]:
    """What a client that follows the deltas itself has at the end, by item and kind."""
    told: dict[str, str] = {}
    for event in client.responses.create(**body, stream=True):
        if event.type.endswith(".delta"):
            name = f"{event.item_id} {event.type}"  # type: ignore[union-attr]
            told[name] = told.get(name, "") + event.delta  # type: ignore[union-attr,operator]
    return told


def completion_whole(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    raw = client.completions.with_raw_response.create(**body)
    return raw.headers["x-watchllm-cache"], raw.parse().to_dict()


def completion_streamed(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Assembled by hand: the SDK has no helper for legacy completions."""
    raw = client.completions.with_raw_response.create(
        **body, stream=True, stream_options={"include_usage": True}
    )
    made: dict[str, Any] = {}
    choices: dict[int, dict[str, Any]] = {}
    for chunk in raw.parse():
        data = chunk.to_dict()
        made |= {name: value for name, value in data.items() if name != "choices" and value}
        for part in data["choices"]:
            choice = choices.setdefault(part["index"], {**part, "text": "", "logprobs": None})
            choice["text"] += part["text"]
            choice["finish_reason"] = part["finish_reason"] or choice["finish_reason"]
            for name, values in (part["logprobs"] or {}).items():
                choice["logprobs"] = choice["logprobs"] or {}
                choice["logprobs"].setdefault(name, []).extend(values)
    return raw.headers["x-watchllm-cache"], {**made, "choices": list(choices.values())}


def both_ways(
    edge: Edge, tenant: Tenant, body: dict[str, Any], whole: Read, streamed: Read
) -> None:
    """An answer that came whole serves streams, one that was streamed serves both."""
    with openai_sdk(tenant) as client:
        for first_read, name in ((whole, "w"), (streamed, "s")):
            asked = {**body, "user": name}
            headers = {"x-watchllm-cache-namespace": name}
            own = client.with_options(default_headers=headers)
            first, original = first_read(own, asked)
            edge.settled()
            seen = [whole(own, asked), streamed(own, asked)]
            assert [first, *(status for status, _ in seen)] == ["MISS", "HIT", "HIT"]
            for _, again in seen:
                assert same(again, original)
    assert edge.openai.calls() == 2


@pytest.mark.parametrize("kind", RESPONSES)
def test_responses(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = {"model": MODEL, "input": "hello", "store": False, **RESPONSES[kind]}
    both_ways(edge, tenant, body, response_whole, response_streamed)


@pytest.mark.parametrize("kind", RESPONSES)
def test_the_deltas_of_responses_add_up_alike(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = {"model": MODEL, "input": "hello", "store": False, **RESPONSES[kind]}
    with openai_sdk(tenant) as client:
        original = texts_of_events(client, body)
        edge.settled()
        assert texts_of_events(client, body) == original
    assert original
    assert edge.openai.calls() == 1


@pytest.mark.parametrize("kind", COMPLETIONS)
def test_completions(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = {"model": "gpt-3.5-turbo-instruct", "prompt": "hello", **COMPLETIONS[kind]}
    both_ways(edge, tenant, body, completion_whole, completion_streamed)


@pytest.mark.parametrize("name", fixtures.names("openai"))
def test_recorded_chat_streams(edge: Edge, tenant: Tenant, name: str) -> None:
    raw = Behaviour("raw", status=200, body=fixtures.stream("openai", name))
    edge.openai.behave("gpt-4o", raw)
    body: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": name}]}
    with openai_sdk(tenant) as client:
        first, original = chat_streamed(client, body)
        edge.settled()
        second, replayed = chat_streamed(client, body)
        third, whole = chat_whole(client, body)
    assert (first, second, third) == ("MISS", "HIT", "HIT")
    if name == "groq_usage":
        # Told in a member of Groq's own; the entry tells it where OpenAI's protocol has it.
        told = fixtures.answer("openai", name)["usage"]
        assert replayed.pop("usage") == whole.pop("usage") == told
        for answer in (original, replayed, whole):
            answer.pop("usage", None)
            answer.pop("x_groq", None)
    assert same(replayed, original)
    assert same(whole, original)


def test_recorded_items_that_stream_no_text(edge: Edge, tenant: Tenant) -> None:
    # What hosted and custom tools leave in a response, as the terminal event has it.
    part = {
        "type": "output_text",
        "text": "It is sunny.",
        "annotations": [
            {
                "type": "url_citation",
                "url": "https://example.com/w",
                "title": "W",
                "start_index": 0,
                "end_index": 5,
            }
        ],
        "logprobs": [],
    }
    output: list[Any] = [
        {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        {
            "id": "ws_1",
            "type": "web_search_call",
            "status": "completed",
            "action": {"type": "search", "query": "weather"},
        },
        {
            "id": "ctc_1",
            "type": "custom_tool_call",
            "call_id": "call_1",
            "name": "code",
            "input": "print('hi')",
        },
        {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [part],
        },
    ]
    finished = {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": MODEL,
        "output": output,
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7,
        },
    }
    raw = Behaviour(
        "raw", status=200, body=json.dumps(finished).encode(), content_type="application/json"
    )
    edge.openai.behave(MODEL, raw)
    body = {"model": MODEL, "input": "weather?", "store": False}
    with openai_sdk(tenant) as client:
        first, original = response_whole(client, body)
        edge.settled()
        second, replayed = response_streamed(client, body)
    assert (first, second) == ("MISS", "HIT")
    assert same(replayed, original)


@pytest.mark.parametrize("form", ["float", "base64"])
def test_embeddings(edge: Edge, tenant: Tenant, form: Any) -> None:
    body: dict[str, Any] = {
        "model": "text-embedding-3-small",
        "input": ["one", "two", "one"],
        "encoding_format": form,
        "dimensions": 64,
    }
    with openai_sdk(tenant) as client:
        made = [client.embeddings.with_raw_response.create(**body) for _ in range(2)]
        edge.settled()
        made.append(client.embeddings.with_raw_response.create(**body))
    assert made[-1].headers["x-watchllm-cache"] == "HIT"
    first, *others = [one.parse() for one in made]
    vectors = [item.embedding for item in first.data]
    assert [item.index for item in first.data] == [0, 1, 2]
    assert vectors[0] == vectors[2] != vectors[1]
    assert {type(vector) for vector in vectors} == {str if form == "base64" else list}
    assert all([item.embedding for item in other.data] == vectors for other in others)


GROQ: dict[str, dict[str, Any]] = {
    "text": {},
    "tools": {
        "tools": [
            {"type": "function", "function": {"name": name, "parameters": CITY}}
            for name in ("weather", "traffic")
        ]
    },
    "cut": {"max_completion_tokens": 2},
}


@pytest.mark.parametrize("kind", GROQ)
def test_groqs_sdk(edge: Edge, tenant: Tenant, kind: str) -> None:
    # Groq's SDK puts /openai/v1 before every path.
    messages: Any = [{"role": "user", "content": "hello"}]
    body = {"model": "llama-3.3-70b-versatile", "messages": messages, **GROQ[kind]}
    with groq.Groq(api_key=tenant.key, base_url=str(tenant.http.base_url), max_retries=0) as client:
        raw = client.chat.completions.with_raw_response.create(**body)
        original: Any = raw.parse()
        edge.settled()
        again = client.chat.completions.with_raw_response.create(**body)
        chunks: list[Any] = list(client.chat.completions.create(**body, stream=True))
    seen = [answer.headers["x-watchllm-cache"] for answer in (raw, again)]
    assert seen == ["MISS", "HIT"]
    assert again.parse() == original
    said = original.choices[0].message
    deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == (said.content or "")
    calls = [call for delta in deltas for call in delta.tool_calls or ()]
    assert [(call.function.name, call.function.arguments) for call in calls] == [
        (call.function.name, call.function.arguments) for call in said.tool_calls or ()
    ]
    assert chunks[-1].choices[0].finish_reason == original.choices[0].finish_reason
    assert edge.groq.calls() == 1
