"""uvicorn's httptools protocol, extended in two ways. To be measured, not to be used."""

from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from benchmarks.http_server.nothing import BODY, HEADERS


def _head(status: int, headers: list[tuple[bytes, bytes]]) -> list[bytes]:
    parts = [STATUS_LINE[status]]
    for name, value in headers:
        parts += (name, b": ", value, b"\r\n")
    return parts


class WholeAnswers(HttpToolsProtocol):
    """Everything as in uvicorn, but an application may hand over a whole answer in one call."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        cycle.scope["whole"] = partial(self._whole, cycle)
        super()._start_asgi_task(cycle, app)

    @staticmethod
    def _whole(cycle: Any, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        parts = _head(status, [*cycle.default_headers, *headers])
        if not cycle.keep_alive:
            parts.append(b"connection: close\r\n")
        parts.append(b"\r\n")
        if cycle.scope["method"] != "HEAD":
            parts.append(body)
        cycle.response_started = True
        cycle.transport.write(b"".join(parts))
        cycle.response_complete = True
        cycle.message_event.set()
        if not cycle.keep_alive:
            cycle.transport.close()
        cycle.on_response()


class BeforeAsgi(HttpToolsProtocol):
    """A task and an answer for each message: no scope, no events. The least that a server costs
    that reads requests by httptools and answers from a task."""

    def on_message_begin(self) -> None:
        self.headers = []
        self.url = b""
        self.received = b""

    def on_headers_complete(self) -> None:
        """Nothing is looked at."""

    def on_body(self, body: bytes) -> None:
        self.received += body

    def on_message_complete(self) -> None:
        task = self.loop.create_task(self._answer())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self) -> None:
        self.transport.write(b"".join([*_head(200, HEADERS), b"\r\n", BODY]))
        self.on_response_complete()
