"""Answers as they come over the wire to the CPython host: how much is read, what counts as one."""

import asyncio
import gzip
import sys
import zlib
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

import brotli
import pytest

from gateway.core.http import AddressRefused, AnswerTooLarge, FetchFailed
from hosts.cpython.aiohttp_client import AiohttpResponse
from hosts.cpython.host import CPythonPlatform
from tests.doubles.raw_server import Answer, RawServer, raw_server

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LIMIT = 100_000
OK = b"HTTP/1.1 200 OK\r\nconnection: close\r\n"


@asynccontextmanager
async def provider(answer: Answer) -> AsyncIterator[tuple[CPythonPlatform, RawServer]]:
    platform = CPythonPlatform(LIMIT)
    try:
        async with raw_server(answer) as server:
            yield platform, server
    finally:
        await platform.close()


async def fetch(platform: CPythonPlatform, server: RawServer) -> AiohttpResponse:
    response = await platform.fetch("POST", server.url, [], "{}", timeout=60)
    assert isinstance(response, AiohttpResponse)
    return response


def coded(coding: str, body: bytes) -> bytes:
    return OK + f"content-encoding: {coding}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("coding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("br", brotli.compress),
        ("zstd", zstd.compress),
    ],
)
async def test_every_coding_that_is_asked_for_is_decoded(coding: str, pack: object) -> None:
    assert callable(pack)
    async with provider(coded(coding, pack(b"[1, 2]"))) as (platform, server):
        response = await fetch(platform, server)
        assert await response.text() == "[1, 2]"
    accepted = server.requests[0].lower().partition(b"accept-encoding:")[2].partition(b"\r\n")[0]
    assert coding.encode() in accepted


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", zstd.compress)],
)
async def test_what_is_counted_is_the_decompressed_body(coding: str, pack: object) -> None:
    assert callable(pack)
    packed = pack(bytes(LIMIT + 1))
    assert len(packed) < 1_000
    async with provider(coded(coding, packed)) as (platform, server):
        response = await fetch(platform, server)
        with pytest.raises(AnswerTooLarge):
            await response.text()
        assert response.raw.connection is None
    async with provider(coded(coding, pack(b"x" * LIMIT))) as (platform, server):
        response = await fetch(platform, server)
        assert len(await response.text()) == LIMIT


async def endless() -> AsyncIterator[bytes]:
    yield OK + b"\r\n"
    while True:
        yield bytes(10_000)


async def test_an_endless_answer_is_left_at_the_limit() -> None:
    async with provider(endless) as (platform, server):
        response = await fetch(platform, server)
        with pytest.raises(AnswerTooLarge):
            await response.text()
        assert response.raw.connection is None
        await server.broken_off.wait()
        # What was read, and what the two sockets' buffers hold.
        assert server.sent < 100 * LIMIT


async def test_a_declared_length_over_the_limit_is_not_read_at_all() -> None:
    async with provider(OK + f"content-length: {LIMIT + 1}\r\n\r\n".encode()) as (platform, server):
        response = await fetch(platform, server)
        with pytest.raises(AnswerTooLarge):
            await response.text()


async def test_a_stream_is_not_counted() -> None:
    async def long() -> AsyncIterator[bytes]:
        yield OK + b"\r\n"
        for _ in range(30):
            yield bytes(LIMIT // 10)

    async with provider(long) as (platform, server):
        source = platform.relay(await fetch(platform, server), idle_timeout=60)
        assert sum([len(chunk) async for chunk in source.client_chunks()]) == 3 * LIMIT


async def test_the_beginning_of_a_body_can_be_looked_at_and_is_still_there() -> None:
    body = b'data: {"a": 1}\n\ndata: [DONE]\n\n'

    async def slowly() -> AsyncIterator[bytes]:
        yield OK + b"\r\n"
        for byte in body:
            yield bytes([byte])

    for answer in (OK + b"\r\n" + body, slowly):
        async with provider(answer) as (platform, server):
            response = await fetch(platform, server)
            assert body.startswith(begun := await response.begin())
            assert len(begun) >= 16
            assert await response.text() == body.decode()
            response = await fetch(platform, server)
            await response.begin()
            source = platform.relay(response, idle_timeout=60)
            assert b"".join([chunk async for chunk in source.client_chunks()]) == body
    async with provider(OK + b"\r\nshort") as (platform, server):
        assert await (await fetch(platform, server)).begin() == b"short"


@pytest.mark.parametrize("size", [9_000, 60_000])
async def test_long_header_lines_are_taken(size: int) -> None:
    answer = OK + b"x-policy: " + b"p" * size + b"\r\n\r\nhello"
    async with provider(answer) as (platform, server):
        response = await fetch(platform, server)
        assert len(response.headers["x-policy"]) == size
        assert await response.text() == "hello"


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"x-policy: " + b"p" * 70_000 + b"\r\n\r\nhello",
        b"this is no HTTP\r\n\r\n",
    ],
)
async def test_what_cannot_be_read_is_told_from_no_answer(answer: bytes) -> None:
    """A provider has charged for it: it must not be asked again."""
    async with provider(answer) as (platform, server):
        with pytest.raises(FetchFailed) as failed:
            await fetch(platform, server)
        assert failed.value.answered


async def test_a_connection_that_is_closed_is_no_answer() -> None:
    async with provider(b"") as (platform, server):
        with pytest.raises(FetchFailed) as failed:
            await fetch(platform, server)
        assert not failed.value.answered


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.1", "2130706433"])
async def test_a_customers_address_is_judged_where_the_socket_connects(host: str) -> None:
    async with provider(OK + b"\r\n") as (platform, server):
        url = server.url.replace("127.0.0.1", host)
        with pytest.raises(AddressRefused):
            await platform.fetch("POST", url, [], "{}", timeout=60, public_only=True)
        assert server.requests == []


async def test_a_customers_name_takes_no_thread_of_the_resolver() -> None:
    """A few names that no server answers for would hold all of them, and so everybody's."""
    asked: list[str] = []

    class Counted(ThreadPoolExecutor):
        def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Any:
            asked.append(str(arguments[0] if arguments else work))
            return super().submit(work, *arguments, **named)

    asyncio.get_running_loop().set_default_executor(Counted(1))
    platform = CPythonPlatform(LIMIT)
    try:
        for public_only, threads in ((True, 0), (False, 1)):
            with pytest.raises(FetchFailed):
                await platform.fetch(
                    "POST", "http://nobody.invalid/", [], "{}", timeout=60, public_only=public_only
                )
            assert len(asked) == threads
    finally:
        await platform.close()
