"""The provider that all peers ask, in a process of its own: it answers at once, whatever is asked.

A whole answer has 628 bytes. A stream has as many events as the request's `max_tokens`, else 50,
ten milliseconds apart, then usage and `[DONE]`.
"""

import asyncio
import json
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from typing import Any, cast

import httptools

from benchmarks.spawned import spawned

EVENTS = 50
GAP_SECONDS = 0.01
_ANSWER_BYTES = 628
_USAGE = {"prompt_tokens": 90, "completion_tokens": 50, "total_tokens": 140}
_HEAD: dict[str, Any] = {"id": "chatcmpl-peers", "created": 1764547200, "model": "gpt-4o-mini"}


def provider_process() -> AbstractContextManager[str]:
    """Its base URL, version path included."""
    return spawned(_serve)


def _serve(told: Connection) -> None:
    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(_Exchange, "127.0.0.1", 0)
        told.send(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
        await server.serve_forever()

    asyncio.run(serve())


class _Exchange(asyncio.Protocol):
    """One connection of a peer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._body = b""

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        wanted = json.loads(self._body) if self._body else {}
        if not wanted.get("stream"):
            self._transport.write(_WHOLE)
            return
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        self._go_on(wanted.get("max_tokens") or wanted.get("max_completion_tokens") or EVENTS)

    def _go_on(self, left: int) -> None:
        if self._transport.is_closing():
            return
        if not left:
            usage = _event({"choices": [], "usage": _USAGE})
            self._transport.write(_chunk(_END + usage + b"data: [DONE]\n\n") + b"0\r\n\r\n")
            return
        self._transport.write(_chunk(_TOKEN))
        asyncio.get_running_loop().call_later(GAP_SECONDS, self._go_on, left - 1)


def _event(more: dict[str, Any]) -> bytes:
    payload = {**_HEAD, "object": "chat.completion.chunk", **more}
    return b"data: %s\n\n" % json.dumps(payload, separators=(",", ":")).encode()


def _choice(delta: dict[str, str], reason: str | None) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _whole() -> bytes:
    message = {"role": "assistant", "content": ""}
    answer = {
        **_HEAD,
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": _USAGE,
    }
    missing = _ANSWER_BYTES - len(json.dumps(answer))
    message["content"] = ("A cached answer is served at once. " * 20)[:missing]
    body = json.dumps(answer).encode()
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % len(body) + body


_TOKEN = _event(_choice({"content": "word "}, None))
_END = _event(_choice({}, "stop"))
_WHOLE = _whole()
