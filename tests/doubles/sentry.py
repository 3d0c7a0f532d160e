"""Sentry's ingestion (POST /api/<project>/envelope/), for tests: envelopes as its SDKs must send.

    with SentryDouble() as sentry:
        sentry.dsn                          # SENTRY_DSN
        sentry.events("event")              # accepted items of a type: "event" or "transaction"

The format is "Envelopes" and "Event Payloads" of Sentry's developer documentation.
"""

import json
import re
import zlib
from datetime import datetime
from typing import Any

from aiohttp import web

from tests.doubles.server import Double

PUBLIC_KEY = "0123456789abcdef0123456789abcdef"
PROJECT = "42"
_ID = re.compile(r"[0-9a-f]{32}\Z")
_SPAN = re.compile(r"[0-9a-f]{16}\Z")
_LEVELS = ("fatal", "error", "warning", "info", "debug")


class _Bad(Exception):
    """Why an envelope is refused."""


class SentryDouble(Double):
    """Answers 200 with the event's id."""

    def __init__(self) -> None:
        super().__init__()
        self.items: list[tuple[str, dict[str, Any]]] = []
        self.raw: list[bytes] = []

    @property
    def dsn(self) -> str:
        """For SENTRY_DSN."""
        return f"http://{PUBLIC_KEY}@127.0.0.1:{self.port}/{PROJECT}"

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Accepted payloads of one item type, oldest first."""
        return [payload for name, payload in self.items if name == kind]

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Authenticate, parse, check."""
        if request.path != f"/api/{PROJECT}/envelope/" or request.method != "POST":
            return web.json_response({"detail": "not found"}, status=404)
        auth = request.headers.get("X-Sentry-Auth", "")
        scheme, _, fields = auth.partition(" ")
        given = dict(item.strip().split("=", 1) for item in fields.split(",") if "=" in item)
        if scheme != "Sentry" or given.get("sentry_key") != PUBLIC_KEY:
            return web.json_response({"detail": "invalid key"}, status=403)
        if given.get("sentry_version") != "7" or not given.get("sentry_client"):
            return web.json_response({"detail": "bad sentry auth"}, status=400)
        if request.content_type != "application/x-sentry-envelope":
            return web.json_response({"detail": "bad content type"}, status=400)
        try:
            if body[:2] == b"\x1f\x8b":
                body = zlib.decompress(body, wbits=31)
            event_id, items = _parse(body)
            for kind, payload in items:
                _check(kind, payload, event_id)
        except (_Bad, ValueError, KeyError, TypeError, zlib.error) as error:
            return web.json_response({"detail": f"invalid envelope: {error}"}, status=400)
        self.items += items
        self.raw.append(body)
        return web.json_response({"id": event_id})


def _parse(body: bytes) -> tuple[str, list[tuple[str, dict[str, Any]]]]:
    first, _, rest = body.partition(b"\n")
    header = json.loads(first)
    _require(_ID.match(header["event_id"]), "event_id")
    datetime.fromisoformat(header["sent_at"])
    items = []
    while rest:
        line, _, rest = rest.partition(b"\n")
        if not line:
            continue
        item = json.loads(line)
        length = item.get("length")
        if length is None:
            payload, _, rest = rest.partition(b"\n")
        else:
            _require(len(rest) >= length, "length")
            payload, rest = rest[:length], rest[length:].removeprefix(b"\n")
        items.append((item["type"], json.loads(payload)))
    _require(items, "no items")
    return header["event_id"], items


def _check(kind: str, payload: dict[str, Any], event_id: str) -> None:
    _require(kind in ("event", "transaction"), f"item type {kind}")
    _require(payload["event_id"] == event_id, "event_id of the item")
    _require(payload["platform"] == "python", "platform")
    ended = _time(payload["timestamp"])
    if kind == "event":
        _require(payload["level"] in _LEVELS, "level")
        _require("exception" in payload or "message" in payload or "logentry" in payload, "empty")
        for value in payload.get("exception", {}).get("values", []):
            _require(isinstance(value["type"], str), "exception type")
            _require(value["stacktrace"]["frames"], "frames")
        return
    _require(isinstance(payload["transaction"], str), "transaction name")
    _require(_time(payload["start_timestamp"]) <= ended, "ends before it starts")
    trace = payload["contexts"]["trace"]
    _require(_ID.match(trace["trace_id"]), "trace_id")
    _require(_SPAN.match(trace["span_id"]), "span_id")
    _require(isinstance(payload["spans"], list), "spans")
    for measurement in payload.get("measurements", {}).values():
        _require(isinstance(measurement["value"], int | float), "measurement")


def _time(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    return datetime.fromisoformat(value).timestamp()


def _require(condition: object, what: str) -> None:
    if not condition:
        raise _Bad(what)
