"""A receiver that sends its answer byte by byte and never ends it."""

import contextlib
import socket
import threading
from typing import Any

import pytest
import urllib3

from apps.outgoing import deadline


class Trickling:
    """A server that starts to answer and never ends; ``cut`` is set when the client is gone."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self.port = self._listening.getsockname()[1]
        self.cut = threading.Event()

    def __enter__(self) -> "Trickling":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._listening.close()

    def _serve(self) -> None:
        taken, _ = self._listening.accept()
        with taken:
            try:
                taken.sendall(self._start)
                while not self.cut.wait(0.05):
                    taken.sendall(b"a")
            except OSError:
                self.cut.set()


class _Impatient(deadline.HttpPool.ConnectionCls):  # type: ignore[misc, valid-type]
    seconds = 0.5


class _ImpatientTls(deadline.HttpsPool.ConnectionCls):  # type: ignore[misc, valid-type]
    seconds = 0.5


class _Http(deadline.HttpPool):
    ConnectionCls = _Impatient


class _Https(deadline.HttpsPool):
    ConnectionCls = _ImpatientTls


@pytest.mark.parametrize(
    ("pool", "start"),
    [
        (_Http, b"HTTP/1.1 200 OK\r\nx-endless: "),
        (_Https, b"\x16\x03\x03\x40\x00"),  # a TLS record of 16 KB, of which little comes
    ],
)
def test_the_connection_is_cut(pool: Any, start: bytes) -> None:
    """Each byte comes well within the socket's own timeout: without the cut it would not end."""
    with (
        Trickling(start) as server,
        pool("127.0.0.1", server.port, timeout=urllib3.Timeout(5.0)) as made,
    ):
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            made.request("POST", "/", body=b"{}", retries=False, preload_content=False)
        assert server.cut.wait(30)


def test_an_answer_in_time_is_not_touched() -> None:
    def serve() -> None:
        taken, _ = listening.accept()
        with taken:
            taken.recv(65_536)
            taken.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        with deadline.HttpPool("127.0.0.1", listening.getsockname()[1]) as made:
            assert made.request("POST", "/", body=b"{}", retries=False).status == 204
        thread.join()
