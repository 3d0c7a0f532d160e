"""Reports to Sentry: unhandled errors, error lines of the log, and sampled measurements. Nothing
here imports the SDK, which costs an isolate's first user 100 ms. ``sentry_client`` imports it after
the response, once there is something to send; until then reports are plain data. No report contains
a customer's content: no bodies, prompts, headers, keys, query strings or local variables, and of
exceptions only messages that this code base wrote.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gateway.core.breaker import Breaker
from gateway.core.http import FetchFailed
from gateway.core.log import log_event, redact
from gateway.core.platform import Platform
from gateway.core.settings import Settings

Event = dict[str, Any]

_MAX_WAITING = 100
_TIMEOUT_SECONDS = 5.0
_PAUSE_SECONDS = 60.0
"""Seconds without sending after a failure or a 429; Sentry's own default where it names no time."""
_LINE_TAGS = ("project_id", "request_id", "endpoint", "provider", "model", "status", "credential")
_LINE_EXTRA = ("rows", "waiting", "lost")


@dataclass(slots=True)
class Reports:
    """Events that have not been sent yet; plain data. The newest are kept."""

    events: deque[Event] = field(default_factory=lambda: deque(maxlen=_MAX_WAITING))
    breaker: Breaker = field(default_factory=lambda: Breaker(cooldown=_PAUSE_SECONDS))

    def add_line(self, line: str, at: float) -> None:
        """Keep an error line of the log; of its texts only those that are names."""
        if '"level": "error"' not in line:
            return
        fields = json.loads(line)
        if fields["event"] == "unhandled" or fields["event"].startswith("sentry_"):
            return  # reported with its stack, or not at all
        self.events.append(
            {
                "level": "error",
                "logger": "gateway",
                "message": fields["event"],
                "timestamp": at,
                "fingerprint": [fields["event"]],
                "tags": _texts(fields, _LINE_TAGS),
                "extra": {name: fields[name] for name in _LINE_EXTRA if name in fields},
            }
        )


def transaction(
    name: str,
    *,
    started: float,
    ended: float,
    trace_id: str,
    span_id: str,
    parent_span_id: str | None,
    status: int,
    measured: dict[str, float | None],
    tags: dict[str, Any],
) -> Event:
    """One request's measurements (milliseconds) as a Sentry transaction."""
    trace: dict[str, Any] = {
        "trace_id": trace_id,
        "span_id": span_id,
        "op": "http.server",
        "status": "ok" if status < 400 else "internal_error" if status >= 500 else "unknown_error",
        "data": {"http.response.status_code": status},
    }
    if parent_span_id is not None:
        trace["parent_span_id"] = parent_span_id
    return {
        "type": "transaction",
        "transaction": name,
        "transaction_info": {"source": "route"},
        "start_timestamp": started,
        "timestamp": max(started, ended),
        "contexts": {"trace": trace},
        "tags": _texts(tags, tuple(tags)),
        "measurements": {
            name: {"value": value, "unit": "millisecond"}
            for name, value in measured.items()
            if value is not None
        },
        "spans": [],
    }


async def report(
    platform: Platform, settings: Settings, reports: Reports, error: Exception, tags: dict[str, Any]
) -> None:
    """Send an exception, by the request in which it happened: its frames must not outlive it."""
    from gateway.reporting import sentry_client

    event = sentry_client.exception_event(settings, error)
    event["tags"] = _texts(tags, tuple(tags))
    _scrub(event, error)
    reports.events.append(event)
    await flush(platform, settings, reports)


async def flush(platform: Platform, settings: Settings, reports: Reports) -> None:
    """Send what waits. Never raises."""
    while reports.events and reports.breaker.try_acquire(platform.monotonic()):
        from gateway.reporting import sentry_client

        request = sentry_client.request(settings, reports.events.popleft())
        if request is None:
            continue
        try:
            status, _ = await platform.call("POST", *request, timeout=_TIMEOUT_SECONDS)
            reason = f"status {status}"
        except FetchFailed as failure:
            status, reason = 0, str(failure)
        if status == 200:
            reports.breaker.succeeded()
        else:
            reports.breaker.failed(platform.monotonic())
            log_event("sentry_not_sent", "warning", reason=reason)


def _texts(values: dict[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    return {name: str(values[name])[:200] for name in names if values.get(name) is not None}


def _scrub(event: Event, error: BaseException) -> None:
    """Removes messages that may quote a request: all but those of our own exceptions."""
    ours = {type(each).__name__ for each in _chain(error) if _is_ours(each)}
    for value in event["exception"]["values"]:
        value["value"] = redact(str(value["value"])) if value["type"] in ours else ""


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _is_ours(error: BaseException) -> bool:
    return type(error).__module__.partition(".")[0] in ("gateway", "hosts", "shared")
