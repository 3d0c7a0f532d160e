"""Many requests with keys that this process does not know yet."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.admission import key_memory
from gateway.admission.auth import KeyResolver
from gateway.admission.key_memory import KeyMemory
from gateway.core.errors import AuthenticationError, KeyCheckUnavailable
from gateway.core.http import FetchFailed
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.settings import load
from gateway.pipeline.runtime import Runtime
from gateway.redis.store import Store
from shared import api_keys, key_record
from tests.worker.edge import RECORD
from tests.worker.memory_platform import MemoryPlatform
from tests.worker.test_wrong_types import ANSWERS, ENV

RECORD_OF_A_KEY = RECORD | {"key_id": "k", "project_id": "p", "organization_id": "o"}


class HeldSupabase(MemoryPlatform):
    """Redis knows no key; Supabase answers only once `answers` is set, and is counted."""

    def __init__(self, record: dict[str, Any] | None, *, fails: bool = False) -> None:
        super().__init__(lambda *_: ("application/json", json.dumps(ANSWERS["chat"])))
        self.memory = KeyMemory()
        self.breaker = Runtime(load(ENV, {})).supabase
        self.answers = asyncio.Event()
        self.asked = 0
        self._arrived = asyncio.Condition()
        self._record = record
        self._fails = fails
        self.failure = FetchFailed("reset")
        self._settings = load(ENV, {})

    async def call(self, _method: str, url: str, *_: Any, **__: Any) -> tuple[int, str]:
        if "resolve_api_key" not in url:
            return 200, '{"result": null}'
        async with self._arrived:
            self.asked += 1
            self._arrived.notify_all()
        await self.answers.wait()
        if self._fails:
            raise self.failure
        return 200, json.dumps(self._record)

    def resolver(self) -> KeyResolver:
        store = Store(self, "http://redis", "token", timeout=1, breaker=ProbedBreaker())
        return KeyResolver(self, store, self._settings, self.memory, self.breaker)

    async def authenticate(self, key: str) -> object:
        try:
            return (await self.resolver().authenticate(key))[1]
        except (AuthenticationError, KeyCheckUnavailable) as error:
            return type(error)

    async def until_asked(self, times: int) -> None:
        async with self._arrived:
            await self._arrived.wait_for(lambda: self.asked >= times)


def run(platform: HeldSupabase, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        try:
            await work()
        finally:
            await platform.close()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("record", "fails", "expected"),
    [
        (RECORD_OF_A_KEY, False, key_record.parse(RECORD_OF_A_KEY)),
        (None, False, AuthenticationError),
        (None, True, KeyCheckUnavailable),
    ],
)
def test_parallel_requests_with_a_new_key_share_one_look_up(
    record: dict[str, Any] | None, expected: object, *, fails: bool
) -> None:
    platform = HeldSupabase(record, fails=fails)
    key = api_keys.generate()

    async def work() -> None:
        requests = [asyncio.create_task(platform.authenticate(key)) for _ in range(100)]
        await platform.until_asked(1)
        platform.answers.set()
        assert await asyncio.gather(*requests) == [expected] * 100
        assert platform.asked == (3 if fails else 1)

    run(platform, work)


def test_one_slow_answer_keeps_no_other_key_from_being_checked() -> None:
    platform = HeldSupabase(RECORD_OF_A_KEY, fails=True)
    resolver = platform.resolver()

    async def fail(times: int, *, hurry: bool) -> str:
        for _ in range(times):
            with pytest.raises(FetchFailed):
                await resolver.newest("0" * 64, hurry=hurry)
        return platform.breaker.state(platform.monotonic())

    async def work() -> None:
        platform.answers.set()
        assert await fail(2, hurry=False) == "closed"
        assert await fail(1, hurry=False) == "open"
        platform.breaker.succeeded()
        platform.failure = FetchFailed("late", timeout=True)
        assert await fail(10, hurry=True) == "closed"

    run(platform, work)


def test_unknown_keys_share_a_bounded_number_of_look_ups_and_known_ones_wait_for_none() -> None:
    platform = HeldSupabase(None)
    known = api_keys.generate()
    record = key_record.parse(RECORD_OF_A_KEY)
    most = 32

    async def work() -> None:
        digest = api_keys.key_hash(known, load(ENV, {}).api_key_peppers[0])
        platform.memory.remember(digest, record, platform.monotonic())
        strangers = [
            asyncio.create_task(platform.authenticate(api_keys.generate())) for _ in range(most + 8)
        ]
        await platform.until_asked(most)
        assert await platform.authenticate(known) == record
        assert platform.asked == most
        platform.answers.set()
        assert await asyncio.gather(*strangers) == [AuthenticationError] * (most + 8)

    run(platform, work)


def test_a_request_that_died_while_looking_a_key_up_keeps_nobody_waiting_for_longer() -> None:
    memory = KeyMemory()
    assert memory.begin_look_up("hash", now=100.0, seconds=2.0)
    assert not memory.begin_look_up("hash", now=101.9, seconds=2.0)
    assert memory.begin_look_up("hash", now=102.0, seconds=2.0)


def test_unknown_keys_push_no_known_one_out() -> None:
    memory = KeyMemory()
    record = key_record.parse(RECORD_OF_A_KEY)
    memory.remember("known", record, 0.0)
    for number in range(key_memory._MAX_UNKNOWN + 5):
        memory.remember(f"stranger {number}", None, 0.0)
    assert memory.records["known"].record == record
    assert len(memory.unknown) == key_memory._MAX_UNKNOWN
    assert not memory.is_unknown("stranger 0", 0.0)
    assert memory.is_unknown(f"stranger {key_memory._MAX_UNKNOWN}", 0.0)


def test_a_key_that_was_made_after_it_was_asked_for_is_known() -> None:
    memory = KeyMemory()
    memory.remember("hash", None, 0.0)
    memory.remember("hash", key_record.parse(RECORD_OF_A_KEY), 1.0)
    assert not memory.is_unknown("hash", 1.0)
