"""How the CPython host asks providers: one aiohttp session, and answers whose size is bounded.

Rules: what a provider sends is counted after it was decompressed and while it is read; a setting of
the session (coding, header sizes, redirects) belongs here and nowhere else.
"""

import asyncio

import aiohttp

from gateway.core.http import AnswerTooLarge, FetchFailed
from hosts.cpython.public_addresses import public_socket

_LONGEST_HEADER = 2**16
"""Bytes of one header line. Some proxies answer with long policies and cookies."""
_MOST_HEADERS = 256
_BEGINNING = 16
"""How many bytes tell the kind of a body."""


def new_session(*, public_only: bool) -> aiohttp.ClientSession:
    """``public_only``: it connects to public addresses and to no other. The names of these are
    customers' own. They are resolved on the event loop (aiodns): with the system's resolver, a few
    names that no server answers for would keep its threads from everybody else's.

    ``Accept-Encoding`` is aiohttp's own: what it can decode here, which is gzip and deflate, and
    br and zstd where their decoders are installed. Without the header a provider may send anything.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0,
            keepalive_timeout=30,
            socket_factory=public_socket if public_only else None,
            # aiohttp's own choice is aiodns, where it is installed.
            resolver=None if public_only else aiohttp.ThreadedResolver(),
        ),
        timeout=aiohttp.ClientTimeout(total=None),
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=("User-Agent",),
        read_bufsize=2**16,
        max_line_size=_LONGEST_HEADER,
        max_field_size=_LONGEST_HEADER,
        max_headers=_MOST_HEADERS,
    )


class AiohttpResponse:
    """An aiohttp response as a ``gateway.core.http.UpstreamResponse``."""

    def __init__(
        self, response: aiohttp.ClientResponse, deadline: float, max_answer_bytes: int
    ) -> None:
        self.raw = response
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._deadline = deadline
        self._limit = max_answer_bytes
        self._begun: list[bytes] = []

    async def begin(self) -> bytes:
        """See ``UpstreamResponse``."""
        while sum(map(len, self._begun)) < _BEGINNING:
            chunk = await self._next()
            if not chunk:
                break
            self._begun.append(chunk)
        return b"".join(self._begun)

    async def text(self) -> str:
        """See ``UpstreamResponse``."""
        chunks = self.taken()
        size = sum(map(len, chunks))
        declared = self.raw.content_length or 0
        while size <= self._limit and declared <= self._limit:
            chunk = await self._next()
            if not chunk:
                return b"".join(chunks).decode("utf-8", "replace").removeprefix("\ufeff")
            size += len(chunk)
            chunks.append(chunk)
        self.raw.close()
        raise AnswerTooLarge(self._limit)

    def taken(self) -> list[bytes]:
        """What ``begin`` has read, for the reader of the rest."""
        taken, self._begun = self._begun, []
        return taken

    async def close(self) -> None:
        """See ``UpstreamResponse``."""
        self.raw.close()

    async def _next(self) -> bytes:
        """The next decompressed bytes, at most some 100 KB; empty at the end."""
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self.raw.content.readany()
        except TimeoutError as error:
            self.raw.close()
            raise FetchFailed("the answer did not arrive in time", timeout=True) from error
        except (aiohttp.ClientError, OSError) as error:
            raise FetchFailed(reason(error)) from error


def reason(error: BaseException) -> str:
    """What went wrong, for the log."""
    return str(error) or type(error).__name__
