"""The OpenAI-compatible service behind the demo provider and the double, through the real SDK."""

import base64
import json
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest

from local_stack.demo_provider import speak
from local_stack.openai_api.answers import tokens
from tests.doubles.openai_api import Behaviour, OpenAIDouble
from tests.loopback import NO_CERTIFICATES

HELLO: Any = [{"role": "user", "content": "Hello"}]
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        },
    },
}


@pytest.fixture(scope="module")
def double() -> Iterator[OpenAIDouble]:
    with OpenAIDouble() as running:
        yield running


@pytest.fixture
def provider(double: OpenAIDouble) -> Iterator[OpenAIDouble]:
    yield double
    double.heal()
    double.behave_well()
    double.forget()


@pytest.fixture
def client(provider: OpenAIDouble) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=provider.base_url,
        api_key=provider.key,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(verify=NO_CERTIFICATES),
    ) as sdk:
        yield sdk


def post(provider: OpenAIDouble, body: Any, path: str = "/v1/chat/completions") -> httpx.Response:
    headers = {"Authorization": f"Bearer {provider.key}"}
    url = provider.url + path
    return httpx.post(url, json=body, headers=headers, timeout=60, verify=NO_CERTIFICATES)


def test_plain_completion(provider: OpenAIDouble, client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO)
    made = raw.parse()
    assert made.choices[0].message.content == "You said: Hello"
    assert made.choices[0].finish_reason == "stop"
    assert made.usage is not None
    assert made.usage.total_tokens == made.usage.prompt_tokens + made.usage.completion_tokens
    assert raw.headers["x-request-id"].startswith("req_")
    assert raw.headers["x-ratelimit-limit-requests"] == "10000"
    assert provider.calls("/v1/chat/completions") == 1


def test_stream_says_the_same_as_the_completion(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, n=2, logprobs=True, top_logprobs=2
    )
    stream = client.chat.completions.create(
        model="gpt-4o",
        messages=HELLO,
        n=2,
        logprobs=True,
        top_logprobs=2,
        stream=True,
        stream_options={"include_usage": True},
    )
    texts = ["", ""]
    logprobs: list[list[Any]] = [[], []]
    usage = None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            texts[choice.index] += choice.delta.content or ""
            if choice.logprobs:
                logprobs[choice.index] += choice.logprobs.content or []
    assert texts == [choice.message.content for choice in made.choices]
    assert usage == made.usage
    for choice, streamed in zip(made.choices, logprobs, strict=True):
        assert choice.logprobs is not None
        assert choice.logprobs.content == streamed


def test_tools_json_schema_vision_and_refusal(client: openai.OpenAI) -> None:
    called = client.chat.completions.create(model="gpt-4o", messages=HELLO, tools=[WEATHER])
    assert called.choices[0].finish_reason == "tool_calls"
    calls = called.choices[0].message.tool_calls
    assert calls is not None
    assert json.loads(calls[0].function.arguments) == {"city": "example", "days": 7}  # type: ignore[union-attr]

    stream = client.chat.completions.create(
        model="gpt-4o", messages=HELLO, tools=[WEATHER], stream=True
    )
    arguments = "".join(
        part.function.arguments or ""
        for chunk in stream
        for choice in chunk.choices
        for part in choice.delta.tool_calls or ()
        if part.function
    )
    assert json.loads(arguments) == {"city": "example", "days": 7}

    schema: Any = {
        "type": "json_schema",
        "json_schema": {
            "name": "s",
            "schema": {
                "type": "object",
                "properties": {"kind": {"enum": ["a", "b"]}, "of": {"$ref": "#/$defs/x"}},
                "$defs": {"x": {"type": "array", "items": {"type": "number"}}},
            },
        },
    }
    shaped = client.chat.completions.create(model="gpt-4o", messages=HELLO, response_format=schema)
    assert json.loads(shaped.choices[0].message.content or "") == {"kind": "a", "of": [7.5]}

    parts: Any = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
    ]
    seen = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": parts}]
    )
    assert seen.choices[0].message.content == "You said: What is this? [image_url]"

    refused = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "Refuse this"}]
    )
    assert refused.choices[0].message.refusal


def test_length_limit(client: openai.OpenAI) -> None:
    made = client.chat.completions.create(model="gpt-4o", messages=HELLO, max_completion_tokens=2)
    assert made.choices[0].finish_reason == "length"
    assert len(tokens(made.choices[0].message.content or "")) == 2


def test_embeddings(provider: OpenAIDouble, client: openai.OpenAI) -> None:
    both = client.embeddings.create(
        model="text-embedding-3-small", input=["one two", "three"], encoding_format="float"
    )
    one = client.embeddings.create(
        model="text-embedding-3-small", input="three", encoding_format="float"
    )
    assert [len(item.embedding) for item in both.data] == [1536, 1536]
    assert both.data[1].embedding == one.data[0].embedding
    packed = post(
        provider,
        {
            "model": "text-embedding-3-small",
            "input": "three",
            "encoding_format": "base64",
            "dimensions": 64,
        },
        "/v1/embeddings",
    ).json()["data"][0]["embedding"]
    vector = struct.unpack("<64f", base64.b64decode(packed))
    assert sum(value * value for value in vector) == pytest.approx(1, abs=1e-5)


def test_models(client: openai.OpenAI) -> None:
    assert "gpt-4o-mini" in [model.id for model in client.models.list()]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"messages": HELLO}, 400, None),
        ({"model": "gpt-4o"}, 400, "missing_required_parameter"),
        ({"model": "gpt-4o", "messages": []}, 400, "invalid_value"),
        ({"model": "gpt-4o", "messages": [{"role": "robot", "content": ""}]}, 400, "invalid_value"),
        ({"model": "gpt-4o", "messages": HELLO, "temperature": 3}, 400, "invalid_value"),
        ({"model": "gpt-4o", "messages": HELLO, "watchllm": 1}, 400, "unknown_parameter"),
        ({"model": "gpt-4o", "messages": HELLO, "stream_options": {}}, 400, "invalid_value"),
        ({"model": "no-such-model", "messages": HELLO}, 404, "model_not_found"),
        ([], 400, None),
    ],
)
def test_bad_requests(provider: OpenAIDouble, body: Any, status: int, code: str | None) -> None:
    answer = post(provider, body)
    assert answer.status_code == status
    assert answer.json()["error"]["code"] == code


def test_strict_about_http(provider: OpenAIDouble) -> None:
    url = f"{provider.base_url}/chat/completions"
    key = {"Authorization": f"Bearer {provider.key}"}
    assert httpx.post(url, json={}, timeout=60).status_code == 401
    wrong = httpx.post(
        url, json={}, headers={"Authorization": "Bearer sk-wrong-key-00000000"}, timeout=60
    )
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "invalid_api_key")
    assert "wrong-key" not in wrong.text
    assert httpx.get(url, headers=key, timeout=60).status_code == 405
    assert (
        httpx.post(f"{provider.base_url}/nothing", json={}, headers=key, timeout=60).status_code
        == 404
    )
    plain = httpx.post(url, content=b"{}", headers={**key, "Content-Type": "text/plain"})
    assert plain.json()["error"]["code"] == "unsupported_content_type"
    bad = httpx.post(url, content=b"{", headers={**key, "Content-Type": "application/json"})
    assert bad.status_code == 400


def test_behaviours_that_answer(provider: OpenAIDouble, client: openai.OpenAI) -> None:
    provider.behave("gpt-4o", Behaviour("rate-limited", retry_after="7"), times=1)
    with pytest.raises(openai.RateLimitError) as limited:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert limited.value.response.headers["retry-after"] == "7"
    assert client.chat.completions.create(model="gpt-4o", messages=HELLO).id
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="fault-server-error", messages=HELLO)
    provider.behave("gpt-4o", Behaviour("raw", status=200, body=b"data: x\n\n"))
    assert post(provider, {"model": "gpt-4o", "messages": HELLO}).content == b"data: x\n\n"


def stream_bytes(provider: OpenAIDouble, model: str, *, patience: float = 60) -> Iterator[bytes]:
    body = {"model": model, "messages": HELLO, "stream": True}
    headers = {"Authorization": f"Bearer {provider.key}"}
    url = f"{provider.base_url}/chat/completions"
    limits = httpx.Timeout(60, read=patience)
    with httpx.stream("POST", url, json=body, headers=headers, timeout=limits) as response:
        yield from response.iter_bytes()


@pytest.mark.parametrize("model", ["fault-stall-first", "fault-stall-mid"])
def test_stalls(provider: OpenAIDouble, model: str) -> None:
    with pytest.raises(httpx.ReadTimeout):
        list(stream_bytes(provider, model, patience=0.3))


def test_reset_after_some_events(provider: OpenAIDouble) -> None:
    received = b""
    with pytest.raises(httpx.ReadError):  # noqa: PT012 - the events come before the error
        for piece in stream_bytes(provider, "fault-reset-mid"):
            received += piece
    assert received.count(b"data: ") == 3


def test_broken_streams(provider: OpenAIDouble) -> None:
    truncated = b"".join(stream_bytes(provider, "fault-truncate"))
    assert truncated.count(b"data: ") == 3
    assert b"[DONE]" not in truncated
    failed = b"".join(stream_bytes(provider, "fault-error-mid"))
    assert failed.rstrip().endswith(b'"code": null}}')
    garbage = b"".join(stream_bytes(provider, "fault-garbage"))
    assert b"\xff" in garbage
    assert garbage.endswith(b"data: [DONE]\n\n")
    assert len(b"".join(stream_bytes(provider, "fault-huge"))) > 1_000_000


def test_the_demo_provider_says_what_it_is() -> None:
    text = speak({"model": "gpt-4o", "messages": [{"role": "user", "content": "x" * 500}]})
    assert text.startswith("This is WatchLLM's demo provider, standing in for gpt-4o")
    assert len(text) < 500
