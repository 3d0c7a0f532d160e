"""Limits while Redis is away: two processes together admit what the limit allows, and hardly more.

Counted, not timed: two gateways of one deployment in this process, and a Redis that stops
answering.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.admission import accounts
from gateway.admission.local_limits import MOST_MINUTES, LocalLimits
from gateway.admission.meters import MinuteMeter, MonthMeter
from gateway.admission.processes import Processes
from gateway.core.http import FetchFailed
from gateway.core.probed_breaker import ProbedBreaker
from shared import redis_keys
from shared.labels import UNLABELLED
from tests.worker.world import GOOD, STREAM, Said, Sent, World, code

LIMIT = 20
SHARE = LIMIT // 2
TOKENS = 100
"""Of each answer; a request reserves about half of that."""
COST = 60 * 2_500 + 40 * 10_000
"""Nano-USD of each answer, gpt-4o's prices."""
ANSWER = Said(
    body=json.dumps(GOOD | {"usage": {"prompt_tokens": 60, "completion_tokens": 40}}),
)
FROZEN = FetchFailed("no answer within 0.25 s", timeout=True)
REFUSED = FetchFailed("connection refused")

_LABEL: dict[str, Any] = {
    "label": "user",
    "requests_per_minute": None,
    "budget_nanousd": None,
    "period": "month",
    "most_values": 10,
}
LIMITS: dict[str, dict[str, Any]] = {
    "plan_requests": {"plan": {"requests_per_minute": LIMIT}},
    "key_requests": {"key_limits": {"requests_per_minute": LIMIT}},
    "quota": {"plan": {"monthly_requests": LIMIT}},
    "plan_tokens": {"plan": {"tokens_per_minute": TOKENS * LIMIT}},
    "key_tokens": {"key_limits": {"tokens_per_minute": TOKENS * LIMIT}},
    "project_budget": {"project": {"monthly_budget_nanousd": COST * LIMIT}},
    "key_budget": {"key_limits": {"monthly_budget_nanousd": COST * LIMIT}},
    "label_requests": {"project": {"label_limits": _LABEL | {"requests_per_minute": LIMIT}}},
    "label_budget": {"project": {"label_limits": _LABEL | {"budget_nanousd": COST * LIMIT}}},
}
CODES = {
    "plan_requests": "rate_limit_exceeded",
    "key_requests": "rate_limit_exceeded",
    "quota": "quota_exceeded",
    "plan_tokens": "rate_limit_exceeded",
    "key_tokens": "rate_limit_exceeded",
    "project_budget": "budget_exceeded",
    "key_budget": "budget_exceeded",
    "label_requests": "label_rate_limit_exceeded",
    "label_budget": "label_budget_exceeded",
}
EVERY_KIND = pytest.mark.parametrize("kind", LIMITS)


@asynccontextmanager
async def deployment(limits: dict[str, dict[str, Any]], **env: str) -> AsyncIterator[list[World]]:
    """Two processes of one deployment, on one Redis."""
    one = World(**({"EDGE_PROCESSES": "2"} | env))
    other = World(beside=one, **({"EDGE_PROCESSES": "2"} | env))
    for record in one.records.values():
        for part, values in limits.items():
            record[part] = record[part] | values
    for world in (one, other):
        world.answer = lambda _: ANSWER
    try:
        yield [one, other]
    finally:
        await one.close()


def away(worlds: list[World], how: FetchFailed | None) -> None:
    """Redis fails like that; ``None``: it is back, and the breakers' pauses are over."""
    for world in worlds:
        world.redis_away = how
        if how is None:
            world.runtime.redis = ProbedBreaker()


async def admitted(worlds: list[World], attempts: int, code_of_refusals: str) -> int:
    """Of so many attempts, in turn at each process; the others were refused for the limit."""
    count = 0
    for number in range(attempts):
        status, text = await worlds[number % len(worlds)].chat(max_tokens=1)
        if status == 200:
            count += 1
        else:
            assert (status, code(text)) == (429, code_of_refusals)
    return count


@EVERY_KIND
async def test_what_is_left_is_shared(kind: str) -> None:
    """Both processes know how much is used: nothing is admitted beyond the limit."""
    async with deployment(LIMITS[kind]) as worlds:
        assert await admitted(worlds, 8, CODES[kind]) == 8
        away(worlds, FROZEN)
        rest = await admitted(worlds, 3 * LIMIT, CODES[kind])
        # Rounded up, one each; a process that heard one request less believes in one more.
        assert LIMIT - 8 - 2 <= rest <= LIMIT - 8 + 2


@EVERY_KIND
async def test_what_others_used_meanwhile_costs_one_share_at_most(kind: str) -> None:
    """The worst case: one process used up the limit, and the other was last told before that."""
    async with deployment(LIMITS[kind]) as worlds:
        one, other = worlds
        assert await admitted([other], 1, CODES[kind]) == 1
        assert await admitted([one], 2 * LIMIT, CODES[kind]) == LIMIT - 1
        away(worlds, FROZEN)
        assert await admitted([one], LIMIT, CODES[kind]) == 0
        assert 0 < await admitted([other], 2 * LIMIT, CODES[kind]) <= SHARE


async def test_a_miss_that_is_refused_for_the_quota_takes_no_place_in_the_minute() -> None:
    plan = {"monthly_requests": 2, "requests_per_minute": 6, "overage": "cache_only"}
    cacheable = {"model": "gpt-4o", "messages": [{"role": "user", "content": "known"}]}
    async with deployment({"plan": plan}) as (one, _):
        assert (await one.post(**cacheable))[0] == 200
        assert await admitted([one], 3, "quota_exceeded") == 1
        (minute,) = one.runtime.limits.minutes.values()
        assert minute.used.total(one.monotonic()) == 2
        assert (await one.post(**cacheable))[0] == 200  # a hit past the quota takes one
        assert minute.used.total(one.monotonic()) == 3


@EVERY_KIND
async def test_redis_is_told_what_was_used_without_it(kind: str) -> None:
    async with deployment(LIMITS[kind]) as worlds:
        await admitted(worlds, 2, CODES[kind])
        away(worlds, REFUSED)
        used = 2 + await admitted(worlds, 4, CODES[kind])
        away(worlds, None)
        for world in worlds:
            await admitted([world], 1, CODES[kind])
            used += 1
        assert used == 8
        assert await counted(worlds[0], kind) == used
        # And a second time nothing.
        await admitted(worlds, 2, CODES[kind])
        assert await counted(worlds[0], kind) == used + 2


async def counted(world: World, kind: str) -> int:
    """Requests that Redis knows of, by the counter of this limit."""
    project, now = "aaaaaaaa-0000-4000-8000-000000000000", world.now()
    if kind == "label_requests":
        return int(await redis(world, "LLEN", redis_keys.label_log(project, "user", UNLABELLED)))
    if kind == "label_budget":
        accounts_key = redis_keys.label_accounts(project, "user", accounts.month(now))
        return int(await redis(world, "HGET", accounts_key, UNLABELLED)) // COST
    subject = "key" if kind.startswith("key") else "plan"
    if kind.endswith("requests"):
        return int(await redis(world, "LLEN", redis_keys.request_log(project, subject)))
    if kind == "quota":
        month = redis_keys.quota("organization", accounts.month(now))
        return int(await redis(world, "GET", month))
    if kind.endswith("tokens"):
        log = redis_keys.token_log(project, subject)
        return int(await redis(world, "GET", f"{log}:sum")) // TOKENS
    subject = "key" if kind.startswith("key") else "project"
    spend = redis_keys.spend(project, subject, accounts.month(now))
    return int(await redis(world, "GET", spend)) // COST


async def redis(world: World, *command: str) -> Any:
    status, text = await world.call(
        "POST", "https://redis.example", [], json.dumps(command), timeout=1
    )
    assert status == 200
    return json.loads(text)["result"]


async def test_a_booking_whose_answer_was_lost_counts_once() -> None:
    async with deployment(LIMITS["quota"]) as (one, _):
        await admitted([one], 1, "")
        away([one], REFUSED)
        await admitted([one], 3, "")
        away([one], None)
        one.lose_answers_of("booking:")
        await admitted([one], 1, "")  # booked, but nobody heard of it
        one.lose_answers_of("")
        away([one], None)
        await admitted([one], 1, "")
        assert await counted(one, "quota") == 6
        assert not one.runtime.bookings.unconfirmed


async def test_what_redis_may_have_counted_is_not_booked() -> None:
    """A command that timed out may run all the same, when a frozen Redis goes on."""
    async with deployment(LIMITS["quota"]) as (one, _):
        await admitted([one], 1, "")
        away([one], FROZEN)
        await admitted([one], 1, "")
        assert not one.runtime.limits.owes
        await admitted([one], 1, "")  # not asked at all
        assert one.runtime.limits.owes


async def test_streams_are_shared_and_counted_again() -> None:
    """Each process opens its share of streams; one that has ended makes room."""
    async with deployment({"plan": {"concurrent_streams": 4}}) as worlds:
        hold = asyncio.Event()

        async def held(_: Sent) -> Said:
            await hold.wait()
            return Said(200, STREAM, "text/event-stream")

        for world in worlds:
            await world.chat()
        away(worlds, FROZEN)
        for world in worlds:
            world.answer = held
            hold.clear()
            world.sent.clear()
            asked = [asyncio.create_task(world.chat(stream=True)) for _ in range(5)]
            for _ in range(500):  # each is at its provider by then, or refused
                await asyncio.sleep(0)
            assert len(world.sent) == 2
            hold.set()
            answers = [await task for task in asked]
            assert sorted(status for status, _ in answers) == [200, 200, 429, 429, 429]
            refused = {code(text) for status, text in answers if status == 429}
            assert refused == {"concurrent_streams_exceeded"}
            assert (await world.chat(stream=True))[0] == 200


async def test_money_is_not_spent_uncounted_where_a_setting_says_so() -> None:
    async with deployment(LIMITS["key_budget"], BUDGETS_FAIL_CLOSED="1") as (one, _):
        assert (await one.chat())[0] == 200
        away([one], FROZEN)
        status, text = await one.chat()
        assert (status, code(text)) == (503, "budget_unavailable")
    async with deployment({}, BUDGETS_FAIL_CLOSED="1") as (one, _):
        away([one], FROZEN)
        assert (await one.chat())[0] == 200  # it has no budget


async def test_requests_under_way_hold_what_they_will_probably_cost() -> None:
    async with deployment(LIMITS["project_budget"]) as (one, _):
        assert (await one.chat())[0] == 200
        away([one], FROZEN)
        answers = await asyncio.gather(*(one.chat() for _ in range(3 * LIMIT)))
        assert [status for status, _ in answers].count(200) == SHARE - 1


async def test_processes_count_themselves() -> None:
    async with deployment({}, EDGE_PROCESSES="") as (one, other):
        for world in (one, other):
            assert world.runtime.limits.processes.count == 1
            await world.chat()
        assert other.runtime.limits.processes.count == 2
        one.moved = 30.0
        await one.chat()
        assert one.runtime.limits.processes.count == 2


async def test_who_writes_redis_can_change_the_number_of_processes() -> None:
    """What ``docs/public/security.md`` admits; ``EDGE_PROCESSES`` rules it out."""
    async with deployment({}, EDGE_PROCESSES="") as (one, _):
        for number in range(9):
            command = ["ZADD", redis_keys.processes(), str(10**15), f"made up {number}"]
            await one.call("POST", "https://redis.example", [], json.dumps(command), timeout=1)
        await one.chat()
        assert one.runtime.limits.processes.count == 10


@given(
    st.integers(1, 30), st.integers(1, 5), st.lists(st.sampled_from([0, 1, 30, 61]), max_size=60)
)
def test_a_meter_never_gives_more_than_its_share_of_a_minute(
    limit: int, processes: int, pauses: list[int]
) -> None:
    meter, now, times = MinuteMeter(), 1000.0, list[float]()
    for pause in pauses:
        now += pause
        if meter.room(limit, processes, now) >= 1:
            meter.use(1, now)
            times.append(now)
        assert sum(at > now - 60 for at in times) <= -(-limit // processes)


def test_a_month_that_nobody_told_of_gives_a_days_part() -> None:
    unknown = MonthMeter()
    assert unknown.room(3000, 2, lost_at=500.0) == 50
    told_of_late = MonthMeter()
    told_of_late.tell(2990, 490.0)
    assert told_of_late.room(3000, 2, lost_at=500.0) == 5
    told_long_ago = MonthMeter()
    told_long_ago.tell(0, 100.0)
    assert told_long_ago.room(3000, 2, lost_at=500.0) == 50


def test_memory_is_bounded() -> None:
    local = LocalLimits(Processes())
    for number in range(MOST_MINUTES + 50):
        local.stream_open(f"{number}:streams", "slot", 1.0)
    assert len(local.streams) == MOST_MINUTES
    assert "0:streams" not in local.streams
    meter = MinuteMeter()
    for number in range(100_000):
        meter.use(1, number / 100)
    assert len(meter.used.buckets) <= 62
