"""A request's place in the caller's trace, and its measurements for Sentry."""

import re
from typing import Any

from gateway.reporting import sentry
from shared.usage_events import UsageEvent

_TRACEPARENT = re.compile(
    r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}"
)


def ids(traceparent: str | None) -> tuple[str | None, str | None]:
    """Trace id and parent span id of a W3C ``traceparent`` header; ``None`` for a malformed one."""
    match = _TRACEPARENT.match(traceparent or "")
    return (match[1], match[2]) if match else (None, None)


def measurements(
    event: UsageEvent,
    started: float,
    *,
    name: str,
    request_id: str,
    trace_id: str,
    span_id: str,
    parent_id: str | None,
) -> dict[str, Any]:
    """One request as a Sentry transaction. ``started``: unix time."""
    return sentry.transaction(
        name,
        started=started,
        ended=started + event.latency_ms / 1000,
        trace_id=trace_id,
        span_id=span_id,
        parent_span_id=parent_id,
        status=event.status,
        measured={
            "latency": event.latency_ms,
            "upstream": event.upstream_ms,
            "ttfb": event.ttfb_ms,
        },
        tags={
            "cache": event.cache_status,
            "provider": event.provider,
            "model": event.model,
            "stream": event.stream,
            "error_code": event.error_code,
            "request_id": request_id,
        },
    )
