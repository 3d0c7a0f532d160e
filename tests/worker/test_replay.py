"""One entry, two forms: what was streamed is served whole, what came whole is streamed."""

import json
from typing import Any

import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant
from tests.worker.sdk import assembled, comparable, events

WITH_USAGE = {"stream": True, "stream_options": {"include_usage": True}}
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}
TIME = {"type": "function", "function": {"name": "time", "parameters": {"type": "object"}}}
SHAPE = {
    "type": "json_schema",
    "json_schema": {
        "name": "s",
        "schema": {"type": "object", "properties": {"a": {"type": "string"}}},
    },
}
REQUESTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "not ascii": {"text": "Grüße, 世界 \U0001f600"},
    "empty-ish": {"text": "x", "max_tokens": 1},
    "two choices": {"n": 2},
    "logprobs": {"logprobs": True, "top_logprobs": 2},
    "refusal": {"text": "refuse this"},
    "parallel tool calls": {"tools": [WEATHER, TIME]},
    "two choices with tools": {"tools": [WEATHER], "n": 2},
    "json schema": {"response_format": SHAPE},
    "length": {"max_completion_tokens": 2},
}


def status(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-watchllm-cache"])


@pytest.mark.parametrize("name", REQUESTS)
def test_whole_then_streamed(edge: Edge, tenant: Tenant, name: str) -> None:
    request = {"text": "hello", **REQUESTS[name]}
    whole = tenant.ask(**request)
    streamed = tenant.chat(**request, **WITH_USAGE)
    assert (status(whole), status(streamed)) == ("MISS", "HIT")
    expected = comparable(whole.json())
    assert assembled(streamed) == {**expected, "object": "chat.completion"}
    assert edge.openai.calls() == 1


@pytest.mark.parametrize("name", REQUESTS)
def test_streamed_then_whole_then_streamed(edge: Edge, tenant: Tenant, name: str) -> None:
    request = {"text": "hello", **REQUESTS[name]}
    live = tenant.ask(**request, **WITH_USAGE)
    whole = tenant.chat(**request)
    replay = tenant.chat(**request, **WITH_USAGE)
    assert [status(answer) for answer in (live, whole, replay)] == ["MISS", "HIT", "HIT"]
    assert assembled(live) == assembled(replay) == comparable(whole.json())
    assert whole.json()["object"] == "chat.completion"
    assert edge.openai.calls() == 1


def test_what_an_answer_says_beside_its_choices(edge: Edge, tenant: Tenant) -> None:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    moderation = {"input": {"type": "moderation_results", "model": "m", "results": []}}
    sent: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"role": "assistant", "content": "hi"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "moderation": moderation},
    ]
    lines = [f"data: {json.dumps({**head, **one, 'obfuscation': 'x7Yq'})}\n\n" for one in sent]
    body = "".join([*lines, "data: [DONE]\n\n"]).encode()
    edge.openai.behave("moderated", Behaviour("raw", 200, body=body))
    live = tenant.ask("hello", model="moderated", stream=True)
    whole = tenant.chat("hello", model="moderated")
    replay = tenant.chat("hello", model="moderated", stream=True)
    assert [status(answer) for answer in (live, whole, replay)] == ["MISS", "HIT", "HIT"]
    assert whole.json()["moderation"] == moderation
    assert [chunk["moderation"] for chunk in events(replay.text)[:-1] if "moderation" in chunk] == [
        moderation
    ]
    assert "obfuscation" in live.text  # OpenAI's padding of chunks is no part of the answer
    assert "obfuscation" not in whole.text + replay.text


@pytest.mark.parametrize("first_with_usage", [False, True])
def test_the_usage_chunk_comes_when_asked_for(tenant: Tenant, *, first_with_usage: bool) -> None:
    plain = {"stream": True}
    forms = [WITH_USAGE, plain] if first_with_usage else [plain, WITH_USAGE]
    for form in (*forms, *forms):
        chunks = events(tenant.ask("hello", **form).text)[:-1]
        if form is WITH_USAGE:
            assert chunks[-1]["choices"] == []
            assert chunks[-1]["usage"]["total_tokens"] > 0
            assert all(chunk["usage"] is None for chunk in chunks[:-1])
        else:
            assert all(chunk["choices"] for chunk in chunks)
            assert all(not chunk.get("usage") for chunk in chunks)


def test_a_live_stream_is_passed_on_byte_by_byte(edge: Edge, tenant: Tenant) -> None:
    body = (
        b": keep-alive\r\n\r\n"
        b'data: {"id":"1","choices":[{"index":0,"delta":{"role":"assistant","content":"h\xc3\xa4"}'
        b',"finish_reason":null}]}\r\n\r\n'
        b'event: odd\ndata:{"id":"1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
        b"data: [DONE]\n\n"
    )
    edge.openai.behave("gpt-4o", Behaviour("raw", status=200, body=body))
    answer = tenant.chat("hello", model="gpt-4o", **WITH_USAGE)
    assert answer.content == body


def test_fields_beside_the_content_survive(edge: Edge, tenant: Tenant) -> None:
    # What compatible providers add: reasoning, annotations, their own members of the choice.
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "reasoning_content": "Let me "},
        {"reasoning_content": "think.", "reasoning": "Hm"},
        {"content": "It "},
        {"content": "is.", "annotations": [{"type": "url_citation", "url": "https://a.example"}]},
    ]
    chunks: list[Any] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    chunks.append({"index": 0, "delta": {}, "finish_reason": "stop", "matched_stop": 5})
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "extra": "x"}
    lines = [f"data: {json.dumps({**head, 'choices': [choice]})}\n\n" for choice in chunks]
    body = "".join([*lines, "data: [DONE]\n\n"]).encode()
    edge.openai.behave("gpt-4o", Behaviour("raw", status=200, body=body))
    tenant.ask("hello", model="gpt-4o", stream=True)
    whole = tenant.chat("hello", model="gpt-4o").json()
    message = whole["choices"][0]["message"]
    assert message["content"] == "It is."
    assert message["reasoning_content"] == "Let me think."
    assert message["reasoning"] == "Hm"
    assert message["annotations"] == [{"type": "url_citation", "url": "https://a.example"}]
    assert whole["choices"][0]["matched_stop"] == 5
    assert whole["extra"] == "x"
    replay = tenant.chat("hello", model="gpt-4o", stream=True)
    told = [choice["delta"] for chunk in events(replay.text)[:-1] for choice in chunk["choices"]]
    assert "".join(delta.get("reasoning_content", "") for delta in told) == "Let me think."


def test_a_character_cut_between_two_deltas_is_whole_again(edge: Edge, tenant: Tenant) -> None:
    # A server that streams UTF-16 units, escaped: each half alone is no character.
    halves = [r'{"content":"\ud83d"}', r'{"content":"\ude00"}', r"{}"]
    ends = ["null", "null", '"stop"']
    body = "".join(
        f'data: {{"id":"1","choices":[{{"index":0,"delta":{delta},"finish_reason":{end}}}]}}\n\n'
        for delta, end in zip(halves, ends, strict=True)
    )
    answer = Behaviour("raw", status=200, body=(body + "data: [DONE]\n\n").encode())
    edge.openai.behave("gpt-4o", answer)
    tenant.ask("hello", model="gpt-4o", stream=True)
    whole = tenant.chat("hello", model="gpt-4o")
    assert status(whole) == "HIT"
    assert whole.json()["choices"][0]["message"]["content"] == "\U0001f600"
    replay = tenant.chat("hello", model="gpt-4o", stream=True)
    deltas = [chunk["choices"][0]["delta"] for chunk in events(replay.content.decode())[:-1]]
    assert "".join(delta.get("content", "") for delta in deltas) == "\U0001f600"


def test_asked_for_a_stream_and_answered_whole(edge: Edge, tenant: Tenant) -> None:
    # Some compatible servers do not stream; the client still gets what it can read.
    completion = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi"},
                "finish_reason": "stop",
            }
        ],
    }
    raw = json.dumps(completion).encode()
    answer = Behaviour("raw", status=200, body=raw, content_type="application/json")
    edge.openai.behave("gpt-4o", answer)
    streamed = tenant.ask("hello", model="gpt-4o", stream=True)
    assert assembled(streamed) == comparable(completion)
    assert status(tenant.chat("hello", model="gpt-4o")) == "HIT"
