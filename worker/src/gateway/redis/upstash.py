"""The upstash-redis client with our transport, and without the cost of its own.

The client's transport opens sockets, and a Worker has none. Importing it costs 580 of the client's
670 ms in Pyodide, 540 of them for httpx.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from gateway.core.deferred import defer

defer("upstash_redis.http", "make_headers", "SyncHttpClient", "AsyncHttpClient")

from upstash_redis.asyncio import Redis  # noqa: E402 (its transport must be deferred first)
from upstash_redis.errors import UpstashError  # noqa: E402

__all__ = ["Transport", "UpstashError", "UpstashRedis"]


class Transport(Protocol):
    """Sends one command, or a pipeline of them, and answers decoded results."""

    async def execute(
        self,
        url: str,
        headers: dict[str, str],
        command: Sequence[Any],
        from_pipeline: bool = ...,  # noqa: FBT001 (the client's own signature)
    ) -> Any:
        """Raises ``UpstashError`` for an error that Redis answered."""

    async def close(self) -> None:
        """Release whatever the transport holds."""


class UpstashRedis(Redis):
    """``Redis`` with an injected transport; no telemetry, no retry, no sync token."""

    def __init__(self, url: str, token: str, transport: Transport) -> None:
        # Redis.__init__ would build an httpx client; these are the attributes it sets.
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._read_your_writes = False
        self._sync_token = ""
        self._http = transport  # type: ignore[assignment]
