"""Only the service behind a breaker opens it, and nothing that a single request contains."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from gateway.admission.auth import KeyResolver
from gateway.admission.key_memory import KeyMemory
from gateway.core.breaker import Breaker
from gateway.core.http import AnswerTooLarge, FetchFailed, Unsendable
from gateway.core.probed_breaker import ProbedBreaker
from gateway.core.settings import load
from gateway.redis.store import Store, StoreUnavailable
from hosts.cpython.host import CPythonPlatform
from shared import api_keys
from tests.worker.memory_platform import MemoryPlatform
from tests.worker.test_wrong_types import ANSWERS, ENV


class ScriptedPlatform(MemoryPlatform):
    """Redis and Supabase answer what the test says."""

    def __init__(self, answer: str | FetchFailed) -> None:
        super().__init__(lambda *_: ("application/json", json.dumps(ANSWERS["chat"])))
        self._answer = answer

    async def call(self, *_: Any, **__: Any) -> tuple[int, str]:
        if isinstance(self._answer, FetchFailed):
            raise self._answer
        return 200, self._answer


def run(
    answer: str | FetchFailed, work: Callable[[ScriptedPlatform], Coroutine[Any, Any, None]]
) -> None:
    async def main() -> None:
        platform = ScriptedPlatform(answer)
        try:
            await work(platform)
        finally:
            await platform.close()

    asyncio.run(main())


def test_a_command_that_cannot_be_encoded_is_no_failure_of_redis() -> None:
    breaker = ProbedBreaker(least=1)

    async def work(platform: ScriptedPlatform) -> None:
        store = Store(platform, "http://redis", "token", timeout=1, breaker=breaker)
        with pytest.raises(TypeError):
            await store.command("SET", "key", object())

    run('{"result": "OK"}', work)
    assert breaker.state(0) == "closed"


@pytest.mark.parametrize("answer", ["", "nonsense", "[]", "{}", FetchFailed("reset")])
def test_what_is_no_answer_of_redis_is_its_failure(answer: str | FetchFailed) -> None:
    breaker = ProbedBreaker(least=1)

    async def work(platform: ScriptedPlatform) -> None:
        store = Store(platform, "http://redis", "token", timeout=1, breaker=breaker)
        with pytest.raises(StoreUnavailable):
            await store.command("GET", "key")

    run(answer, work)
    assert breaker.state(0) == "open"


@pytest.mark.parametrize(
    "failure",
    [
        FetchFailed("no answer in time", timeout=True, ours=True),
        AnswerTooLarge(9),
        Unsendable("a header that cannot be sent"),
    ],
)
def test_what_is_our_own_fault_is_no_failure_of_redis(failure: FetchFailed) -> None:
    breaker = ProbedBreaker(least=1)

    async def work(platform: ScriptedPlatform) -> None:
        store = Store(platform, "http://redis", "token", timeout=1, breaker=breaker)
        with pytest.raises(StoreUnavailable):
            await store.command("GET", "key")

    run(failure, work)
    assert breaker.state(0) == "closed"


@pytest.mark.parametrize(
    ("answer", "failures"), [("{}", 0), ("null", 0), ("[]", 1), ("nonsense", 1)]
)
def test_one_tenants_record_is_no_failure_of_supabase(answer: str, failures: int) -> None:
    breaker = Breaker()

    async def work(platform: ScriptedPlatform) -> None:
        store = Store(platform, "http://redis", "token", timeout=1, breaker=ProbedBreaker())
        keys = KeyResolver(platform, store, load(ENV, {}), KeyMemory(), breaker)
        key_hash = api_keys.key_hash(api_keys.generate(), b"pepper")
        if answer == "null":
            assert await keys.newest(key_hash) is None
            return
        with pytest.raises(FetchFailed):
            await keys.newest(key_hash)

    run(answer, work)
    assert breaker.failures == failures


@pytest.mark.parametrize(("host", "header"), [("127.0.0.1", "two\nlines"), ("[", "good")])
def test_what_cannot_be_sent_is_told_from_what_does_not_answer(host: str, header: str) -> None:
    async def main() -> None:
        platform = CPythonPlatform()
        listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        port = listening.sockets[0].getsockname()[1]
        try:
            await platform.fetch(
                "POST", f"http://{host}:{port}/", [("x-name", header)], "{}", timeout=5
            )
        finally:
            await platform.close()
            listening.close()
            await listening.wait_closed()

    with pytest.raises(Unsendable):
        asyncio.run(main())


def test_one_caller_tries_until_the_failures_are_old_news() -> None:
    breaker = Breaker(threshold=3, cooldown=5.0)
    for _ in range(3):
        assert breaker.try_acquire(0.0)
        breaker.failed(0.0)
    assert not breaker.try_acquire(4.9)
    assert [breaker.try_acquire(6.0) for _ in range(3)] == [True, False, False]
    # Whoever tries waits for long: every five seconds another one may, and not all.
    assert [breaker.try_acquire(20.0) for _ in range(3)] == [True, False, False]
    breaker.failed(21.0)
    # Nobody came for long: a burst is let through, and the first failure of it opens again.
    assert [breaker.try_acquire(31.0) for _ in range(3)] == [True, True, True]
    breaker.failed(31.5)
    assert not breaker.try_acquire(31.6)
    breaker.succeeded()
    assert breaker.try_acquire(31.7)
