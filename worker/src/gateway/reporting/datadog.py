"""Log lines to Datadog's log intake, in batches, after the response.

The intake takes a JSON array of at most 1,000 entries and 5 MB, an entry of at most 1 MB, gzip
welcome, and answers 202 (Datadog's "Send logs", v2). Lines are worth less than usage rows: when the
intake is away the oldest are dropped, and an isolate that ends loses its last lines.
"""

import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from gateway.core.breaker import Breaker
from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import Platform, json_headers
from gateway.core.settings import Settings

MAX_ENTRIES = 1_000
MAX_BYTES = 4_500_000
_MAX_ENTRY_BYTES = 900_000
_MAX_WAITING = 5_000
_TIMEOUT_SECONDS = 5.0


@dataclass(slots=True)
class LogBuffer:
    """Lines that nobody has sent yet; plain data."""

    lines: deque[tuple[str, float]] = field(default_factory=lambda: deque(maxlen=_MAX_WAITING))
    breaker: Breaker = field(default_factory=lambda: Breaker(cooldown=30.0))

    def add(self, line: str, at: float) -> None:
        """Keep a line (JSON) of the unix time ``at``, unless it is about Datadog itself."""
        if not line.startswith('{"event": "datadog_'):
            self.lines.append((line, at))


async def flush(platform: Platform, settings: Settings, buffer: LogBuffer) -> None:
    """Send what waits. Never raises."""
    while buffer.lines and buffer.breaker.try_acquire(platform.monotonic()):
        taken, body = _batch(buffer, settings)
        try:
            status, _ = await _post(platform, settings, body)
        except FetchFailed as error:
            status, reason = 0, str(error)
        else:
            reason = f"status {status}"
        if status == 202:
            buffer.breaker.succeeded()
            continue
        buffer.breaker.failed(platform.monotonic())
        again = status in (0, 408, 429) or status >= 500
        if again and len(buffer.lines) + len(taken) <= _MAX_WAITING:
            buffer.lines.extendleft(reversed(taken))
        log_event("datadog_not_sent", "warning", lines=len(taken), again=again, reason=reason)


def _batch(buffer: LogBuffer, settings: Settings) -> tuple[list[tuple[str, float]], str]:
    """The next lines and their request body, within the intake's limits."""
    taken: list[tuple[str, float]] = []
    entries: list[str] = []
    size = 2
    while buffer.lines and len(entries) < MAX_ENTRIES:
        line, at = buffer.lines[0]
        entry = _entry(line, at, settings)
        if entries and size + len(entry) + 1 > MAX_BYTES:
            break
        taken.append(buffer.lines.popleft())
        entries.append(entry)
        size += len(entry) + 1
    return taken, f"[{','.join(entries)}]"


def _entry(line: str, at: float, settings: Settings) -> str:
    """Reserved attributes as Datadog names them; JSON here is ASCII, so characters are bytes."""
    fields: dict[str, Any] = json.loads(line)
    event, level = fields.pop("event"), fields.pop("level")
    tags = [f"env:{settings.environment}"]
    if settings.release:
        tags.append(f"version:{settings.release}")
    if len(line) > _MAX_ENTRY_BYTES:
        fields = {"cut": len(line)}
    entry = {
        "ddsource": "watchllm",
        "service": "watchllm-edge",
        "ddtags": ",".join(tags),
        "timestamp": int(at * 1000),
        "status": level,
        "message": event,
        "watchllm": fields,
    }
    return json.dumps(entry, separators=(",", ":"))


async def _post(platform: Platform, settings: Settings, body: str) -> tuple[int, str]:
    import zlib

    telemetry = settings.telemetry
    compressor = zlib.compressobj(wbits=31)  # gzip's header and trailer
    data = compressor.compress(body.encode()) + compressor.flush()
    return await platform.call(
        "POST",
        telemetry.datadog_url,
        json_headers(("content-encoding", "gzip"), ("dd-api-key", telemetry.datadog_key)),
        data,
        timeout=_TIMEOUT_SECONDS,
    )
