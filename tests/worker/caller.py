"""A client on a bare socket, which disconnects and reads exactly when the test says so."""

import json
import socket
from typing import Any

from tests.worker.edge import Edge, Tenant

MODEL = "gpt-4o"
CHAT: dict[str, Any] = {"model": MODEL, "messages": [{"role": "user", "content": "a question"}]}
_RECEIVED_AT_ONCE = 4096


class Caller:
    """A socket that speaks just enough HTTP to leave in the middle of it."""

    def __init__(
        self,
        edge: Edge,
        tenant: Tenant,
        *,
        stream: bool,
        path: str = "/v1/chat/completions",
        body: dict[str, Any] = CHAT,
    ) -> None:
        self._body = json.dumps({**body, "stream": stream}).encode()
        host, port = edge.base_url.removeprefix("http://").split(":")
        self._head = (
            f"POST {path} HTTP/1.1\r\nhost: {host}\r\n"
            f"authorization: Bearer {tenant.key}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(self._body)}\r\n\r\n"
        ).encode()
        self._socket = socket.socket()
        # What this side's kernel takes without being asked for is not much.
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED_AT_ONCE)
        self._socket.settimeout(60)
        self._socket.connect((host, int(port)))

    def send(self, *, body_bytes: int | None = None) -> None:
        """The request, or its first ``body_bytes``."""
        self._socket.sendall(self._head + self._body[:body_bytes])

    def read_until(self, text: bytes) -> int:
        """Return once ``text`` has arrived; how many bytes that took."""
        size, recent = 0, b""
        while text not in recent:
            part = self._socket.recv(65536)
            assert part, f"the edge closed the connection after {recent[-200:]!r}"
            size += len(part)
            recent = recent[-len(text) :] + part
        return size

    def leave(self) -> None:
        """Close at once."""
        self._socket.close()
