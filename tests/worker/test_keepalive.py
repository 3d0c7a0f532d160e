"""The client for Redis and Supabase: where an answer ends, and how much of one is read."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from gateway.core.http import AnswerTooLarge, FetchFailed
from hosts.cpython.keepalive import KeepAliveClient
from tests.doubles.raw_server import Answer, raw_server

LIMIT = 100_000


async def call(answer: Answer) -> tuple[int, str]:
    client = KeepAliveClient(LIMIT)
    try:
        async with raw_server(answer) as server:
            return await client.call("POST", server.url, [], "{}", timeout=60)
    finally:
        client.close()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
@pytest.mark.parametrize(
    "rest",
    [
        "\r\n\r\nhello",
        "\r\nconnection: close\r\n\r\nhello",
        "\r\ncontent-length: 5\r\n\r\nhello",
        "\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello",
    ],
)
async def test_where_the_body_may_end(version: str, rest: str) -> None:
    assert await call(f"HTTP/{version} 200 OK{rest}".encode()) == (200, "hello")


async def test_after_an_interim_response_too() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\ncontent-length: 7\r\n\r\n"
    assert await call(interim + b"HTTP/1.1 200 OK\r\n\r\nhello") == (200, "hello")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Length : 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
    ],
)
async def test_where_it_may_not(answer: bytes) -> None:
    with pytest.raises(FetchFailed):
        await call(answer)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.0 200 OK\r\n\r\n"])
async def test_the_limit_is_counted_while_reading(head: bytes) -> None:
    assert await call(head + b"x" * LIMIT) == (200, "x" * LIMIT)
    with pytest.raises(AnswerTooLarge):
        await call(head + b"x" * (LIMIT + 1))


async def test_endless_headers_are_left() -> None:
    lines = b"x: " + b"x" * 997 + b"\r\n"
    with pytest.raises(FetchFailed, match="headers"):
        await call(b"HTTP/1.1 200 OK\r\n" + lines * 1_000)


async def test_the_time_that_this_process_has_no_time_is_not_the_servers() -> None:
    async def answer() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
        time.sleep(0.1)  # noqa: ASYNC251 (it is sent, and this loop has no time to read it)

    client = KeepAliveClient(LIMIT)
    try:
        async with raw_server(answer) as server:
            sent = client.call("POST", server.url, [], "{}", timeout=0.05)
            assert await sent == (200, "hello")
    finally:
        client.close()


async def test_a_server_that_is_late_is_given_up() -> None:
    over = asyncio.Event()

    async def answer() -> AsyncIterator[bytes]:
        await over.wait()
        yield b""

    client = KeepAliveClient(LIMIT)
    try:
        async with raw_server(answer) as server:
            with pytest.raises(FetchFailed) as failure:
                await client.call("POST", server.url, [], "{}", timeout=0.01)
            assert failure.value.timeout
            over.set()
    finally:
        client.close()
