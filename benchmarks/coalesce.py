"""How many calls of the provider identical requests cost, on a machine with every core busy.

The CPython host on a redis-server by RESP, with the time limits that it ships with. 400 identical
misses at once: plain, streamed, through two processes, with Redis frozen for 0.3 s, with Redis
killed. And a prompt that is cached, asked for 100 times a second while Redis is frozen for 0.3 s.
"""

import asyncio
import contextlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import httpx

from benchmarks.breakable import RedisServer
from tests.doubles.openai_api import Behaviour
from tests.doubles.redis_process import redis_server_missing
from tests.worker.edge import Edge, Tenant

_AT_ONCE = 400
_MODEL = "gpt-4o"
_PROVIDER_SECONDS = 1.0
_STALL_SECONDS = 0.3
_HOT_A_SECOND = 100
_HOT_SECONDS = 4.0
_SHIPPED = {"STORE_TIMEOUT_MS": "", "KEY_LOOKUP_TIMEOUT_MS": "", "SINGLE_FLIGHT_LEASE_SECONDS": ""}

Act = Callable[[RedisServer], None]


def main() -> None:
    """Print a line for each case."""
    if reason := redis_server_missing():
        print(reason)
        return
    redis = RedisServer()
    redis.start()
    direct = _SHIPPED | {"REDIS_URL": redis.url}
    try:
        with (
            _burners(),
            Edge("cpython", redis_url=redis.url, **direct) as one,
            Edge("cpython", beside=one, **direct) as two,
        ):
            _at_once("plain", redis, [one], at_most=1)
            _at_once("streamed", redis, [one], at_most=1, stream=True)
            _at_once("two processes", redis, [one, two], at_most=2)
            _at_once("Redis frozen for 0.3 s", redis, [one], at_most=1, act=_stall)
            _at_once("the same, two processes", redis, [one, two], at_most=2, act=_stall)
            _hot(redis, one)
            _at_once("Redis killed", redis, [one], at_most=1, act=RedisServer.kill)
            redis.start()
            _at_once("killed, two processes", redis, [one, two], at_most=2, act=RedisServer.kill)
    finally:
        redis.kill()


def _stall(redis: RedisServer) -> None:
    redis.freeze()
    asyncio.get_running_loop().call_later(_STALL_SECONDS, redis.thaw)


def _known(edges: list[Edge]) -> Tenant:
    """A tenant whose key each process has in memory."""
    for edge in edges:
        edge.recovered()
    edges[0].quiet()
    tenant = edges[0].tenant()
    for edge in edges:
        headers = {"authorization": f"Bearer {tenant.key}"}
        httpx.get(f"{edge.base_url}/v1/cache/stats", headers=headers, timeout=60)
    edges[0].quiet_traffic()
    edges[0].openai.behave(_MODEL, Behaviour("delay", seconds=_PROVIDER_SECONDS))
    return tenant


def _at_once(
    name: str,
    redis: RedisServer,
    edges: list[Edge],
    *,
    at_most: int,
    stream: bool = False,
    act: Act | None = None,
) -> None:
    tenant = _known(edges)

    async def ask() -> list[httpx.Response]:
        async with _clients(edges, tenant) as clients:
            if act is not None:
                act(redis)
            return await asyncio.gather(
                *[
                    _chat(clients[number % len(clients)], "a question", stream=stream)
                    for number in range(_AT_ONCE)
                ]
            )

    answers = asyncio.run(ask())
    calls = edges[0].openai.calls()
    print(f"{name:26} {_verdict(calls, at_most)}; {_counted(answers)}", flush=True)


def _hot(redis: RedisServer, edge: Edge) -> None:
    tenant = _known([edge])
    answers: list[httpx.Response] = []

    async def ask() -> None:
        async with _clients([edge], tenant) as (client,):
            await _chat(client, "hot")
            await asyncio.sleep(1.0)  # the entry is stored after the response
            began, asked = time.monotonic(), []
            loop = asyncio.get_running_loop()
            loop.call_later(_HOT_SECONDS / 2, redis.freeze)
            loop.call_later(_HOT_SECONDS / 2 + _STALL_SECONDS, redis.thaw)
            for number in range(int(_HOT_SECONDS * _HOT_A_SECOND)):
                await asyncio.sleep(began + number / _HOT_A_SECOND - time.monotonic())
                asked.append(asyncio.create_task(_chat(client, "hot")))
            answers.extend(await asyncio.gather(*asked))

    asyncio.run(ask())
    extra = edge.openai.calls() - 1
    print(f"{'a hot prompt, 0.3 s':26} {_verdict(extra, 0)}; {_counted(answers)}", flush=True)


def _verdict(calls: int, at_most: int) -> str:
    return (
        f"{calls:3} calls of the provider, bar {at_most}: {'met' if calls <= at_most else 'MISSED'}"
    )


def _counted(answers: list[httpx.Response]) -> str:
    failed = sum(answer.status_code != 200 for answer in answers)
    told = Counter(answer.headers.get("x-watchllm-cache", "none") for answer in answers)
    return ", ".join([f"{failed} failed", *(f"{count} {name}" for name, count in told.items())])


async def _chat(client: httpx.AsyncClient, text: str, *, stream: bool = False) -> httpx.Response:
    body = {"model": _MODEL, "messages": [{"role": "user", "content": text}], "stream": stream}
    return await client.post("/v1/chat/completions", json=body)


@asynccontextmanager
async def _clients(edges: list[Edge], tenant: Tenant) -> AsyncIterator[list[httpx.AsyncClient]]:
    async with contextlib.AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                httpx.AsyncClient(
                    base_url=edge.base_url,
                    headers={"authorization": f"Bearer {tenant.key}"},
                    timeout=120,
                    limits=httpx.Limits(max_connections=_AT_ONCE),
                )
            )
            for edge in edges
        ]


@contextlib.contextmanager
def _burners() -> Iterator[None]:
    """A process for each core that uses all the time it gets."""
    context = multiprocessing.get_context("spawn")
    burning = [context.Process(target=_burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in burning:
        process.start()
    try:
        yield
    finally:
        for process in burning:
            process.terminate()


def _burn() -> None:
    while True:
        sum(range(10_000))
