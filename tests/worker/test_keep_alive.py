"""What fills the silence of a stream, and that nothing else is changed by it."""

import asyncio
import json
from collections.abc import AsyncIterator

import anthropic
import openai
import pytest

from gateway.core.keep_alive import KeepAlive
from hosts.cpython.host import CPythonPlatform
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


def filled(events: list[dict[str, object]], dialect: str, *, named: bool) -> bytes:
    """A stream with a filler before, between and after all of its events."""
    keep_alive = KeepAlive(dialect)
    body = keep_alive.filler()
    for event in events:
        name = f"event: {event['type']}\n" if named else ""
        data = f"{name}data: {json.dumps(event)}\n\n".encode()
        keep_alive.sent(data)
        body += data + keep_alive.filler()
    return b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + body


async def test_the_sdks_of_openai_skip_it() -> None:
    chunks = [
        {"id": "c1", "choices": [{"index": 0, "delta": {"content": text}}]} for text in ("a", "b")
    ]
    async with (
        raw_server(filled([*chunks], "openai", named=False)) as server,
        openai.AsyncOpenAI(api_key="key", base_url=server.url) as client,
    ):
        stream = await client.chat.completions.create(model="m", messages=[], stream=True)
        said = [chunk.choices[0].delta.content async for chunk in stream]
    assert said == ["a", "b"]
    created = [{"type": "response.output_text.delta", "delta": text} for text in ("a", "b")]
    async with (
        raw_server(filled([*created], "openai", named=True)) as server,
        openai.AsyncOpenAI(api_key="key", base_url=server.url) as client,
    ):
        events = await client.responses.create(model="m", input="x", stream=True)
        assert [event.delta async for event in events] == ["a", "b"]


async def test_the_sdk_of_anthropic_skips_it() -> None:
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        for text in ("a", "b")
    ]
    async with (
        raw_server(filled([*deltas], "anthropic", named=True)) as server,
        anthropic.AsyncAnthropic(api_key="key", base_url=server.url) as client,
    ):
        stream = await client.messages.create(model="m", messages=[], max_tokens=5, stream=True)
        said = [event.delta.text async for event in stream]
    assert said == ["a", "b"]
