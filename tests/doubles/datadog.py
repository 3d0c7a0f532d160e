"""Datadog's log intake (POST /api/v2/logs), for tests: as strict as its documentation.

with DatadogDouble() as datadog:
    datadog.logs_url, datadog.key       # DD_LOGS_URL, DD_API_KEY
    datadog.entries                     # every accepted entry, oldest first
    datadog.batches                     # how many entries each accepted request had
"""

import json
import zlib
from typing import Any

from aiohttp import web

from tests.doubles.server import Double

KEY = "0123456789abcdef0123456789abcdef"
MAX_ENTRIES = 1_000
MAX_BYTES = 5 * 1024 * 1024
MAX_ENTRY_BYTES = 1024 * 1024


class DatadogDouble(Double):
    """Answers 202 to what it takes."""

    key = KEY

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []
        self.batches: list[int] = []

    @property
    def logs_url(self) -> str:
        """The intake's address."""
        return f"{self.url}/api/v2/logs"

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Check everything the documentation names."""
        if request.path != "/api/v2/logs" or request.method != "POST":
            return _errors(404, "Not Found")
        if request.headers.get("DD-API-KEY") != KEY:
            return _errors(403, "Forbidden")
        if request.content_type != "application/json":
            return _errors(415, "Unsupported Media Type")
        try:
            data = _decoded(request, body)
        except (ValueError, zlib.error):
            return _errors(400, "Invalid content encoding")
        if len(data) > MAX_BYTES:
            return _errors(413, "Payload Too Large")
        try:
            entries = json.loads(data)
        except ValueError:
            return _errors(400, "Invalid JSON")
        if not isinstance(entries, list) or not 0 < len(entries) <= MAX_ENTRIES:
            return _errors(400, "Expected an array of 1 to 1000 logs")
        for entry in entries:
            if not isinstance(entry, dict) or len(json.dumps(entry)) > MAX_ENTRY_BYTES:
                return _errors(413, "Log too large")
            if not isinstance(entry.get("message"), str):
                return _errors(400, "A log needs a message")
        self.entries += entries
        self.batches.append(len(entries))
        return web.json_response({}, status=202)


def _decoded(request: web.Request, body: bytes) -> bytes:
    """The body as it was sent; aiohttp has inflated it already where a header says so."""
    if request.headers.get("Content-Encoding") == "gzip" and body[:2] == b"\x1f\x8b":
        return zlib.decompress(body, wbits=31)
    return body


def _errors(status: int, detail: str) -> web.Response:
    body = {"errors": [{"status": str(status), "title": detail}]}
    return web.json_response(body, status=status)
