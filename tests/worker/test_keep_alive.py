"""What fills the silence of a stream, and that nothing else is changed by it."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from gateway.core.keep_alive import KeepAlive
from hosts.cpython import CPythonPlatform
from tests.doubles.raw_server import raw_server

COMMENT = b": keep-alive\n\n"


@pytest.mark.parametrize("sent", [b"", b"data: 1\n\n", b"data: 1\r\n\r\n", b"data: 1\r\r"])
def test_between_two_events_it_may_be_filled(sent: bytes) -> None:
    for pieces in ([sent], [sent[at : at + 1] for at in range(len(sent))]):
        openai, anthropic = KeepAlive("openai"), KeepAlive("anthropic")
        for piece in pieces:
            openai.sent(piece)
            anthropic.sent(piece)
        assert openai.filler() == COMMENT
        name, data, *rest = anthropic.filler().decode().split("\n")
        assert name == "event: ping"
        assert json.loads(data.removeprefix("data: ")) == {"type": "ping"}
        assert rest == ["", ""]


@pytest.mark.parametrize("sent", [b"d", b"data: 1", b"data: 1\n", b"data: 1\r\n", b"a\n\nb"])
def test_within_an_event_it_may_not(sent: bytes) -> None:
    for dialect in ("openai", "anthropic"):
        keep_alive = KeepAlive(dialect)
        keep_alive.sent(sent)
        assert keep_alive.filler() == b""


@pytest.mark.parametrize("cut", range(12))
def test_no_comment_once_an_event_had_an_id(cut: int) -> None:
    """openai-python keeps the id and dispatches an empty event at the comment's blank line."""
    events = b"data: 1\n\nid: 7\ndata: 2\n\n"
    keep_alive = KeepAlive("openai")
    keep_alive.sent(events[:cut])
    keep_alive.sent(events[cut:])
    keep_alive.sent(b"data: 3\n\n")
    assert keep_alive.filler() == b""


async def test_the_host_tells_silence_from_data() -> None:
    silent = asyncio.Event()

    async def halting() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\nbefore"
        await silent.wait()
        yield b"after"

    platform = CPythonPlatform()
    async with raw_server(halting) as server:
        response = await platform.fetch("POST", server.url, [], "{}", timeout=60)
        source = platform.relay(response, idle_timeout=60)
        seen = []
        async for chunk in source.client_chunks(silence=0.01):
            seen.append(chunk)
            if not chunk:
                silent.set()
    await platform.close()
    assert b"" in seen
    assert b"".join(seen) == b"beforeafter"
