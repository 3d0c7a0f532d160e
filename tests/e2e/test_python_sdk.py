"""The product through the official Python SDK, sync and async, on every host."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.doubles.openai_api import Behaviour
from tests.loopback import NO_CERTIFICATES
from tests.worker.edge import Edge, Tenant

MODEL = "gpt-4o-mini"
WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def says(content: Any) -> Any:
    return [{"role": "user", "content": content}]


def sdk(tenant: Tenant, edge: Edge, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{edge.base_url}/v1",
        http_client=openai.DefaultHttpxClient(verify=NO_CERTIFICATES),
        **{"api_key": tenant.key, "max_retries": 0, **options},
    )


@pytest.fixture
def client(edge: Edge, tenant: Tenant) -> Iterator[openai.OpenAI]:
    with sdk(tenant, edge) as made:
        yield made


def test_plain_twice(edge: Edge, tenant: Tenant, client: openai.OpenAI) -> None:
    tenant.ask("hello")
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=says("hello"))
    assert raw.headers["x-watchllm-cache"] == "HIT"
    made = raw.parse()
    assert made.choices[0].message.content == "You said: hello"
    assert made.usage is not None
    assert made._request_id == raw.headers["x-request-id"]
    assert edge.openai.calls() == 1


def test_stream_helper(client: openai.OpenAI, tenant: Tenant) -> None:
    finals = []
    for _ in range(2):
        options: Any = {"include_usage": True}
        with client.chat.completions.stream(
            model=MODEL, messages=says("hello"), stream_options=options
        ) as stream:
            for _event in stream:
                pass
            finals.append(stream.get_final_completion())
        tenant.ask("hello")
    assert finals[0].choices[0].message.content == "You said: hello"
    assert finals[0].usage == finals[1].usage
    assert finals[0].choices[0].message == finals[1].choices[0].message


def test_tools_are_called_and_answered(client: openai.OpenAI) -> None:
    asked = says("weather?")
    made = client.chat.completions.create(model=MODEL, messages=asked, tools=[WEATHER])
    message = made.choices[0].message
    assert message.tool_calls is not None
    call = message.tool_calls[0]
    answered = [
        *asked,
        message.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    after = client.chat.completions.create(model=MODEL, messages=answered, tools=[WEATHER])
    assert after.choices[0].message.content == "You said: weather?"


class Place(BaseModel):
    """What the parse helper is asked for."""

    city: str
    population: int


def test_parse_helper(client: openai.OpenAI) -> None:
    for _ in range(2):
        made = client.chat.completions.parse(
            model=MODEL, messages=says("where?"), response_format=Place
        )
        assert made.choices[0].message.parsed == Place(city="example", population=7)


def test_vision_parts(client: openai.OpenAI) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
    content = [{"type": "text", "text": "What is this?"}, image]
    made = client.chat.completions.create(model=MODEL, messages=says(content))
    assert made.choices[0].message.content == "You said: What is this? [image_url]"


def test_embeddings(client: openai.OpenAI) -> None:
    model = "text-embedding-3-small"
    batch = client.embeddings.create(model=model, input=["one", "two"])
    one = client.embeddings.create(model=model, input="two")
    plain = client.embeddings.create(model=model, input="two", encoding_format="float")
    assert [len(item.embedding) for item in batch.data] == [1536, 1536]
    assert batch.data[1].embedding == one.data[0].embedding
    assert plain.data[0].embedding == pytest.approx(one.data[0].embedding, abs=1e-6)


def test_models(client: openai.OpenAI) -> None:
    assert MODEL in [model.id for model in client.models.list()]
    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("gpt-none")
    assert raised.value.code == "model_not_found"


Call = Callable[[openai.OpenAI], Any]
ERRORS: list[tuple[Call, type[openai.APIStatusError], int, str]] = [
    (
        lambda c: c.with_options(api_key="lgw_" + "0" * 38).models.list(),
        openai.AuthenticationError,
        401,
        "invalid_api_key",
    ),
    (
        lambda c: c.chat.completions.create(model=MODEL, messages="no list"),  # type: ignore[call-overload]
        openai.BadRequestError,
        400,
        "invalid_request",
    ),
    (
        lambda c: c.post("/chat/completions", cast_to=object, content=b'{"model":'),
        openai.BadRequestError,
        400,
        "invalid_json",
    ),
    (
        lambda c: c.chat.completions.create(model=MODEL, messages=says("x" * 3_000_000)),
        openai.APIStatusError,
        413,
        "request_too_large",
    ),
    (
        lambda c: c.get("/nothing", cast_to=object),
        openai.NotFoundError,
        404,
        "unknown_url",
    ),
    (
        lambda c: c.get("/chat/completions", cast_to=object),
        openai.APIStatusError,
        405,
        "method_not_allowed",
    ),
    (
        lambda c: c.chat.completions.create(model="no-such-model", messages=says("x")),
        openai.NotFoundError,
        404,
        "model_not_found",
    ),
]


@pytest.mark.parametrize(("call", "kind", "status", "code"), ERRORS, ids=lambda v: str(v)[:20])
def test_errors(
    edge: Edge, call: Call, kind: type[openai.APIStatusError], status: int, code: str
) -> None:
    tenant = edge.tenant(project={"max_body_bytes": 2_000_000})
    with sdk(tenant, edge) as client, pytest.raises(kind) as raised:
        call(client)
    assert (raised.value.status_code, raised.value.code) == (status, code)
    assert raised.value.request_id


def test_rate_limited(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 1})
    with sdk(tenant, edge) as client:
        client.chat.completions.create(model=MODEL, messages=says("x"))
        with pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(model=MODEL, messages=says("x"))
    assert raised.value.code == "rate_limit_exceeded"
    assert 1 <= int(raised.value.response.headers["retry-after"]) <= 60


def test_the_sdks_own_retry_waits_as_the_provider_asked(edge: Edge, tenant: Tenant) -> None:
    # More refusals than the edge repeats itself: the SDK reads retry-after and comes back.
    edge.openai.behave(MODEL, Behaviour("rate-limited", retry_after="2"), times=1)
    with sdk(tenant, edge, max_retries=2) as client:
        made = client.chat.completions.create(model=MODEL, messages=says("x"))
    assert made.choices[0].message.content == "You said: x"
    assert edge.openai.calls() == 2


def test_a_broken_stream_is_an_exception(fragile: Edge) -> None:
    fragile.openai.behave("gpt-4o", Behaviour("reset-mid"))
    with sdk(fragile.tenant(), fragile) as client, pytest.raises(openai.APIError):
        for _chunk in client.chat.completions.create(
            model="gpt-4o", messages=says("hello"), stream=True
        ):
            pass


def run(edge: Edge, tenant: Tenant, work: Callable[[openai.AsyncOpenAI], Awaitable[Any]]) -> Any:
    """Run one coroutine with an async client."""

    async def main() -> Any:
        async with openai.AsyncOpenAI(
            base_url=f"{edge.base_url}/v1", api_key=tenant.key, max_retries=0
        ) as client:
            return await work(client)

    return asyncio.run(main())


def test_async_plain_and_stream(edge: Edge, tenant: Tenant) -> None:
    async def work(client: openai.AsyncOpenAI) -> tuple[Any, str]:
        made = await client.chat.completions.create(model=MODEL, messages=says("hello"))
        text = ""
        async for chunk in await client.chat.completions.create(
            model=MODEL, messages=says("hello"), stream=True
        ):
            text += chunk.choices[0].delta.content or ""
        return made.choices[0].message.content, text

    assert run(edge, tenant, work) == ("You said: hello", "You said: hello")


def test_async_concurrent_requests(edge: Edge, tenant: Tenant) -> None:
    async def work(client: openai.AsyncOpenAI) -> list[Any]:
        texts = [f"number {n % 5}" for n in range(25)]
        made = await asyncio.gather(
            *(client.chat.completions.create(model=MODEL, messages=says(text)) for text in texts)
        )
        return [
            (text, one.choices[0].message.content) for text, one in zip(texts, made, strict=True)
        ]

    for text, answer in run(edge, tenant, work):
        assert answer == f"You said: {text}"
    assert edge.openai.calls() == 5  # identical misses reach the provider once
