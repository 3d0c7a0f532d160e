"""One request's attempts at its providers: how many, how long, with which keys, and what the
client is told of them.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.core.http import FetchFailed
from tests.worker.world import GOOD, KEY, STREAM, Said, Sent, World, code

ROUTE = {"match": "routed", "provider": "openai", "model": "gpt-4o"}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


# --- fan-out ---


def failing(_: Sent) -> Said:
    return Said(500, '{"error": {"message": "No."}}')


async def test_a_request_has_at_most_five_fallbacks(world: World) -> None:
    world.be(routes=[ROUTE | {"fallbacks": [f"groq/m{n}" for n in range(20)]}])
    world.answer = failing
    assert (await world.chat("routed"))[0] == 500
    asked = [sent.body["model"] for sent in world.sent]
    assert list(dict.fromkeys(asked)) == ["gpt-4o", *(f"m{n}" for n in range(5))]
    assert len(asked) == 12  # each of them once more


async def test_the_total_time_is_shared_by_all_attempts(world: World) -> None:
    world.be(routes=[ROUTE | {"fallbacks": [f"groq/m{n}" for n in range(5)]}])

    def slowly(_: Sent) -> Said:
        world.moved += 250
        return Said(500, "{}")

    world.answer = slowly
    status, text = await world.chat("routed")
    assert (status, code(text)) == (504, "upstream_timeout")
    assert [round(sent.timeout, -1) for sent in world.sent] == [600, 350, 100]


async def test_nothing_more_is_tried_for_a_client_that_left(world: World) -> None:
    world.be(routes=[ROUTE | {"fallbacks": ["groq/m"]}])

    def leaving(_: Sent) -> Said:
        world.left = True
        return Said(500, "{}")

    world.answer = leaving
    assert (await world.chat("routed"))[0] == 499
    assert len(world.sent) == 1
    assert world.usage_logs[-1]["error_code"] == "client_disconnected"


async def test_a_provider_is_not_waited_for_when_nobody_wants_the_answer(world: World) -> None:
    world.be(cache_on_disconnect=False)
    given_up = asyncio.Event()

    async def thinking(_: Sent) -> Said:
        world.left = True
        try:
            await asyncio.Event().wait()
        finally:
            given_up.set()
        raise AssertionError

    world.answer = thinking
    assert (await world.chat())[0] == 499
    await given_up.wait()
    assert len(world.sent) == 1


async def test_an_answer_that_cannot_be_read_is_not_asked_for_again(world: World) -> None:
    def garbled(_: Sent) -> Said:
        raise FetchFailed("a header line too long", answered=True)

    world.answer = garbled
    assert (await world.chat())[0] == 502
    assert len(world.sent) == 1


# --- breaker ---


async def test_a_breaker_is_of_one_endpoint_and_model(world: World) -> None:
    world.answer = lambda sent: failing(sent) if sent.body["model"] == "gpt-4o" else Said()
    for _ in range(3):
        assert (await world.chat("gpt-4o"))[0] == 500
    status, text = await world.chat("gpt-4o")
    assert (status, code(text)) == (503, "provider_unavailable")
    assert (await world.chat("gpt-4o-mini"))[0] == 200
    assert (await world.post("/v1/completions", model="gpt-4o", prompt="x"))[0] == 500


async def test_not_implemented_is_no_outage(world: World) -> None:
    world.answer = lambda _: Said(501, "{}")
    assert {(await world.chat())[0] for _ in range(8)} == {501}


# --- what a provider may say ---


@pytest.mark.parametrize("status", [200, 400, 401])
async def test_a_key_that_is_echoed_does_not_come_out(world: World, status: int) -> None:
    text = json.dumps({**GOOD, "error": {"message": f"no such key {KEY}", "code": KEY}})
    world.answer = lambda _: Said(status, text)
    _, told = await world.chat()
    assert "[redacted]" in told
    assert KEY not in told
    assert KEY not in json.dumps(world.usage_logs)


async def test_nor_out_of_a_stream(world: World) -> None:
    text = STREAM.replace("hi", f"your key is {KEY}")
    world.answer = lambda _: Said(200, text, "text/event-stream")
    messages = [{"role": "user", "content": "hello"}]
    _, told = await world.post(model="gpt-4o", messages=messages, stream=True)
    assert told == text.replace(KEY, "*" * len(KEY))
    _, told = await world.post(model="gpt-4o", messages=messages)  # the same from the cache
    assert len(world.sent) == 1
    assert f"your key is {'*' * len(KEY)}" in told
    _, told = await world.post("/v1/audio/speech", input="x")
    assert told == text.replace(KEY, "*" * len(KEY))


@pytest.mark.parametrize("media_type", ["application/json", "text/plain", "Text/Event-Stream"])
async def test_a_stream_is_known_by_how_it_begins(world: World, media_type: str) -> None:
    world.answer = lambda _: Said(200, ": hello\n\n" + STREAM, media_type)
    status, text = await world.chat(stream=True)
    assert (status, text) == (200, ": hello\n\n" + STREAM)


async def test_a_whole_answer_to_a_stream_is_no_stream(world: World) -> None:
    world.answer = lambda _: Said(200, json.dumps(GOOD), "application/json")
    status, text = await world.chat(stream=True)
    assert status == 200
    assert text.endswith("data: [DONE]\n\n")


# --- the usage of streams ---

REFUSAL = json.dumps(
    {"error": {"message": "Unknown parameter: 'stream_options'.", "param": "stream_options"}}
)


def strict(sent: Sent) -> Said:
    if "stream_options" in sent.body:
        return Said(400, REFUSAL)
    return Said(200, STREAM, "text/event-stream")


def options(world: World) -> list[Any]:
    return [sent.body.get("stream_options") for sent in world.sent]


async def test_a_refused_question_for_usage_is_dropped_and_remembered(world: World) -> None:
    world.answer = strict
    for _ in range(2):
        assert (await world.chat(stream=True))[0] == 200
    assert options(world) == [{"include_usage": True}, None, None]
    # Another model is another server for all we know.
    await world.chat("gpt-4o-mini", stream=True)
    assert options(world)[3:] == [{"include_usage": True}, None]


async def test_in_a_translated_request_too(world: World) -> None:
    world.answer = strict
    messages = [{"role": "user", "content": "hello"}]
    body = {"model": "gpt-4o", "max_tokens": 5, "messages": messages, "stream": True}
    status, text = await world.post("/v1/messages", **body)
    assert status == 200
    assert "message_stop" in text
    assert options(world) == [{"include_usage": True}, None]


async def test_what_the_caller_asks_for_itself_is_the_providers_to_refuse(world: World) -> None:
    world.answer = strict
    for given in ({"include_usage": True}, {"odd": 1}):
        status, text = await world.chat(stream=True, stream_options=given)
        assert (status, text) == (400, REFUSAL)
    assert len(world.sent) == 2
    assert not world.runtime.providers.refuses_usage(("", "", "", ""))
    world.answer = lambda _: Said(200, STREAM, "text/event-stream")
    await world.chat(stream=True)
    assert options(world)[-1] == {"include_usage": True}


async def test_a_refusal_for_another_reason_is_not_remembered(world: World) -> None:
    """A caller can make a provider say the words."""
    world.answer = lambda _: Said(400, REFUSAL)
    assert (await world.chat(stream=True))[0] == 400
    assert options(world) == [{"include_usage": True}, None]
    await world.chat(stream=True)
    assert options(world)[2] == {"include_usage": True}


@pytest.mark.parametrize(
    ("model", "body", "asked"),
    [
        ("gpt-4o", {}, True),
        ("groq/m", {}, True),
        ("openrouter/m", {}, True),
        ("openrouter/m", {"provider": {"require_parameters": False}}, True),
        ("openrouter/m", {"provider": {"require_parameters": True}}, False),
        ("groq/m", {"provider": {"require_parameters": True}}, True),
        ("mistral-small", {}, False),
        ("together/m", {}, False),
    ],
)
async def test_usage_is_asked_for_where_the_question_is_known(
    world: World, model: str, body: dict[str, Any], asked: bool
) -> None:
    world.answer = lambda _: Said(200, STREAM, "text/event-stream")
    await world.chat(model, stream=True, **body)
    assert options(world) == [{"include_usage": True} if asked else None]
