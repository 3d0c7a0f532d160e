"""What a request is charged whose provider worked and did not say what it used: the estimate.

A stream that breaks or is left: test_streaming.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gateway.core.http import AnswerTooLarge, FetchFailed, NotConnected
from shared import redis_keys
from tests.worker.world import ENV, GOOD, STREAM, Said, Sent, World

PROJECT = "aaaaaaaa-0000-4000-8000-000000000000"
SILENT = json.dumps({**GOOD, "usage": None})
BROKEN = FetchFailed("the connection broke")
QUESTION = "hello " * 400
ALLOWED = 1_000
VECTORS = {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5]}]}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.be(monthly_budget_nanousd=10**12)
    yield made
    await made.close()


async def charged(world: World) -> int:
    """What the project has spent, nano-USD."""
    month = world.usage_logs[-1]["ts"][:7].replace("-", "")
    command = ["GET", redis_keys.spend(PROJECT, "project", month)]
    url = ENV["UPSTASH_REDIS_REST_URL"]
    _, text = await world.call("POST", url, [], json.dumps(command), timeout=1)
    return int(json.loads(text)["result"] or 0)


def saying(answer: Said | Exception) -> Callable[[Sent], Said]:
    """A provider that always answers, or fails, so."""

    def said(_: Sent) -> Said:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return said


async def ask(world: World, answer: Said | Exception, **body: Any) -> dict[str, Any]:
    """The usage row of a request that is answered so."""
    world.answer = saying(answer)
    await world.chat(text=QUESTION, max_tokens=ALLOWED, **body)
    return world.usage_logs[-1]


@pytest.mark.parametrize(
    ("answer", "body", "completion"),
    [
        pytest.param(Said(body=SILENT), {}, len(SILENT) // 4, id="whole, without usage"),
        pytest.param(
            Said(body=STREAM, media_type="text/event-stream"),
            {"stream": True},
            14,
            id="stream that ends well, without usage",
        ),
        pytest.param(Said(body="<html>"), {}, ALLOWED, id="no JSON"),
        pytest.param(Said(body='["a"]'), {}, ALLOWED, id="no object"),
        pytest.param(Said(breaks=BROKEN), {}, ALLOWED, id="breaks after its headers"),
        pytest.param(Said(breaks=AnswerTooLarge(9)), {}, ALLOWED, id="too large"),
        pytest.param(FetchFailed("late", timeout=True), {}, ALLOWED, id="not in time"),
        pytest.param(FetchFailed("garbled", answered=True), {}, ALLOWED, id="cannot be read"),
    ],
)
async def test_the_estimate_is_charged(
    world: World, answer: Said | Exception, body: dict[str, Any], completion: int
) -> None:
    row = await ask(world, answer, **body)
    assert row["decision"]["estimated"] is True
    assert row["prompt_tokens"] >= len(QUESTION) // 4
    assert row["completion_tokens"] == completion
    assert row["cost_nanousd"] == await charged(world) > 0


async def test_so_is_an_answer_that_the_client_did_not_wait_for(world: World) -> None:
    world.be(cache_on_disconnect=False, monthly_budget_nanousd=10**12)

    async def thinking(_: Sent) -> Said:
        world.left = True
        await asyncio.Event().wait()
        raise AssertionError

    world.answer = thinking
    assert (await world.chat(text=QUESTION, max_tokens=ALLOWED))[0] == 499
    row = world.usage_logs[-1]
    assert row["decision"]["estimated"] is True
    assert row["completion_tokens"] == ALLOWED
    assert row["cost_nanousd"] == await charged(world) > 0


async def test_what_a_stream_says_at_its_beginning_is_not_what_it_used(world: World) -> None:
    """Anthropic's first event tells the prompt's tokens, and one of the answer."""
    text = "word " * 200
    usage = {"input_tokens": 700, "output_tokens": 1}
    message = {"id": "m", "type": "message", "role": "assistant", "content": [], "usage": usage}
    events = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": text},
        },
    ]
    body = "".join(f"event: {each['type']}\ndata: {json.dumps(each)}\n\n" for each in events)
    world.answer = saying(Said(body=body, media_type="text/event-stream"))
    asked = {"messages": [{"role": "user", "content": QUESTION}], "max_tokens": ALLOWED}
    await world.post("/v1/messages", model="claude-sonnet-4-5", stream=True, **asked)
    row = world.usage_logs[-1]
    assert row["decision"]["estimated"] is True
    assert row["prompt_tokens"] == 700
    assert len(text) // 4 <= row["completion_tokens"] < len(text)
    assert row["cost_nanousd"] == await charged(world) > 0


async def test_no_request_is_charged_more_than_a_model_can_answer(world: World) -> None:
    world.answer = lambda _: Said(breaks=BROKEN)
    await world.chat(text=QUESTION, max_tokens=2**31 - 1)
    assert world.usage_logs[-1]["completion_tokens"] == 128_000


@pytest.mark.parametrize(
    "answer",
    [
        Said(500, '{"error": {"message": "No."}}'),
        Said(400, '{"error": {"message": "No."}}'),
        Said(500, "{}", breaks=BROKEN),
        BROKEN,
        NotConnected("no connection", timeout=True),
    ],
)
async def test_without_an_answer_nothing_is_charged(world: World, answer: Said | Exception) -> None:
    row = await ask(world, answer)
    assert row["decision"] is None or not row["decision"].get("estimated")
    assert row["cost_nanousd"] is None
    assert await charged(world) == 0


@pytest.mark.parametrize("cached", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        Said(body=json.dumps(VECTORS)),
        Said(body='{"object": "list", "data": []}'),
        Said(body=json.dumps(VECTORS), breaks=BROKEN),
        FetchFailed("late", timeout=True),
    ],
    ids=["without usage", "without vectors", "breaks", "late"],
)
async def test_embeddings(world: World, answer: Said | Exception, *, cached: bool) -> None:
    world.be(monthly_budget_nanousd=10**12, cache_enabled=cached)
    world.answer = saying(answer)
    await world.post("/v1/embeddings", model="text-embedding-3-small", input=QUESTION)
    row = world.usage_logs[-1]
    assert row["decision"]["estimated"] is True
    assert row["prompt_tokens"] >= len(QUESTION) // 4
    assert row["cost_nanousd"] == await charged(world) > 0
