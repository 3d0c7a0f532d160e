"""The edge's two calls, over HTTP against the views and as SQL against the database's own objects.

Both answer alike: a value, or ``Refused`` with PostgreSQL's or PostgREST's code.
"""

import asyncio
import json
from typing import Any, Protocol

import psycopg
from psycopg import sql
from supabase import Client, PostgrestAPIError

from gateway.core.platform import DatabaseRefused
from hosts.cpython.postgres import Database


class Refused(Exception):
    """``code`` is an SQLSTATE or a PGRST code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Caller(Protocol):
    """What the Worker asks of Supabase."""

    def resolve(self, key_hash: str) -> Any:
        """``rpc/resolve_api_key``."""

    def insert(self, rows: list[dict[str, Any]], *, ignore_duplicates: bool = True) -> None:
        """The bulk insert into ``usage_logs``."""


class HttpCaller:
    """Through the ``supabase`` client."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def resolve(self, key_hash: str) -> Any:
        try:
            return self.client.rpc("resolve_api_key", {"key_hash": key_hash}).execute().data
        except PostgrestAPIError as error:
            raise Refused(error.code or "", error.message or "") from error

    def insert(self, rows: list[dict[str, Any]], *, ignore_duplicates: bool = True) -> None:
        table = self.client.table("usage_logs")
        if ignore_duplicates:
            query = table.upsert(
                rows, on_conflict="request_id", ignore_duplicates=True, returning="minimal"
            )
        else:
            query = table.insert(rows, returning="minimal")
        try:
            query.execute()
        except PostgrestAPIError as error:
            raise Refused(error.code or "", error.message or "") from error


class SqlCaller:
    """The statements PostgREST makes of the two calls, as the role it would switch to.

    It logs in as ``authenticator`` and sets the role in each transaction, as PostgREST does with
    the role that a JWT names.
    """

    def __init__(self, connection: psycopg.Connection[Any], role: str = "watchllm_edge") -> None:
        self._connection = connection
        self._role = role

    def query(self, statement: sql.Composable | str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Any statement as the role, in a transaction of its own."""
        composed = sql.SQL(statement) if isinstance(statement, str) else statement  # type: ignore[arg-type]
        try:
            with self._connection.transaction(), self._connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(self._role)))
                cursor.execute(composed, parameters)
                return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise Refused(error.sqlstate or "", str(error)) from error

    def resolve(self, key_hash: str) -> Any:
        return self.query("SELECT public.resolve_api_key(key_hash => %s)", key_hash)[0][0]

    def insert(self, rows: list[dict[str, Any]], *, ignore_duplicates: bool = True) -> None:
        names = list(rows[0])
        statement = sql.SQL(
            "INSERT INTO public.usage_logs({columns}) SELECT {columns} FROM"
            " json_populate_recordset(null::public.usage_logs, %s) AS rows {conflict}"
        ).format(
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            conflict=sql.SQL("ON CONFLICT (request_id) DO NOTHING" if ignore_duplicates else ""),
        )
        self.query(statement, json.dumps(rows))


class DirectCaller(SqlCaller):
    """Rows as the CPython edge inserts them where it has ``DATABASE_URL``; it never wants to be
    told of known rows."""

    def __init__(self, connection: psycopg.Connection[Any], url: str) -> None:
        super().__init__(connection)
        self._url = url

    def insert(self, rows: list[dict[str, Any]], *, ignore_duplicates: bool = True) -> None:
        if not ignore_duplicates:
            super().insert(rows, ignore_duplicates=False)
            return
        try:
            asyncio.run(self._insert(json.dumps(rows)))
        except DatabaseRefused as error:
            raise Refused(error.code, str(error)) from error

    async def _insert(self, rows: str) -> None:
        database = Database(self._url)
        try:
            await database.insert(rows, 60)
        finally:
            await database.close()
