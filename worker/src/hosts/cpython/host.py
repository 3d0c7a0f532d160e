"""The host of all requests of a process: ``Platform`` on CPython."""

import asyncio
import os
import time
from collections.abc import (
    Callable,
    Coroutine,
    Mapping,
    Sequence,
)
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import aiohttp
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from multidict import CIMultiDict

from gateway.core.http import (
    AddressRefused,
    FetchFailed,
    NotConnected,
    Unsendable,
    Upload,
    UpstreamResponse,
)
from gateway.core.log import log_event
from hosts.cpython.aiohttp_client import AiohttpResponse, new_session, reason
from hosts.cpython.keepalive import MAX_ANSWER_BYTES, KeepAliveClient
from hosts.cpython.public_addresses import NotPublicError
from hosts.cpython.resp import RespClient
from hosts.cpython.streams import SplitBody, drain

if TYPE_CHECKING:
    from hosts.cpython.postgres import Database


class CPythonPlatform:
    """``Platform`` on asyncio, aiohttp and ``cryptography``. One serves every request."""

    has_queue = False
    reads_streams = True
    opener = None

    def __init__(
        self,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        redis: RespClient | None = None,
        database: "Database | None" = None,
    ) -> None:
        self._redis = redis
        self._database = database
        self._max_answer_bytes = max_answer_bytes
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._keepalive = KeepAliveClient(max_answer_bytes)
        self._background: set[asyncio.Task[None]] = set()

    @property
    def has_redis(self) -> bool:
        """See ``Platform``."""
        return self._redis is not None

    @property
    def has_database(self) -> bool:
        """See ``Platform``."""
        return self._database is not None and self._database.is_usable

    def now(self) -> float:
        """See ``Platform``."""
        return time.time()

    def monotonic(self) -> float:
        """See ``Platform``."""
        return time.monotonic()

    def request_id(self) -> str:
        """See ``Platform``."""
        return os.urandom(16).hex()

    async def sleep(self, seconds: float) -> None:
        """See ``Platform``."""
        await asyncio.sleep(seconds)

    async def fetch(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: Any = None,
        *,
        timeout: float,
        connect_timeout: float | None = None,
        public_only: bool = False,
    ) -> UpstreamResponse:
        """See ``Platform``."""
        deadline = asyncio.get_running_loop().time() + timeout
        upload = body if isinstance(body, Upload) else Upload(body)
        sent = upload.source
        try:
            async with asyncio.timeout_at(deadline):
                response = await self._session(public_only=public_only).request(
                    method,
                    url,
                    data=sent.encode() if isinstance(sent, str) else sent,
                    headers=CIMultiDict(headers),
                    timeout=aiohttp.ClientTimeout(sock_connect=connect_timeout or timeout),
                    allow_redirects=False,
                )
        except aiohttp.ConnectionTimeoutError as error:
            raise NotConnected(reason(error), timeout=True) from error
        except TimeoutError as error:
            raise FetchFailed(f"no answer within {timeout:g} s", timeout=True) from error
        except aiohttp.ClientConnectorError as error:
            kind = AddressRefused if isinstance(error.os_error, NotPublicError) else FetchFailed
            raise kind(reason(error)) from error
        except aiohttp.ClientResponseError as error:
            raise FetchFailed(reason(error), answered=True) from error
        except aiohttp.InvalidURL as error:
            # aiohttp cannot parse this address, so it is not a public one either.
            raise (AddressRefused if public_only else Unsendable)(reason(error)) from error
        except (aiohttp.ClientError, OSError) as error:
            raise upload.failure or FetchFailed(reason(error)) from error
        except ValueError as error:  # a header that cannot be sent
            raise Unsendable(reason(error)) from error
        return AiohttpResponse(response, deadline, self._max_answer_bytes)

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        """See ``Platform``."""
        return await self._keepalive.call(method, url, headers, body, timeout=timeout)

    async def redis(self, command: Sequence[Any], *, timeout: float) -> Any:
        """See ``Platform``."""
        assert self._redis is not None  # noqa: S101 (asked for only where has_redis)
        return await self._redis.execute(command, timeout)

    async def insert_rows(self, rows: str, *, timeout: float) -> None:
        """See ``Platform``."""
        assert self._database is not None  # noqa: S101 (asked for only where has_database)
        await self._database.insert(rows, timeout)

    def split(
        self, upstream: UpstreamResponse, *, first_timeout: float, idle_timeout: float
    ) -> tuple[SplitBody, SplitBody]:
        """See ``Platform``."""
        assert isinstance(upstream, AiohttpResponse)  # noqa: S101 (only fetch() makes them)
        body = SplitBody(upstream, first_timeout, idle_timeout)
        return body, body

    def relay(self, upstream: UpstreamResponse, *, idle_timeout: float) -> SplitBody:
        """See ``Platform``."""
        source, copy = self.split(upstream, first_timeout=idle_timeout, idle_timeout=idle_timeout)
        self.wait_until(drain(copy))
        return source

    def soon(self, act: Callable[[], None]) -> None:
        """See ``Platform``. No server waits between the parts of an answer that is there."""
        asyncio.get_running_loop().call_soon(act)

    def wait_until(self, work: Coroutine[Any, Any, None]) -> None:
        """See ``Platform``."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._done)

    async def enqueue(self, message: str) -> None:  # noqa: ARG002 (queues are Cloudflare's)
        """See ``Platform``."""
        raise FetchFailed("this host has no queue")

    async def run_model(
        self,
        model: str,  # noqa: ARG002 (Workers AI is Cloudflare's)
        inputs: Mapping[str, Any],  # noqa: ARG002
        *,
        timeout: float,  # noqa: ARG002
    ) -> dict[str, Any]:
        """See ``Platform``."""
        raise FetchFailed("this host has no Workers AI binding")

    async def seal(self, key: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        nonce = os.urandom(12)
        return nonce + _cipher(key).encrypt(nonce, plaintext, aad)

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        """See ``Platform``."""
        try:
            return _cipher(key).decrypt(sealed[:12], sealed[12:], aad)
        except (InvalidTag, ValueError) as error:
            raise ValueError("does not open") from error

    async def finish(self, seconds: float) -> None:
        """Wait for background work; cancel what is not done by then (it waits to try again)."""
        if self._background:
            _, late = await asyncio.wait(self._background, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        """Close every connection."""
        self._keepalive.close()
        if self._redis is not None:
            self._redis.close()
        if self._database is not None:
            await self._database.close()
        for session in self._sessions.values():
            await session.close()

    def _session(self, *, public_only: bool) -> aiohttp.ClientSession:
        session = self._sessions.get(public_only)
        if session is None:
            session = self._sessions[public_only] = new_session(public_only=public_only)
        return session

    def _done(self, task: asyncio.Task[None]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_event("background_failed", "error", error=f"{type(error).__name__}: {error}")


@lru_cache(maxsize=1024)
def _cipher(key: bytes) -> AESGCM:
    """Setting one up costs as much as opening a short answer. The process holds the keys anyhow."""
    return AESGCM(key)
