"""Redis's own protocol (RESP2) over one pipelined connection: the CPython host's way to Redis.

Every request of the process writes to the same connection; replies come in the order of the
commands. hiredis parses and packs. redis-py's asyncio client, which takes a connection from a pool
for each command, costs five times the CPU (ADR 0011).
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import hiredis

from gateway.core.http import FetchFailed
from gateway.core.settings import SettingsError
from gateway.redis.upstash import UpstashError

_SILENCE_SECONDS = 1.0
"""A connection whose oldest reply is this late is closed: its peer may be gone."""
_LATE_TIMER_SECONDS = 0.02
"""A timer that fires later than this was held up by this process itself."""
_MOST_LATE_TIMERS = 3
_SHORTEST_WAIT = 0.25
"""The share of the time limit that is left for the reply, however long it took to connect."""


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """Where Redis is and how to sign in, from a ``redis://`` or ``rediss://`` URL."""

    host: str
    port: int
    database: int
    username: str
    password: str = field(repr=False)
    tls: bool

    @classmethod
    def parse(cls, url: str) -> "RedisAddress":
        """Raises ``SettingsError``; the message never shows the URL, which holds a password."""
        try:
            parts = urlsplit(url)
            port = parts.port or 6379
            database = int(parts.path.strip("/") or 0)
        except ValueError as error:
            raise SettingsError("REDIS_URL has a malformed port or database") from error
        if parts.scheme not in ("redis", "rediss") or not parts.hostname:
            raise SettingsError("REDIS_URL must be redis://[user:password@]host[:port][/database]")
        return cls(
            host=parts.hostname,
            port=port,
            database=database,
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls=parts.scheme == "rediss",
        )

    def greeting(self) -> list[tuple[str | int, ...]]:
        """The commands that a new connection begins with."""
        commands: list[tuple[str | int, ...]] = []
        if self.password:
            user = (self.username,) if self.username else ()
            commands.append(("AUTH", *user, self.password))
        if self.database:
            commands.append(("SELECT", self.database))
        return commands


class RespClient:
    """Redis for every request of one process and event loop. Connects when first asked."""

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None

    async def execute(self, command: Sequence[Any], timeout: float) -> Any:
        """Redis's reply as ``int``, ``str``, ``None`` or a list of them.

        ``timeout`` counts from when the command is on the wire; what connecting took is taken off
        it. Raises ``FetchFailed`` when no reply comes, ``UpstashError`` for a refusal of Redis.
        """
        packed = _packed(command)
        connection = self._connection
        if connection is None or connection.closed:
            began = asyncio.get_running_loop().time()
            connection = await self._connected(timeout)
            spent = asyncio.get_running_loop().time() - began
            timeout = max(_SHORTEST_WAIT * timeout, timeout - spent)
        reply = await connection.send(packed, timeout)
        if isinstance(reply, hiredis.ReplyError):
            raise UpstashError(str(reply))
        return reply

    def close(self) -> None:
        """Close the connection; a later command opens another."""
        if self._connecting is not None:
            self._connecting.cancel()
        if self._connection is not None:
            self._connection.abort("closed")
            self._connection = None

    async def _connected(self, timeout: float) -> "_Connection":
        """The connection that another request is opening already, or a new one."""
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._connect(timeout))
            self._connecting.add_done_callback(_retrieved)
        # One that gives up must not end it for the others.
        connection = await asyncio.shield(self._connecting)
        self._connection = connection
        return connection

    async def _connect(self, timeout: float) -> "_Connection":
        address = self._address
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                _, connection = await loop.create_connection(
                    lambda: _Connection(loop),
                    address.host,
                    address.port,
                    ssl=ssl.create_default_context() if address.tls else None,
                )
                for command in address.greeting():
                    reply = await connection.send(_packed(command), timeout)
                    if isinstance(reply, hiredis.ReplyError):
                        connection.abort("refused")
                        raise FetchFailed(f"Redis refused {command[0]}: {reply}")
        except TimeoutError as error:
            raise FetchFailed("no connection to Redis in time", timeout=True) from error
        except OSError as error:
            raise FetchFailed(f"no connection to Redis: {type(error).__name__}") from error
        return connection


@dataclass(slots=True)
class _Waiting:
    """A command that was sent: the future of its reply, and its deadline (loop time)."""

    reply: asyncio.Future[Any]
    until: float
    given_up_at: float


class _Connection(asyncio.Protocol):
    """One socket. A command that timed out keeps its place, so that its late reply is dropped."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._reader = hiredis.Reader(encoding="utf-8", errors="replace")
        self._waiting: deque[_Waiting] = deque()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._fires_at = 0.0
        self._late_timers = 0
        self.closed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass of it

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self.abort(f"Redis closed the connection{f': {type(exc).__name__}' if exc else ''}")

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                if not self._waiting:
                    raise hiredis.ProtocolError("a reply that nobody asked for")
                waiting = self._waiting.popleft()
                if not waiting.reply.done():
                    waiting.reply.set_result(reply)
        except hiredis.ProtocolError as error:
            self.abort(f"not Redis's protocol: {error}")

    def send(self, packed: bytes, timeout: float) -> "asyncio.Future[Any]":
        """Write a command; the future is its reply, errors of Redis included."""
        reply: asyncio.Future[Any] = self._loop.create_future()
        if self.closed or self._transport is None:
            reply.set_exception(FetchFailed("the connection to Redis is closed"))
            return reply
        now = self._loop.time()
        until = now + timeout
        self._waiting.append(_Waiting(reply, until, until + _SILENCE_SECONDS))
        self._transport.write(packed)
        if self._timer is None or until < self._fires_at:
            self._set_timer(until)
        return reply

    def abort(self, reason: str) -> None:
        """Close at once; whoever waits gets ``FetchFailed``."""
        if self.closed:
            return
        self.closed = True
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.abort()
        for waiting in self._waiting:
            if not waiting.reply.done():
                waiting.reply.set_exception(FetchFailed(reason))
        self._waiting.clear()

    def _set_timer(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = at
        self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        """Fail the commands whose time is over, and set the timer for the next one."""
        self._timer = None
        now = self._loop.time()
        is_late = now - self._fires_at > _LATE_TIMER_SECONDS
        if is_late and self._late_timers < _MOST_LATE_TIMERS:
            # The loop was busy: replies may lie unread in the socket. They are read first.
            self._late_timers += 1
            self._set_timer(now + _LATE_TIMER_SECONDS / 2)
            return
        self._late_timers = 0
        for waiting in self._waiting:
            if waiting.until <= now and not waiting.reply.done():
                waiting.reply.set_exception(FetchFailed("no reply of Redis in time", timeout=True))
        if self._waiting and self._waiting[0].given_up_at <= now:
            self.abort("Redis is silent")
            return
        pending = [waiting.until for waiting in self._waiting if not waiting.reply.done()]
        if pending or self._waiting:
            self._set_timer(min([*pending, self._waiting[0].given_up_at]))


def _packed(command: Sequence[Any]) -> bytes:
    packed: bytes = hiredis.pack_command(tuple(command))
    return packed


def _retrieved(task: "asyncio.Task[_Connection]") -> None:
    """Waiting requests have the exception; without any, it needs no log line."""
    if not task.cancelled():
        task.exception()
