"""Supabase's REST side, for tests of the Worker: the two routes it may use, and nothing else.

    with PostgrestDouble() as supabase:             # api_key=…: a publishable key apart from `key`
        supabase.url, supabase.key                  # SUPABASE_URL, SUPABASE_KEY
        supabase.records[key_hash] = {…}            # what resolve_api_key answers
        supabase.usage_logs                         # rows, unique by request_id, oldest first
        supabase.calls("resolve_api_key")           # or "usage_logs"
        supabase.gone.add(project_id)               # deleted: its rows are refused by the policy
        supabase.lose_answers = 1                   # so many inserts are done and answered with 500

The contract is the one that PostgreSQL with the real functions is held to in tests/contract.
"""

import json
from typing import Any

from aiohttp import web

from tests.doubles.server import Double

KEY = "header.watchllm_edge.signature"
_PATHS = {
    "/rest/v1/rpc/resolve_api_key": "resolve_api_key",
    "/rest/v1/usage_logs": "usage_logs",
}
_REQUIRED = ("request_id", "ts", "project_id", "organization_id", "endpoint", "cache_status")


class PostgrestDouble(Double):
    """Answers with PostgREST's statuses and error bodies."""

    key = KEY

    def __init__(self, api_key: str = KEY) -> None:
        super().__init__()
        self.api_key = api_key
        self.records: dict[str, dict[str, Any]] = {}
        self.usage_logs: list[dict[str, Any]] = []
        self.gone: set[str] = set()
        self.refused_models: set[str] = set()
        self.lose_answers = 0

    def calls(self, route: str) -> int:
        """How many requests arrived for `resolve_api_key` or `usage_logs`."""
        return sum(1 for request in self.requests if _PATHS.get(request.path) == route)

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Authenticate, route, answer."""
        authorized = request.headers.get("Authorization") == f"Bearer {KEY}"
        if request.headers.get("apikey") != self.api_key or not authorized:
            return _error(401, "PGRST301", "No suitable key or wrong key type")
        route = _PATHS.get(request.path)
        if route is None:
            return _error(404, "42501", "permission denied")
        if request.method != "POST":
            return _error(403, "42501", f"permission denied for {route}")
        if request.content_type != "application/json":
            return _error(415, "PGRST102", f"Content-Type not acceptable: {request.content_type}")
        try:
            sent = json.loads(body)
        except ValueError:
            return _error(400, "PGRST102", "Empty or invalid json")
        return self._resolve(sent) if route == "resolve_api_key" else self._insert(request, sent)

    def _resolve(self, sent: Any) -> web.Response:
        if not isinstance(sent, dict) or set(sent) != {"key_hash"}:
            return _error(404, "PGRST202", "Could not find the function in the schema cache")
        return web.json_response(self.records.get(sent["key_hash"]))

    def _insert(self, request: web.Request, sent: Any) -> web.Response:
        prefer = {part.strip() for part in request.headers.get("Prefer", "").split(",")}
        if "return=minimal" not in prefer:
            return _error(403, "42501", "permission denied for table usage_logs")  # no SELECT
        rows = sent if isinstance(sent, list) else [sent]
        for row in rows:
            for column in _REQUIRED:
                if row.get(column) is None:
                    return _error(400, "23502", f'null value in column "{column}"')
            if row.get("model") in self.refused_models or "\\u0000" in json.dumps(row):
                return _error(400, "22P05", "unsupported Unicode escape sequence")
        if any(row.keys() != rows[0].keys() for row in rows):
            return _error(400, "PGRST102", "All object keys must match")
        if any(row["project_id"] in self.gone for row in rows):
            return _error(
                403, "42501", 'new row violates row-level security policy for table "usage_logs"'
            )
        known = {row["request_id"] for row in self.usage_logs}
        duplicates = [row for row in rows if row["request_id"] in known]
        ignores = (
            request.query.get("on_conflict") == "request_id"
            and "resolution=ignore-duplicates" in prefer
        )
        if duplicates and not ignores:
            return _error(409, "23505", "duplicate key value violates unique constraint")
        for row in rows:
            if row["request_id"] not in known:
                known.add(row["request_id"])
                self.usage_logs.append(row)
        if self.lose_answers:
            self.lose_answers -= 1
            return web.Response(status=500, text="<html>upstream fault</html>")
        return web.Response(status=201)


def _error(status: int, code: str, message: str) -> web.Response:
    body = {"code": code, "details": None, "hint": None, "message": message}
    return web.json_response(body, status=status)
