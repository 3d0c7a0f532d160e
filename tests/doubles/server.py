"""The HTTP server under every double: real sockets on loopback, in a thread of its own.

    with SomeDouble() as double:
        double.url                              # http://127.0.0.1:<port>
        double.requests                         # what arrived, oldest first
        double.broken_off()                     # how many of them were left by their caller
        double.break_with("frozen")             # from now on nothing is answered
        double.heal()

Faults, the same for every double:

- `refused`: nothing listens any more (connections already open are closed);
- `frozen`: requests are read and never answered;
- `slow`: answered after `seconds`;
- `held`: answered once the double is healed;
- `error`: answered with `status` and a body the service would not send;
- `reset`: the connection is reset instead of answered.
"""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

from aiohttp import web

FaultName = Literal["refused", "frozen", "slow", "held", "error", "reset"]
_PATIENCE_SECONDS = 120  # what never happens fails then; a busy machine takes its time
_MAX_BODY_BYTES = 64 * 1024 * 1024
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as it arrived. Header names are lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; raises `ValueError` when it is not JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class _Fault:
    name: FaultName
    seconds: float = 0.0
    status: int = 500


@dataclass(slots=True)
class _State:
    requests: list[RecordedRequest] = field(default_factory=list)
    broken_off: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)
    fault: _Fault | None = None
    answering: int = 0
    healed: asyncio.Event = field(default_factory=asyncio.Event)


class Double:
    """Base of the doubles: a subclass answers in `respond`, and may hold state of its own."""

    def __init__(self) -> None:
        self._state = _State()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._listening: socket.socket | None = None
        self._site: web.SockSite | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0

    # --- for subclasses ---

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Answer one request as the real service would."""
        raise NotImplementedError

    async def on_start(self) -> None:
        """Runs in the server's thread before it listens."""

    async def on_stop(self) -> None:
        """Runs in the server's thread after the last request."""

    # --- for tests ---

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def requests(self) -> list[RecordedRequest]:
        """Every request that arrived since the start or the last `forget`, faults included."""
        return self._state.requests

    def forget(self) -> None:
        """Empty `requests`, and count `broken_off` from nothing."""
        self._state.requests.clear()
        self._state.broken_off = 0

    def broken_off(self) -> int:
        """How many requests' connections the caller closed before they were answered."""
        return self._state.broken_off

    def wait_for_requests(self, count: int, seconds: float = _PATIENCE_SECONDS) -> None:
        """Return once that many requests have arrived; raise `TimeoutError` when they do not."""
        with self._state.arrived:
            if not self._state.arrived.wait_for(lambda: len(self.requests) >= count, seconds):
                raise TimeoutError(f"{len(self.requests)} of {count} requests in {seconds} s")

    def answering(self) -> int:
        """How many requests are being answered right now, those not counted that a fault keeps.
        Whatever had reached this server's socket has been read when this returns."""
        return self._in_loop(self._answering())

    def break_with(self, name: FaultName, *, seconds: float = 0.0, status: int = 500) -> None:
        """Let every request from now on meet this fault."""
        was_refusing = self._state.fault is not None and self._state.fault.name == "refused"
        self._state.fault = _Fault(name, seconds, status)
        if name == "refused" and not was_refusing:
            self._in_loop(self._close_port())
        elif was_refusing and name != "refused":
            self._in_loop(self._open_port())

    def heal(self) -> None:
        """Answer as usual again, on the same port."""
        was_refusing = self._state.fault is not None and self._state.fault.name == "refused"
        self._state.fault = None
        self._in_loop(self._let_go())
        if was_refusing:
            self._in_loop(self._open_port())

    def start(self) -> Self:
        """Listen on an ephemeral loopback port."""
        self._thread.start()
        self._in_loop(self._open_port(first=True))
        return self

    def stop(self) -> None:
        """Close every connection and end the thread."""
        self._in_loop(self._close_port())
        if self._listening is not None:
            self._listening.close()
        self._in_loop(self.on_stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_PATIENCE_SECONDS)
        self._loop.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    # --- the server ---

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def _in_loop(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_SECONDS)

    async def _answering(self) -> int:
        await asyncio.sleep(0)  # one more look at the sockets
        return self._state.answering

    async def _let_go(self) -> None:
        self._state.healed.set()
        self._state.healed = asyncio.Event()

    async def _open_port(self, *, first: bool = False) -> None:
        if first:
            await self.on_start()
        if self._listening is None:
            self._listening = socket.create_server(("127.0.0.1", 0))
            self.port = self._listening.getsockname()[1]
        else:
            self._listening.listen()
        app = web.Application(client_max_size=_MAX_BODY_BYTES)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=0.01,
            handler_cancellation=True,
        )
        await self._runner.setup()
        self._site = web.SockSite(self._runner, self._listening)
        await self._site.start()

    async def _close_port(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            # Bound and not listening: it refuses, and nobody else gets the port meanwhile.
            self._listening = socket.socket()
            self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listening.bind(("127.0.0.1", self.port))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self._record(request, body)
        fault = self._state.fault
        if fault is not None and fault.name == "frozen":
            await asyncio.Event().wait()
        if fault is not None and fault.name == "held":
            await self._state.healed.wait()
            fault = None
        if fault is not None and fault.name == "slow":
            await asyncio.sleep(fault.seconds)
        self._state.answering += 1
        try:
            return await self._meet(request, body, fault)
        finally:
            self._state.answering -= 1

    async def _meet(
        self, request: web.Request, body: bytes, fault: _Fault | None
    ) -> web.StreamResponse:
        if fault is not None:
            if fault.name == "reset":
                reset_connection(request)
            if fault.name == "error":
                return web.Response(status=fault.status, text="<html>upstream fault</html>")
        try:
            return await self.respond(request, body)
        except (asyncio.CancelledError, ConnectionResetError):
            self._state.broken_off += 1
            raise

    def _record(self, request: web.Request, body: bytes) -> None:
        recorded = RecordedRequest(
            method=request.method,
            path=request.path,
            query=request.query_string,
            headers={name.lower(): value for name, value in request.headers.items()},
            body=body,
        )
        with self._state.arrived:
            self._state.requests.append(recorded)
            self._state.arrived.notify_all()


def reset_connection(request: web.Request) -> None:
    """Send TCP RST instead of whatever would come next, and end this request."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    raise asyncio.CancelledError
