"""Identical misses of one process share one call of the provider, whatever Redis does."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gateway import app
from gateway.cache.flights import Flights, answer_of_leader
from gateway.core.http import FetchFailed
from gateway.redis import calls
from gateway.redis.scripts import Script
from lua_calls.generate import EDGE
from tests.worker.memory_platform import MemoryRequest, read
from tests.worker.world import GOOD, STREAM, Said, World

CHAT = "/v1/chat/completions"
AT_ONCE = 40
PROJECT = "aaaaaaaa-0000-4000-8000-000000000000"
STORED_RESPONSE = {
    "id": "resp_1",
    "object": "response",
    "status": "completed",
    "model": "gpt-4o-mini",
    "metadata": {},
    "output": [
        {
            "type": "message",
            "id": "msg_1",
            "role": "assistant",
            "status": "completed",
            "content": [{"type": "output_text", "text": "hi", "annotations": []}],
        }
    ],
    "usage": {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
}


class HeldWorld(World):
    """The provider answers once `answers` is set. Redis does not answer while `away`, nor to what
    `loses` says of it."""

    def __init__(self) -> None:
        super().__init__()
        self.answers = asyncio.Event()
        self.asked = asyncio.Event()
        self.away = False
        self.loses: Callable[[list[Any]], bool] = lambda _: False

    async def call(self, method: str, url: str, *rest: Any, **named: Any) -> tuple[int, str]:
        if "redis" in url and (self.away or self.loses(json.loads(rest[1]))):
            raise FetchFailed("no answer", timeout=True)
        return await super().call(method, url, *rest, **named)

    async def fetch(self, *rest: Any, **named: Any) -> Any:
        self.asked.set()
        await self.answers.wait()
        return await super().fetch(*rest, **named)

    def commands(self, script: Script) -> int:
        """How often the script was called (by its hash first)."""
        return sum(script.sha1 in json.loads(stored)[1:2] for stored in self.stored)


@pytest.fixture
async def world() -> AsyncIterator[HeldWorld]:
    made = HeldWorld()
    yield made
    await made.close()


@pytest.fixture
def alone(world: HeldWorld) -> HeldWorld:
    """Without Redis."""
    world.away = True
    return world


async def ask(
    world: World, text: str = "hello", headers: dict[str, str] | None = None, **body: Any
) -> tuple[int, str, str]:
    """Status, what the cache did, and the answer."""
    sent = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **body}
    return await post(world, CHAT, sent, headers)


async def post(
    world: World, path: str, body: dict[str, Any], headers: dict[str, str] | None = None
) -> tuple[int, str, str]:
    headers = {"authorization": f"Bearer {world.key}", **(headers or {})}
    response = await app.handle(world.runtime, world, MemoryRequest(path, headers, body))
    return response.status, dict(response.headers)["x-watchllm-cache"], await read(response)


async def together(world: HeldWorld, **body: Any) -> list[tuple[int, str, str]]:
    waiting = [asyncio.create_task(ask(world, **body)) for _ in range(AT_ONCE)]
    await world.asked.wait()
    world.answers.set()
    answers = await asyncio.gather(*waiting)
    await world.finish()
    return answers


@pytest.mark.parametrize("stream", [False, True])
async def test_without_redis_they_share_one_answer(alone: HeldWorld, *, stream: bool) -> None:
    if stream:
        alone.answer = lambda _: Said(body=STREAM, media_type="text/event-stream")
    answers = await together(alone, stream=stream)
    assert len(alone.sent) == 1
    assert Counter(seen for _, seen, _ in answers) == {"BYPASS": 1, "HIT-COALESCED": AT_ONCE - 1}
    assert all(status == 200 and "hi" in text for status, _, text in answers)
    if not stream:
        assert all(json.loads(text)["choices"] == GOOD["choices"] for *_, text in answers)
    assert len(alone.usage_logs) == AT_ONCE
    assert Counter(row["cost_nanousd"] for row in alone.usage_logs)[0] == AT_ONCE - 1
    why = [(row["decision"] or {}).get("bypass") for row in alone.usage_logs]
    assert sum(reason is not None for reason in why) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_with_redis_nobody_looks_there_but_the_leader(
    world: HeldWorld, *, stream: bool
) -> None:
    if stream:
        world.answer = lambda _: Said(body=STREAM, media_type="text/event-stream")
    answers = await together(world, stream=stream)
    assert len(world.sent) == 1
    assert Counter(seen for _, seen, _ in answers) == {"MISS": 1, "HIT-COALESCED": AT_ONCE - 1}
    assert world.commands(calls.ADMIT) == AT_ONCE
    assert world.commands(calls.FOLLOW) == 0
    assert world.commands(calls.COMMIT) == 1


async def test_a_leader_that_redis_did_not_answer_is_followed_by_those_it_answers(
    world: HeldWorld,
) -> None:
    """A stall: the leader goes uncached; the next one holds the lock, and stores for both."""
    world.away = True
    leader = asyncio.create_task(ask(world))
    await world.asked.wait()
    world.away = False
    while world.runtime.redis.is_open:
        await world.sleep(1)
    rest = [asyncio.create_task(ask(world)) for _ in range(3)]
    while world.commands(calls.ADMIT) < 3:
        await world.sleep(1)
    world.answers.set()
    assert (await leader)[1] == "BYPASS"
    assert {seen for _, seen, _ in await asyncio.gather(*rest)} == {"HIT-COALESCED"}
    await world.finish()
    assert (await ask(world))[1] == "HIT"
    assert len(world.sent) == 1


async def test_another_question_and_a_request_that_wants_a_fresh_answer_wait_for_none(
    alone: HeldWorld,
) -> None:
    waiting = [
        asyncio.create_task(one)
        for one in (
            ask(alone),
            ask(alone, "another"),
            ask(alone, headers={"x-watchllm-cache": "refresh"}),
            ask(alone, headers={"x-watchllm-cache": "off"}),
            ask(alone, headers={"cache-control": "max-age=5"}),
        )
    ]
    await alone.asked.wait()
    alone.answers.set()
    assert {seen for _, seen, _ in await asyncio.gather(*waiting)} == {"BYPASS"}
    assert len(alone.sent) == 5


@pytest.mark.parametrize("away", [True, False])
async def test_after_two_answers_that_are_none_for_others_each_asks(
    world: HeldWorld, *, away: bool
) -> None:
    world.away = away
    world.answer = lambda _: Said(400, '{"error": {"message": "no"}}')
    answers = await together(world)
    assert {status for status, *_ in answers} == {400}
    assert len(world.sent) == AT_ONCE


@pytest.mark.parametrize("away", [True, False])
async def test_followers_of_a_leader_that_failed_share_a_second_one(
    world: HeldWorld, *, away: bool
) -> None:
    world.away = away
    refusals = iter([Said(400, '{"error": {"message": "no"}}')])
    world.answer = lambda _: next(refusals, Said())
    answers = await together(world)
    assert Counter(status for status, *_ in answers) == {400: 1, 200: AT_ONCE - 1}
    assert len(world.sent) == 2


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("away", [True, False])
async def test_each_is_answered_with_its_own_labels(
    world: HeldWorld, *, away: bool, stream: bool
) -> None:
    world.away = away
    if not stream:
        world.answer = lambda _: Said(body=json.dumps(STORED_RESPONSE))
    else:
        last = {"type": "response.completed", "response": STORED_RESPONSE, "sequence_number": 0}
        text = f"event: response.completed\ndata: {json.dumps(last)}\n\n"
        world.answer = lambda _: Said(body=text, media_type="text/event-stream")
    bodies = [
        {"model": "gpt-4o-mini", "input": "hello", "metadata": {"of": str(number)}}
        for number in range(3)
    ]
    asked = [
        asyncio.create_task(post(world, "/v1/responses", body | {"stream": stream}))
        for body in bodies
    ]
    await world.asked.wait()
    world.answers.set()
    answers = await asyncio.gather(*asked)
    await world.finish()
    assert len(world.sent) == 1
    assert [seen for _, seen, _ in answers].count("HIT-COALESCED") == 2
    for number, (_, seen, text) in enumerate(answers):
        if seen == "HIT-COALESCED":
            others = [str(other) for other in range(3) if other != number]
            assert f'"of":"{number}"' in text.replace(" ", "")
            assert not any(f'"of":"{other}"' in text.replace(" ", "") for other in others)


@pytest.mark.parametrize("away", [True, False])
async def test_batches_of_embeddings_share_one_call(world: HeldWorld, *, away: bool) -> None:
    world.away = away
    vectors = [{"index": number, "embedding": [0.5, float(number)]} for number in range(2)]
    usage = {"prompt_tokens": 4, "total_tokens": 4}
    said = {"object": "list", "data": vectors, "model": "m", "usage": usage}
    world.answer = lambda _: Said(body=json.dumps(said))
    body = {"model": "text-embedding-3-small", "input": ["a", "b"]}
    waiting = [asyncio.create_task(post(world, "/v1/embeddings", body)) for _ in range(AT_ONCE)]
    await world.asked.wait()
    world.answers.set()
    answers = await asyncio.gather(*waiting)
    await world.finish()
    assert len(world.sent) == 1
    leader = "BYPASS" if away else "MISS"
    assert Counter(seen for _, seen, _ in answers) == {leader: 1, "HIT-COALESCED": AT_ONCE - 1}
    told = [json.loads(text)["data"] for *_, text in answers]
    assert all([one["embedding"] for one in data] == [[0.5, 0.0], [0.5, 1.0]] for data in told)
    costs = Counter(row["cost_nanousd"] for row in world.usage_logs)
    assert costs[0] == AT_ONCE - 1
    assert world.commands(calls.FOLLOW) == 0


@pytest.mark.parametrize("away", [True, False])
async def test_batches_whose_leaders_fail_are_asked_for_by_each(
    world: HeldWorld, *, away: bool
) -> None:
    world.away = away
    world.answer = lambda _: Said(400, '{"error": {"message": "no"}}')
    body = {"model": "text-embedding-3-small", "input": "a"}
    waiting = [asyncio.create_task(post(world, "/v1/embeddings", body)) for _ in range(5)]
    await world.asked.wait()
    world.answers.set()
    assert {status for status, *_ in await asyncio.gather(*waiting)} == {400}
    await world.finish()
    assert len(world.sent) == 5


async def test_the_flight_of_a_project_is_its_own() -> None:
    flights: Flights[str] = Flights()
    flight = flights.begin("project", "key", 0.0)
    assert flights.find("project", "key") is flight
    assert flights.find("other project", "key") is None
    flights.end("project", "key", flight, "answer")
    assert flights.find("project", "key") is None
    assert flight.answer == "answer"


async def test_who_took_a_leaders_place_is_not_ended_by_it() -> None:
    flights: Flights[str] = Flights()
    gone = flights.begin("project", "key", 0.0)
    second = flights.begin("project", "key", 1.0)
    flights.end("project", "key", gone, None)
    assert flights.find("project", "key") is second


class Sleeper(World):
    """Counts the seconds that it should have slept. ``during``: what happens then."""

    def __init__(self) -> None:
        super().__init__()
        self.slept = 0.0
        self.during: Callable[[], None] = lambda: None

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds
        self.during()
        await super().sleep(0)


async def test_a_leader_that_is_gone_keeps_nobody_longer_than_its_lease() -> None:
    sleeper = Sleeper()
    assert await answer_of_leader(sleeper, Flights[str]().begin("project", "key", 0.0), 2.5) is None
    assert 2.5 <= sleeper.slept <= 2.6
    await sleeper.close()


async def test_one_that_works_is_waited_for() -> None:
    sleeper, flight = Sleeper(), Flights[str]().begin("project", "key", 0.0)

    def beat() -> None:
        flight.beats = int(sleeper.slept)
        if sleeper.slept > 60:
            flight.has_ended, flight.answer = True, "late"

    sleeper.during = beat
    assert await answer_of_leader(sleeper, flight, 2.5) == "late"
    await sleeper.close()


async def test_the_lock_is_renewed_while_the_provider_thinks_and_not_afterwards(
    world: HeldWorld,
) -> None:
    asked = asyncio.create_task(ask(world))
    while world.commands(calls.RENEW) < 3:
        await world.sleep(1)  # the clock runs faster here
    world.answers.set()
    await asked
    await world.finish()  # returns when nothing is left to do
    before = world.commands(calls.RENEW)
    await world.sleep(1)
    assert world.commands(calls.RENEW) == before


async def test_a_lock_that_was_lost_is_not_taken_from_its_new_holder(world: HeldWorld) -> None:
    asked = asyncio.create_task(ask(world))
    await world.asked.wait()
    admit = next(json.loads(stored) for stored in world.stored if '"EVAL' in stored)
    lock = next(part for part in admit if isinstance(part, str) and ":lock" in part)
    await world.call(
        "POST", "https://redis.example", [], json.dumps(["SET", lock, "another"]), timeout=1
    )
    while world.commands(calls.RENEW) < 1:
        await world.sleep(1)
    world.answers.set()
    await asked
    await world.finish()
    assert world.commands(calls.RENEW) == 1
    _, held = await world.call(
        "POST", "https://redis.example", [], json.dumps(["GET", lock]), timeout=1
    )
    assert json.loads(held)["result"] == "another"


async def test_settling_is_retried_without_charging_twice(world: HeldWorld) -> None:
    world.be(monthly_budget_nanousd=10**12)
    lost: list[list[Any]] = []

    def first_commit(command: list[Any]) -> bool:
        if not lost and calls.COMMIT.sha1 in command[1:2]:
            lost.append(command)
        return command in lost

    world.loses = first_commit
    world.answers.set()
    assert (await ask(world))[1] == "MISS"
    await world.finish()
    assert len(lost) == 1
    retried = [json.loads(stored) for stored in world.stored if calls.COMMIT.sha1 in stored]
    assert cost(lost[0]) > 0
    assert [cost(command) for command in retried] == [0]
    assert (await ask(world))[1] == "HIT"
    lock = next(part for part in lost[0] if isinstance(part, str) and ":lock" in part)
    _, held = await world.call(
        "POST", "https://redis.example", [], json.dumps(["GET", lock]), timeout=1
    )
    assert json.loads(held)["result"] is None


def cost(commit: list[Any]) -> int:
    """What a call of ``commit.lua`` charges."""
    names = [item.name for item in EDGE.header("commit").arguments]
    return int(commit[3 + int(commit[2]) + names.index("cost")])
