"""A small HTTP/1.1 client for the calls that every request makes: Redis and Supabase.

One exchange at a time on a pooled connection, whole bodies, a quarter of the CPU that a general
client takes (``docs/adr/0003``). Streaming, redirects and proxies are left to aiohttp. Parsing is
llhttp's, through ``httptools``.
"""

import asyncio
import ssl
from collections.abc import Sequence
from typing import cast
from urllib.parse import urlsplit

import httptools

from gateway.core.http import AnswerTooLarge, FetchFailed

MAX_ANSWER_BYTES = 64 * 2**20
_MAX_HEAD_BYTES = 2**16
_MAX_IDLE = 256
_MAX_IDLE_SECONDS = 20.0
_LATE_TIMER_SECONDS = 0.02
"""A timer that fires later than this was held up by this process itself."""
_MOST_LATE_TIMERS = 3
_SHORTEST_WAIT = 0.25
"""The share of the time limit that is left for the answer, however long it took to connect."""

Address = tuple[str, str, int]


class _Connection(asyncio.Protocol):
    """One connection; ``exchange`` is never called while another one is under way."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_answer_bytes: int) -> None:
        self._loop = loop
        self._limit = max_answer_bytes
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._head = b""
        self._headers_complete = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._late_timers = 0
        self.started = False
        self.keeps_alive = True
        self.idle_since = 0.0

    # asyncio.Protocol
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # create_connection makes no other

    def data_received(self, data: bytes) -> None:
        self.started = True
        if not self._headers_complete:
            if len(self._head) > _MAX_HEAD_BYTES:
                self._fail(FetchFailed("the headers of the response are too large"))
                return
            self._head += data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(FetchFailed(f"malformed response: {error}"))

    def eof_received(self) -> None:
        """A body without a length ends here (RFC 9112, section 6.3); any other one is cut."""
        if self._answer is None or self._answer.done() or not self._headers_complete:
            return
        self.keeps_alive = False
        if _ends_with_connection(self._head):
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._chunks)))

    def connection_lost(self, exc: Exception | None) -> None:
        self.keeps_alive = False
        self._fail(FetchFailed(str(exc) if exc else "the connection was closed"))

    # httptools
    def on_headers_complete(self) -> None:
        self._headers_complete = self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limit:
            self._fail(AnswerTooLarge(self._limit))
            return
        self._chunks.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # an interim response; the real one follows
            return
        self.keeps_alive = self.keeps_alive and self._parser.should_keep_alive()
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((status, b"".join(self._chunks)))

    @property
    def usable(self) -> bool:
        """Open, and idle for less than servers usually allow."""
        fresh = self._loop.time() - self.idle_since < _MAX_IDLE_SECONDS
        return self.keeps_alive and fresh and self._transport is not None

    async def exchange(self, request: bytes, timeout: float) -> tuple[int, bytes]:
        """Send one request, wait ``timeout`` for its whole answer. Raises ``FetchFailed``."""
        self._parser = httptools.HttpResponseParser(self)
        self._head = b""
        self._headers_complete = False
        self._chunks = []
        self._size = 0
        self.started = False
        self._answer = self._loop.create_future()
        assert self._transport is not None  # noqa: S101 (connected before it is handed out)
        self._transport.write(request)
        self._due, self._late_timers = self._loop.time() + timeout, 0
        self._timer = self._loop.call_at(self._due, self._over)
        try:
            return await self._answer
        finally:
            self._timer.cancel()

    def close(self) -> None:
        """Drop the connection; an exchange under way fails."""
        self.keeps_alive = False
        if self._transport is not None:
            self._transport.abort()

    def _over(self) -> None:
        """The time limit is over; where this process was busy meanwhile, the answer may lie unread
        in the socket, which is read first."""
        now = self._loop.time()
        if now - self._due > _LATE_TIMER_SECONDS and self._late_timers < _MOST_LATE_TIMERS:
            self._late_timers += 1
            self._due = now + _LATE_TIMER_SECONDS / 2
            self._timer = self._loop.call_at(self._due, self._over)
            return
        self._fail(FetchFailed("no answer in time", timeout=True))

    def _fail(self, error: FetchFailed) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        if self.keeps_alive:
            self.close()


class KeepAliveClient:
    """A pool of connections for each address. Belongs to one event loop."""

    def __init__(self, max_answer_bytes: int = MAX_ANSWER_BYTES) -> None:
        self._max_answer_bytes = max_answer_bytes
        self._idle: dict[Address, list[_Connection]] = {}
        self._places: dict[str, tuple[Address, bytes]] = {}
        self._tls: ssl.SSLContext | None = None

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        """Status and text of the answer. Raises ``FetchFailed``.

        ``timeout`` bounds connecting, and the answer from when the request is on the wire: the time
        that this process has no time is not the service's. A kept connection that the server
        closed meanwhile is replaced once, if it had not begun to answer.
        """
        address, head = self._request_to(url)
        payload = body.encode() if isinstance(body, str) else body
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
        request = (
            f"{method} ".encode()
            + head
            + f"{lines}content-length: {len(payload)}\r\n\r\n".encode()
            + payload
        )
        try:
            status, answer = await self._exchange(address, request, timeout)
        except TimeoutError as error:
            raise FetchFailed(f"no connection within {timeout:g} s", timeout=True) from error
        except OSError as error:
            raise FetchFailed(str(error) or type(error).__name__) from error
        return status, answer.decode("utf-8", "replace")

    def close(self) -> None:
        """Close idle connections."""
        for connections in self._idle.values():
            for connection in connections:
                connection.close()
        self._idle.clear()

    async def _exchange(
        self, address: Address, request: bytes, timeout: float
    ) -> tuple[int, bytes]:
        idle = self._idle.setdefault(address, [])
        while idle:
            connection = idle.pop()
            if not connection.usable:
                connection.close()
                continue
            try:
                return await self._on(connection, idle, request, timeout)
            except FetchFailed as error:
                if connection.started or error.timeout:
                    raise
                break
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(timeout):
            connection = await self._connect(address)
        left = max(_SHORTEST_WAIT * timeout, timeout - (loop.time() - began))
        return await self._on(connection, idle, request, left)

    async def _on(
        self, connection: _Connection, idle: list[_Connection], request: bytes, timeout: float
    ) -> tuple[int, bytes]:
        try:
            answer = await connection.exchange(request, timeout)
        except BaseException:
            # Also when cancelled by the timeout: the rest of the answer must reach nobody else.
            connection.close()
            raise
        if connection.keeps_alive and len(idle) < _MAX_IDLE:
            connection.idle_since = asyncio.get_running_loop().time()
            idle.append(connection)
        else:
            connection.close()
        return answer

    async def _connect(self, address: Address) -> _Connection:
        scheme, host, port = address
        loop = asyncio.get_running_loop()
        if scheme == "https" and self._tls is None:
            self._tls = ssl.create_default_context()
        _, connection = await loop.create_connection(
            lambda: _Connection(loop, self._max_answer_bytes),
            host,
            port,
            ssl=self._tls if scheme == "https" else None,
        )
        return connection

    def _request_to(self, url: str) -> tuple[Address, bytes]:
        """The address of ``url`` and the request's first lines after the method."""
        place = self._places.get(url)
        if place is None:
            parts = urlsplit(url)
            default = 443 if parts.scheme == "https" else 80
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            head = f"{target} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n".encode()
            address = (parts.scheme, parts.hostname or "", parts.port or default)
            place = self._places[url] = (address, head)
        return place


def _ends_with_connection(head: bytes) -> bool:
    """Whether the answer that begins with ``head`` says neither its length nor its chunks.

    Read only when a connection ends within an answer: the parser does not tell, and a callback for
    each header of each answer would cost every request.
    """
    while head.startswith((b"HTTP/1.1 1", b"HTTP/1.0 1")):  # interim responses
        head = head.partition(b"\r\n\r\n")[2]
    lines = head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    names = {line.partition(b":")[0].strip().lower() for line in lines}
    return not names & {b"content-length", b"transfer-encoding"}
