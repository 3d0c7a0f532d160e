"""Filler for silent streams, so that no proxy closes the connection as idle.

Rules: only between two events, and only what the clients of the dialect are known to skip: in
Anthropic's a ``ping``, which its own servers send, in OpenAI's a comment. Never a comment after an
event with an ``id``: openai-python dispatches an empty event at the next blank line then.
"""

SECONDS = 15.0
"""Seconds of silence before filler is sent. Load balancers close a silent connection after 30 to
100."""
_PING = b'event: ping\ndata: {"type": "ping"}\n\n'
_COMMENT = b": keep-alive\n\n"
_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")


class KeepAlive:
    """Follows what one client is sent."""

    def __init__(self, dialect: str) -> None:
        self._comments = dialect != "anthropic"
        self._end = b"\n\n"
        self._ids = False

    def sent(self, data: bytes) -> None:
        """The client was sent ``data``."""
        seen = self._end + data
        self._ids = self._ids or b"\nid:" in seen or b"\rid:" in seen
        self._end = seen[-4:]

    def filler(self) -> bytes:
        """What may be sent now; empty when nothing may."""
        if not self._end.endswith(_ENDS):
            return b""
        if self._comments:
            return b"" if self._ids else _COMMENT
        return _PING
