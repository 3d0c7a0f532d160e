"""Usage rows straight into PostgreSQL: one connection for each process, as the edge's own role.

The statement is the one that PostgREST makes of the edge's bulk insert, and the role is the same:
so are constraints, policy and refusals.
"""

import asyncio
from typing import Any
from urllib.parse import urlsplit

import asyncpg

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import DatabaseRefused
from shared.usage_events import COLUMNS

_SESSION = {"application_name": "watchllm-edge", "role": "watchllm_edge"}
_CONNECT_SECONDS = 5.0
_CLOSE_SECONDS = 1.0
_REASON_CHARACTERS = 200
_TRANSACTION_POOLER_PORT = 6543
_FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
)
_NAMES = ", ".join(f'"{name}"' for name in COLUMNS)
_INSERT = f"""
INSERT INTO public.usage_logs({_NAMES})
SELECT {_NAMES} FROM json_populate_recordset(null::public.usage_logs, $1)
ON CONFLICT (request_id) DO NOTHING
"""  # noqa: S608 (the columns are ours)


def unsuitable(url: str) -> str | None:
    """Why rows cannot go there, and so go through the REST API; ``None`` where they can."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "DATABASE_URL is malformed"
    if parts.scheme not in ("postgres", "postgresql"):
        return "DATABASE_URL names no PostgreSQL"
    if port == _TRANSACTION_POOLER_PORT:
        return "a transaction pooler gives no connection of one's own: name the session pooler"
    return None


class Database:
    """``url``: a user who may become the role ``watchllm_edge``. Connects when first used.

    ``is_usable``: false once that was refused. Then rows take the way through the REST API.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._turn = asyncio.Lock()
        self.is_usable = True

    async def insert(self, rows: str, timeout: float) -> None:
        """Store a JSON array of rows, all or none; those that are there already are left alone.

        ``timeout``: seconds, for everything. Raises ``DatabaseRefused``, or ``FetchFailed``: then
        the rows may have been stored.
        """
        try:
            async with asyncio.timeout(timeout), self._turn:
                await self._insert(rows)
        except TimeoutError as error:
            raise FetchFailed(f"no answer of PostgreSQL in {timeout:g} s", timeout=True) from error
        except _FAILURES as error:
            raise FetchFailed(f"PostgreSQL: {_reason(error)}") from error

    async def close(self) -> None:
        """End the connection."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            await connection.close(timeout=_CLOSE_SECONDS)
        except (TimeoutError, *_FAILURES):
            connection.terminate()

    async def _insert(self, rows: str) -> None:
        kept = self._connection
        if kept is not None and not kept.is_closed():
            try:
                await _execute(kept, rows)
                return
            except _FAILURES:
                # The server, or something on the way, may have ended it while nobody used it.
                if not kept.is_closed():
                    raise
        self._connection = await self._connect()
        await _execute(self._connection, rows)

    async def _connect(self) -> Any:
        try:
            return await asyncpg.connect(
                self._url, timeout=_CONNECT_SECONDS, server_settings=_SESSION
            )
        except asyncpg.InsufficientPrivilegeError as error:
            self.is_usable = False
            log_event("rows_not_direct", "error", reason=_reason(error))
            raise
        except (ValueError, asyncpg.ClientConfigurationError) as error:
            # Its text may show the URL, which holds a password.
            raise FetchFailed(f"DATABASE_URL: {type(error).__name__}") from error


async def _execute(connection: Any, rows: str) -> None:
    try:
        await connection.execute(_INSERT, rows)
    except asyncio.CancelledError:
        # Its reply would be taken for the next statement's. The server may be past answering.
        connection.terminate()
        raise
    except asyncpg.PostgresError as error:
        if connection.is_closed() or error.sqlstate is None:
            raise
        raise DatabaseRefused(error.sqlstate, _reason(error)) from error


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    code = getattr(error, "sqlstate", None)
    return f"{code}: {lines[0]}" if code else lines[0][:_REASON_CHARACTERS]
