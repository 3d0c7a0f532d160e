"""Usage rows: made during the request, written to Supabase in batches after the response."""

import json
from dataclasses import dataclass, field
from typing import Any

from gateway.cache.store import Breaker
from gateway.formats.base import Usage
from gateway.http import FetchFailed
from gateway.platform.base import Platform, json_headers
from gateway.settings import Settings
from gateway.telemetry.log import log_event
from shared import pricing

LINGER_SECONDS = 0.05
MAX_BATCH = 500
_MAX_PENDING = 20_000
_TIMEOUT_SECONDS = 5.0


@dataclass(slots=True)
class PendingRows:
    """Rows of this isolate that no request has written yet; plain data."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    writer_until: float = 0.0

    def needs_writer(self, now: float) -> bool:
        """True for the caller who has to ``write``; the others' rows go with its batch.

        A writer that died with its request is replaced after a second.
        """
        if now < self.writer_until:
            return False
        self.writer_until = now + 1.0
        return True


def cost(provider: str, model: str, usage: Usage) -> int | None:
    """Nano-USD of an answer, ``None`` when price or tokens are unknown."""
    return pricing.cost_nanousd(
        provider,
        model,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        cached_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
    )


def dollars(nanousd: int) -> str:
    """Nano-USD as a decimal number of dollars for a header."""
    return f"{nanousd // 10**9}.{nanousd % 10**9:09d}"


async def write(
    platform: Platform, settings: Settings, pending: PendingRows, breaker: Breaker
) -> None:
    """Write what is pending after a short pause that lets a busy isolate's rows gather.

    Rows that could not be written stay for the next request; ``on_conflict`` makes a row that was
    written after all count once.
    """
    await platform.sleep(LINGER_SECONDS)
    pending.writer_until = 0.0
    size = MAX_BATCH
    while pending.rows and breaker.allows(platform.now()):
        batch, pending.rows = pending.rows[:size], pending.rows[size:]
        try:
            await _insert(platform, settings, batch)
        except _RowRefused as error:
            # One bad row must not hold the others up for ever: smaller batches close in on it.
            if len(batch) > 1:
                pending.rows = [*batch, *pending.rows]
                size = len(batch) // 2
            else:
                size = MAX_BATCH
                row_id = batch[0]["request_id"]
                log_event("usage_row_refused", "error", request_id=row_id, reason=str(error))
        except FetchFailed as error:
            breaker.failed(platform.now())
            kept = [*batch, *pending.rows]
            pending.rows = kept[:_MAX_PENDING]
            log_event(
                "usage_not_written",
                "error",
                reason=str(error),
                waiting=len(pending.rows),
                lost=max(0, len(kept) - _MAX_PENDING) or None,
            )
            return
        breaker.succeeded()


class _RowRefused(Exception):
    """PostgreSQL cannot store a value of some row of the batch."""


async def _insert(platform: Platform, settings: Settings, batch: list[dict[str, Any]]) -> None:
    key = settings.supabase_key
    status, body = await platform.call(
        "POST",
        f"{settings.supabase_url}/rest/v1/usage_logs?on_conflict=request_id",
        json_headers(
            ("apikey", key),
            ("authorization", f"Bearer {key}"),
            ("prefer", "resolution=ignore-duplicates,return=minimal"),
        ),
        json.dumps(batch, separators=(",", ":")),
        timeout=_TIMEOUT_SECONDS,
    )
    if status == 201:
        return
    reason = f"status {status}: {body[:200]}"
    if _is_data_error(body):
        raise _RowRefused(reason)
    raise FetchFailed(reason)


def _is_data_error(body: str) -> bool:
    """True for SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation)."""
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return False
    return isinstance(code, str) and len(code) == 5 and code[:2] in ("22", "23")
