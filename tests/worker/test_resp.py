"""The CPython host's own connection to Redis: a real redis-server, and peers that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from gateway.core.http import FetchFailed
from gateway.core.settings import SettingsError
from gateway.redis.calls import COMMIT
from gateway.redis.upstash import UpstashError
from hosts.cpython.resp import RedisAddress, RespClient
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import Edge

needs_redis = pytest.mark.skipif(
    redis_server_missing() is not None, reason=redis_server_missing() or ""
)
Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_process() as url:
        yield url


@pytest.fixture(scope="module")
def direct(redis_url: str) -> Iterator[Edge]:
    """An edge that has no REST pair: its double of Upstash only serves the test."""
    without = {"UPSTASH_REDIS_REST_URL": "", "UPSTASH_REDIS_REST_TOKEN": ""}
    with Edge("cpython", redis_url=redis_url, REDIS_URL=redis_url, **without) as edge:
        yield edge


@asynccontextmanager
async def peer(answer: Peer) -> AsyncIterator[RespClient]:
    """A client of a server on loopback that answers each connection by ``answer``."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = RespClient(RedisAddress.parse(f"redis://127.0.0.1:{port}"))
    try:
        yield client
    finally:
        client.close()
        server.close()


@needs_redis
async def test_replies_are_what_the_rest_client_gives(redis_url: str) -> None:
    client = RespClient(RedisAddress.parse(redis_url))
    assert await client.execute(["SET", "k", "väl"], 5) == "OK"
    assert await client.execute(["GET", "k"], 5) == "väl"
    assert await client.execute(["GET", "missing"], 5) is None
    script = "return {1, 'a', {2, false}}"
    assert await client.execute(["EVAL", script, 0], 5) == [1, "a", [2, None]]
    with pytest.raises(UpstashError, match="WRONGTYPE"):
        await client.execute(["LPUSH", "k", 1], 5)
    client.close()
    assert await client.execute(["GET", "k"], 5) == "väl"  # on a new connection
    client.close()


@needs_redis
async def test_many_commands_share_one_connection_and_keep_their_order(redis_url: str) -> None:
    client = RespClient(RedisAddress.parse(redis_url))
    before = int((await _info(client, "clients"))["connected_clients"])
    asked = [client.execute(["ECHO", str(number)], 30) for number in range(500)]
    assert await asyncio.gather(*asked) == [str(number) for number in range(500)]
    assert int((await _info(client, "clients"))["connected_clients"]) == before
    client.close()


async def _info(client: RespClient, section: str) -> dict[str, str]:
    lines = (await client.execute(["INFO", section], 30)).splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


@needs_redis
async def test_a_database_of_its_own_and_a_wrong_password(redis_url: str) -> None:
    other = RespClient(RedisAddress.parse(redis_url.removesuffix("/0") + "/3"))
    await other.execute(["SET", "only-here", "1"], 5)
    client = RespClient(RedisAddress.parse(redis_url))
    assert await client.execute(["GET", "only-here"], 5) is None
    other.close()
    client.close()
    refused = RespClient(RedisAddress.parse(redis_url.replace("//", "//someone:secret@")))
    with pytest.raises(FetchFailed, match="Redis refused AUTH") as failure:
        await refused.execute(["PING"], 5)
    assert "secret" not in str(failure.value)


async def test_a_late_reply_is_dropped_and_the_next_one_is_not_mistaken_for_it() -> None:
    late = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"hello\r\n")
        writer.write(b"+hello\r\n")
        await reader.readuntil(b"first\r\n")
        await late.wait()
        writer.write(b"+one\r\n")
        await reader.readuntil(b"second\r\n")
        writer.write(b"+two\r\n")
        await reader.read()

    async with peer(answer) as client:
        assert await client.execute(["ECHO", "hello"], 30) == "hello"  # connected
        with pytest.raises(FetchFailed) as failure:
            await client.execute(["ECHO", "first"], 0.01)
        assert failure.value.timeout
        late.set()
        assert await client.execute(["ECHO", "second"], 30) == "two"


@pytest.mark.parametrize("bytes_sent", [b"", b"+half", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
async def test_a_peer_that_hangs_up_or_speaks_something_else(bytes_sent: bytes) -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\nPING\r\n")
        writer.write(b"+PONG\r\n" if connections == 2 else bytes_sent)
        await writer.drain()
        if connections == 2:
            await reader.read()

    async with peer(answer) as client:
        asked = [client.execute(["PING"], 30) for _ in range(3)]
        for failed in await asyncio.gather(*asked, return_exceptions=True):
            assert isinstance(failed, FetchFailed)
        assert await client.execute(["PING"], 30) == "PONG"
    assert connections == 2


async def test_a_silent_connection_is_given_up_and_a_new_one_opened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("hosts.cpython.resp._SILENCE_SECONDS", 0.0)
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\nPING\r\n")
        writer.write(b"+PONG\r\n")
        await reader.read()  # and says no more

    async with peer(answer) as client:
        assert await client.execute(["PING"], 30) == "PONG"
        with pytest.raises(FetchFailed):
            await client.execute(["PING"], 0.01)
        assert await client.execute(["PING"], 30) == "PONG"
    assert connections == 2


async def test_one_that_gives_up_while_connecting_ends_it_for_nobody_else() -> None:
    connections = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.readuntil(b"\r\nPING\r\n")
        writer.write(b"+PONG\r\n")
        await reader.read()

    async with peer(answer) as client:
        gone = asyncio.create_task(client.execute(["PING"], 30))
        stays = asyncio.create_task(client.execute(["PING"], 30))
        await asyncio.sleep(0)
        gone.cancel()
        assert await stays == "PONG"
    assert connections == 1


@pytest.mark.parametrize(
    "url", ["http://h", "redis://", "redis://h:port", "redis://h/zero", "h:6379", "redis://h:99999"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(SettingsError, match="REDIS_URL"):
        RedisAddress.parse(url)


def test_an_address_with_everything() -> None:
    made = RedisAddress.parse("rediss://me:p%40ss@example.com:7000/2")
    assert (made.host, made.port, made.tls) == ("example.com", 7000, True)
    assert made.greeting() == [("AUTH", "me", "p@ss"), ("SELECT", 2)]
    assert "p@ss" not in repr(made)


@needs_redis
@pytest.mark.parametrize("stream", [False, True])
def test_an_edge_without_a_rest_pair_serves_hits(direct: Edge, *, stream: bool) -> None:
    tenant = direct.tenant(plan={"requests_per_minute": 3})
    assert tenant.chat("hello", stream=stream).headers["x-watchllm-cache"] == "MISS"
    direct.settled()
    assert tenant.chat("hello", stream=stream).headers["x-watchllm-cache"] == "HIT"
    assert tenant.chat("hello", stream=stream).headers["x-ratelimit-remaining-requests"] == "0"
    assert tenant.chat("hello").json()["error"]["code"] == "rate_limit_exceeded"
    assert direct.openai.calls() >= 1
    assert direct.upstash.requests == []


@needs_redis
async def test_a_redis_out_of_memory_keeps_no_lock(redis_url: str) -> None:
    client = RespClient(RedisAddress.parse(redis_url))
    await client.execute(["SET", "lock", "token"], 5)
    await client.execute(["CONFIG", "SET", "maxmemory", "1", "maxmemory-policy", "noeviction"], 5)
    keys = ["lock", *["unused"] * 8, "entry"]
    argv = ["token", 0, -1, -1, 0, 0, "", -1, 0, "", "", "", 0, 60_000, "value"]
    try:
        with pytest.raises(UpstashError, match="OOM"):
            await client.execute(["SET", "another", "value"], 5)
        await client.execute(["EVAL", COMMIT.source, len(keys), *keys, *argv], 5)
        assert await client.execute(["EXISTS", "lock"], 5) == 0
    finally:
        await client.execute(["CONFIG", "SET", "maxmemory", "0"], 5)
        client.close()


@needs_redis
def test_a_redis_that_forgot_its_scripts_is_told_them_again(direct: Edge) -> None:
    tenant = direct.tenant()
    tenant.chat("once")
    direct.settled()
    direct.redis("SCRIPT", "FLUSH")
    assert tenant.chat("once").headers["x-watchllm-cache"] == "HIT"
