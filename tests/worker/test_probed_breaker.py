"""When Redis is asked: judged by a share of failures, closed by a probe, never by a request."""

import asyncio
from collections import deque
from typing import Any

import pytest

from gateway.core.http import FetchFailed
from gateway.core.probed_breaker import ProbedBreaker
from gateway.redis.store import Store, StoreUnavailable
from tests.worker.memory_platform import MemoryPlatform

LIMIT = 0.2
QUICK = 0.002


def after(breaker: ProbedBreaker, start: float, seconds: float, *, a_second: int = 100) -> float:
    """Healthy traffic; the moment at its end."""
    for number in range(int(seconds * a_second)):
        breaker.succeeded(start + number / a_second, QUICK)
    return start + seconds


def test_one_failure_does_not_open_it() -> None:
    breaker = ProbedBreaker()
    breaker.failed(0.0)
    assert breaker.state(0.0) == "closed"


def test_a_stall_of_a_third_of_a_second_under_load_does_not_open_it() -> None:
    breaker = ProbedBreaker()
    stalled = after(breaker, 0.0, 3.0)
    back = stalled + 0.3
    for sent in range(30):  # a hundred a second go on asking
        moment = stalled + sent / 100
        if moment + LIMIT < back:
            breaker.failed(moment + LIMIT)
    for sent in range(30):
        if stalled + sent / 100 + LIMIT >= back:
            breaker.succeeded(back, back - stalled - sent / 100)
    assert breaker.state(back) == "closed"


@pytest.mark.parametrize("a_second", [50, 100, 1000])
def test_an_outage_opens_it_within_a_second(a_second: int) -> None:
    breaker = ProbedBreaker()
    frozen = after(breaker, 0.0, 3.0, a_second=a_second)
    moment = frozen + LIMIT
    while not breaker.is_open:
        breaker.failed(moment)
        moment += 1 / a_second
    # Who asked just before it opened has waited by then.
    assert moment + LIMIT - frozen <= 1.0


def test_a_share_of_failures_below_half_does_not_open_it() -> None:
    breaker = ProbedBreaker()
    for number in range(300):
        moment = number / 100
        if number % 3:
            breaker.succeeded(moment, QUICK)
        else:
            breaker.failed(moment)
    assert breaker.state(3.0) == "closed"


def test_in_doubt_requests_wait_for_a_multiple_of_what_is_usual() -> None:
    breaker = ProbedBreaker()
    now = after(breaker, 0.0, 3.0)
    assert breaker.limit(LIMIT, now) == LIMIT
    breaker.failed(now)
    assert breaker.limit(LIMIT, now) == breaker.shortest
    breaker.succeeded(now, QUICK)
    assert breaker.limit(LIMIT, now) == LIMIT


def test_a_redis_that_is_always_slow_is_given_the_time_it_takes() -> None:
    breaker = ProbedBreaker()
    for number in range(100):
        breaker.succeeded(number / 10, 0.1)
    breaker.failed(10.0)
    assert breaker.limit(LIMIT, 10.0) == LIMIT


def opened(breaker: ProbedBreaker, now: float) -> ProbedBreaker:
    while not breaker.is_open:
        breaker.failed(now)
    return breaker


def test_after_closing_it_is_in_doubt_for_a_second() -> None:
    breaker = opened(ProbedBreaker(), 0.0)
    assert breaker.probe_answered(0.5, QUICK)
    assert breaker.state(0.5) == "closed"
    assert breaker.limit(LIMIT, 0.6) == breaker.shortest
    assert breaker.limit(LIMIT, 1.6) == LIMIT


def test_a_redis_that_came_back_slower_is_given_its_time() -> None:
    breaker = ProbedBreaker()
    now = after(breaker, 0.0, 3.0)
    opened(breaker, now)
    assert breaker.probe_answered(now + 0.5, 0.1)
    assert breaker.limit(LIMIT, now + 0.6) == LIMIT


def test_what_answers_probes_and_no_command_must_answer_more_of_them_each_time() -> None:
    breaker = ProbedBreaker()
    needed = []
    for number in range(4):
        opened(breaker, number * 1.0)
        probes = 1
        while not breaker.probe_answered(number * 1.0 + 0.5, QUICK):
            probes += 1
        needed.append(probes)
    assert needed == [1, 2, 4, 8]
    opened(breaker, 100.0)  # long after: it is forgiven
    assert breaker.probe_answered(100.5, QUICK)


class Redis(MemoryPlatform):
    """Answers what the test says, in order; then always the last of it."""

    has_redis = True

    def __init__(self, *answers: bool) -> None:
        super().__init__(lambda *_: ("", ""))
        self.commands: list[str] = []
        self.probe_limits: set[float] = set()
        self._answers = deque(answers)

    async def redis(self, command: Any, *, timeout: float) -> Any:
        self.commands.append(command[0])
        if command == ["PING"]:
            self.probe_limits.add(timeout)
        await asyncio.sleep(0)
        answers = self._answers.popleft() if len(self._answers) > 1 else self._answers[0]
        if not answers:
            raise FetchFailed("no reply of Redis in time", timeout=True)
        return "OK"


async def ask(redis: Redis, breaker: ProbedBreaker) -> bool:
    store = Store(redis, "", "", timeout=LIMIT, breaker=breaker, probes=True)
    try:
        await store.command("GET", "key")
    except StoreUnavailable:
        return False
    return True


async def test_a_probe_closes_it_and_no_request_tries() -> None:
    redis, breaker = Redis(*[False] * 10, True), ProbedBreaker()
    while not breaker.is_open:
        assert not await ask(redis, breaker)
    asked = redis.commands.count("GET")
    while breaker.is_open:
        assert not await ask(redis, breaker)
        await redis.sleep(0)
    assert redis.commands.count("GET") == asked  # the others came back at once, without asking
    assert await ask(redis, breaker)
    await redis.finish()
    await redis.close()


async def test_one_probes_for_all_and_stops_once_it_is_answered() -> None:
    redis, breaker = Redis(False, False, False, True), ProbedBreaker()
    assert not any(await asyncio.gather(*[ask(redis, breaker) for _ in range(3)]))
    await redis.finish()
    assert redis.commands.count("PING") == 1
    assert redis.probe_limits == {LIMIT}  # however hurried requests are meanwhile
    assert await ask(redis, breaker)
    await redis.close()


async def test_a_request_after_probing_ended_begins_it_again() -> None:
    """On Cloudflare the background of a request is ended some time after it."""
    redis, breaker = Redis(True), opened(ProbedBreaker(), 0.0)
    breaker.probed_until = redis.monotonic() + 60
    assert not await ask(redis, breaker)
    await redis.finish()
    assert redis.commands == []
    breaker.probed_until = redis.monotonic() - 1
    assert not await ask(redis, breaker)
    await redis.finish()
    assert redis.commands == ["PING"]
    assert await ask(redis, breaker)
    await redis.close()
