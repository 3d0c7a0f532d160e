"""Usage rows straight into PostgreSQL: one connection for each process, as the edge's own role.

The statement is the one that PostgREST makes of the edge's bulk insert, and the role is the same:
so are constraints, policy and refusals.
"""

import asyncio
import os
import socket
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import DatabaseRefused
from shared.usage_events import COLUMNS

_ROLE = "watchllm_edge"
_CONNECT_SECONDS = 5
_REASON_CHARACTERS = 200
_TRANSACTION_POOLER_PORT = 6543
_INSERT = sql.SQL(
    "INSERT INTO public.usage_logs({columns}) SELECT {columns} FROM"
    " json_populate_recordset(null::public.usage_logs, %s::json)"
    " ON CONFLICT (request_id) DO NOTHING"
).format(columns=sql.SQL(", ").join(map(sql.Identifier, COLUMNS)))
Connection = psycopg.AsyncConnection[tuple[Any, ...]]


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
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()
        self.is_usable = True

    async def insert(self, rows: str, timeout: float) -> None:
        """Store a JSON array of rows, all or none; those that are there already are left alone.

        ``timeout``: seconds, for everything. Raises ``DatabaseRefused``, or ``FetchFailed``: then
        the rows may have been stored.
        """
        try:
            async with asyncio.timeout(timeout):
                async with self._turn:
                    await self._insert(rows)
        except TimeoutError as error:
            raise FetchFailed(
                f"PostgreSQL: no answer within {timeout:g} s", timeout=True
            ) from error
        except psycopg.Error as error:
            raise FetchFailed(f"PostgreSQL: {_reason(error)}") from error

    async def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = None

    async def _insert(self, rows: str) -> None:
        kept = self._connection
        if kept is not None and not kept.closed:
            try:
                await self._execute(kept, rows)
                return
            except psycopg.OperationalError as error:
                # The server, or something on the way, may have ended it while nobody used it.
                if error.sqlstate is not None and not kept.closed:
                    raise
        self._connection = await self._connect()
        await self._execute(self._connection, rows)

    async def _connect(self) -> Connection:
        connection: Connection = await psycopg.AsyncConnection.connect(
            self._url,
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name="watchllm-edge",
        )
        try:
            await _statement(connection, sql.SQL("SET ROLE {}").format(sql.Identifier(_ROLE)))
        except BaseException as error:
            await connection.close()
            if isinstance(error, psycopg.errors.InsufficientPrivilege):
                self.is_usable = False
                log_event("rows_not_direct", "error", reason=_reason(error))
            raise
        return connection

    async def _execute(self, connection: Connection, rows: str) -> None:
        try:
            await _statement(connection, _INSERT, (rows,))
        except psycopg.Error as error:
            if error.sqlstate is None or connection.closed:
                raise
            raise DatabaseRefused(error.sqlstate, _reason(error)) from error


async def _statement(
    connection: Connection, statement: sql.Composed, parameters: tuple[str, ...] = ()
) -> None:
    """Execute it. Whoever is cancelled meanwhile, by a time limit for one, loses the connection.

    psycopg itself would ask the server to cancel the statement and wait for that: for a server that
    answers nothing it would wait for ever, and hold up this whole process for seconds of it.
    """
    work = asyncio.ensure_future(connection.execute(statement, parameters, prepare=True))
    try:
        await asyncio.shield(work)
    except asyncio.CancelledError:
        _cut(connection)
        with suppress(psycopg.Error):
            await work
        raise


def _cut(connection: Connection) -> None:
    """End the TCP connection under libpq, which then fails as it does when a server dies."""
    with (
        suppress(OSError, psycopg.Error),
        socket.socket(fileno=os.dup(connection.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)


def _reason(error: psycopg.Error) -> str:
    """One line; libpq's text tells address and user, and no password."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = error.diag.message_primary or lines[-1]
    return f"{error.sqlstate}: {text}" if error.sqlstate else text[:_REASON_CHARACTERS]
