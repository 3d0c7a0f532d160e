"""Rows of answered requests are in Redis before their process can lose them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.core.http import FetchFailed
from gateway.redis.calls import ADMIT, COMMIT, JOURNAL_SAVE
from gateway.reporting import pending, writer
from gateway.reporting.outbox import spool_breaker
from shared import redis_keys
from tests.doubles.openai_api import Behaviour
from tests.worker.caller import MODEL, Caller
from tests.worker.edge import Edge, until
from tests.worker.world import Said, Sent, World

JOURNAL = redis_keys.usage_journal()
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    yield made
    await made.close()


async def redis(world: World, *command: str) -> Any:
    _, text = await world.call("POST", "https://redis.example", [], json.dumps(command), timeout=1)
    return json.loads(text)["result"]


def scripts(world: World) -> list[str]:
    """What was run on Redis, without the sending of whole scripts."""
    known = {ADMIT.sha1: "admit", COMMIT.sha1: "commit", JOURNAL_SAVE.sha1: "save"}
    sent = [json.loads(command) for command in world.stored]
    return [
        known[command[1]] for command in sent if command[0] == "EVALSHA" and command[1] in known
    ]


async def test_a_miss_is_kept_in_the_round_trip_that_settles_it(world: World) -> None:
    world.supabase_away = True
    await world.post(**QUESTION)
    assert scripts(world) == ["admit", "commit"]
    assert await redis(world, "HLEN", JOURNAL) == 1
    assert not world.usage_logs
    assert not world.runtime.outbox.pending.rows  # Redis has it


async def test_nothing_of_a_row_can_be_read_there(world: World) -> None:
    world.supabase_away = True
    await world.post(**QUESTION)
    kept = await redis(world, "HGETALL", JOURNAL)
    assert "gpt-4o" not in kept[1]
    # Under another row's name it does not open, and stays for an hour.
    await redis(world, "HSET", JOURNAL, "another", kept[1])
    await redis(world, "ZADD", redis_keys.usage_journal_due(), "0", "another")
    world.supabase_away = False
    await drained(world)
    assert [row["request_id"] for row in world.usage_logs] == [kept[0]]
    assert await redis(world, "HKEYS", JOURNAL) == ["another"]


async def test_what_the_database_has_is_deleted(world: World) -> None:
    await world.post(**QUESTION)
    await world.post(**QUESTION)
    assert len(world.usage_logs) == 2
    assert await redis(world, "HLEN", JOURNAL) == 0
    assert await redis(world, "ZCARD", redis_keys.usage_journal_due()) == 0


async def test_another_process_hands_over_what_one_left(world: World) -> None:
    world.supabase_away = True
    await world.post(**QUESTION)
    other = World(beside=world)  # the first one is gone
    await drained(other)
    assert [row["cache_status"] for row in world.usage_logs] == ["MISS"]
    assert world.usage_logs[0]["status"] == 200
    assert world.usage_logs[0]["completion_tokens"] == 2
    await drained(other)
    assert len(world.usage_logs) == 1
    assert await redis(world, "HLEN", JOURNAL) == 0


async def test_who_writes_redis_can_delete_rows_that_wait_there(world: World) -> None:
    """What ``docs/public/security.md`` admits."""
    world.supabase_away = True
    await world.post(**QUESTION)
    await redis(world, "DEL", JOURNAL, redis_keys.usage_journal_due())
    world.supabase_away = False
    await drained(world)
    assert world.usage_logs == []


async def test_rows_that_a_slow_database_keeps_waiting_are_kept_too(world: World) -> None:
    await world.post(**QUESTION)
    inserted = asyncio.Event()
    world.insert_waits_for = inserted
    hits = [asyncio.create_task(world.post(**QUESTION)) for _ in range(5)]
    async with asyncio.timeout(60):
        while await redis(world, "HLEN", JOURNAL) < 5:  # noqa: ASYNC110 (Redis tells no event)
            await asyncio.sleep(0.001)
    inserted.set()
    for hit in hits:
        await hit
    await drained(world)
    assert len(world.usage_logs) == 6
    assert await redis(world, "HLEN", JOURNAL) == 0


async def test_without_redis_they_wait_in_memory(world: World) -> None:
    world.supabase_away = True
    await world.post(**QUESTION)

    def gone(_: Sent) -> Said:
        world.redis_away = FetchFailed("connection refused")
        return Said()

    world.answer = gone
    await world.post(**QUESTION, user="somebody", temperature=0.5)
    assert len(world.runtime.outbox.pending.rows) == 1
    world.redis_away, world.supabase_away = None, False
    await drained(world)
    assert len(world.usage_logs) == 2


async def test_a_row_that_was_handed_over_first_is_deleted_next_time() -> None:
    rows = pending.PendingRows()
    rows.add({"request_id": "a"}, 0.0)
    rows.handed_over(rows.oldest())
    rows.note_journaled(["a"])
    assert (rows.to_forget, rows.journaled) == ({"a"}, set())


async def drained(world: World) -> None:
    """What a batch of this process does in the end."""
    world.moved += 30.0  # the breakers' pauses are over
    outbox = world.runtime.outbox
    outbox.spool_breaker = spool_breaker()
    outbox.pending.next_drain = 0.0
    await writer.deliver(world, outbox)
    await world.finish()


def test_a_killed_process_loses_no_row_of_a_settled_miss(redis_edge: Edge) -> None:
    """Killed between the answer and the row's delivery, which waits for a frozen database."""
    with Edge("cpython", beside=redis_edge) as doomed:
        tenant = redis_edge.tenant()
        headers = {"authorization": f"Bearer {tenant.key}"}
        client = httpx.Client(base_url=doomed.base_url, headers=headers, timeout=60)
        client.get("/v1/cache/stats")  # the key is known from here on
        tenant.rows(1)
        doomed.supabase.break_with("frozen")
        for number in range(3):
            answer = client.post("/v1/chat/completions", json=QUESTION | {"seed": number})
            assert answer.status_code == 200
        until(lambda: redis_edge.redis("HLEN", JOURNAL) == 3, "the misses to be settled")
        client.close()
        doomed.kill()
    redis_edge.supabase.heal()
    redis_edge.supabase.usage_logs.clear()
    with Edge("cpython", beside=redis_edge):  # its first request drains what was left
        rows = tenant.rows(3)
        assert [row["status"] for row in rows] == [200, 200, 200]
        until(lambda: redis_edge.redis("HLEN", JOURNAL) == 0, "the journal to be empty")
        assert len({row["request_id"] for row in tenant.rows(3)}) == 3


def test_the_row_of_a_stream_that_was_left_is_kept_before_its_end(redis_edge: Edge) -> None:
    """And replaced by what the end tells."""
    redis_edge.openai.behave(MODEL, Behaviour("step"))
    tenant = redis_edge.tenant()
    caller = Caller(redis_edge, tenant, stream=True)
    caller.send()
    redis_edge.openai.wait_for_requests(1)
    redis_edge.openai.step()
    caller.read_until(b"data: ")
    caller.leave()
    until(lambda: redis_edge.redis("HLEN", JOURNAL) == 1, "the row to be kept")
    (_, due) = redis_edge.redis("ZRANGE", redis_keys.usage_journal_due(), "0", "-1", "WITHSCORES")
    seconds, _ = redis_edge.redis("TIME")
    assert 0 < float(due) / 1000 - int(seconds) <= 91  # nobody else hands it over yet
    assert tenant.rows(0) == []

    def over() -> bool:
        redis_edge.openai.step()
        return bool(tenant.rows(0))

    until(over, "the row of the whole stream", every=0.05)
    (row,) = tenant.rows(1)
    assert (row["status"], row["error_code"]) == (200, None)
    until(lambda: redis_edge.redis("HLEN", JOURNAL) == 0, "the journal to be empty")
