"""Connections with a deadline for the whole exchange.

A socket's timeout restarts with every byte, so a server that sends one now and then could occupy a
sender for hours. From the TLS handshake on, a timer therefore closes the connection, through a
second descriptor of the socket, because TLS takes over the first one.
"""

import contextlib
import socket
import threading

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

SECONDS = 20.0


class _Ending(HTTPConnection):
    seconds = SECONDS
    _twin: socket.socket | None = None
    _timer: threading.Timer | None = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self._twin = made.dup()
        self._timer = threading.Timer(self.seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()
        return made

    def _cut(self) -> None:
        if self._twin is not None:
            with contextlib.suppress(OSError):  # closed a moment ago
                self._twin.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """See the base class."""
        if self._timer is not None:
            self._timer.cancel()
        if self._twin is not None:
            self._twin.close()
        super().close()


class _EndingTls(_Ending, HTTPSConnection):
    pass


class HttpPool(urllib3.HTTPConnectionPool):
    """Of connections that end after ``SECONDS``."""

    ConnectionCls = _Ending


class HttpsPool(urllib3.HTTPSConnectionPool):
    """The same with TLS."""

    ConnectionCls = _EndingTls
