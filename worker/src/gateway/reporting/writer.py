"""Handing usage rows over, after the response: to the queue, else Supabase, else the spool.

Rows stay in memory until one of the three has them. Rows that Supabase rejects are kept in Redis as
well, in a spool of their own, and tried again each hour. While Supabase is away, rows are spooled
and the isolate that spooled them retries four times within 26 s; later, any isolate's next batch
drains the spool.
"""

from collections.abc import Iterable

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis.store import StoreUnavailable
from gateway.redis.upstash import UpstashError
from gateway.reporting import datadog, queue, sentry, supabase
from gateway.reporting.outbox import Outbox
from gateway.reporting.pending import Row
from gateway.reporting.spool import REFUSED, Spool

LINGER_SECONDS = 0.05
"""Seconds for which a busy isolate's rows are collected."""
RETRY_PAUSES = (2.5, 5.0, 8.0, 10.0)
"""Seconds before each retry. Together less than the 30 that Cloudflare gives to work after a
response."""
DRAIN_EVERY_SECONDS = 60.0
REFUSED_EVERY_SECONDS = 3600.0


def start(platform: Platform, outbox: Outbox) -> None:
    """Have pending rows written after the response, unless a writer is already running. Log lines
    and reports are sent with them.
    """
    if outbox.pending.try_acquire_writer(platform.monotonic()):
        platform.wait_until(_run(platform, outbox))


async def _run(platform: Platform, outbox: Outbox) -> None:
    pending = outbox.pending
    await platform.sleep(LINGER_SECONDS)
    clean = await deliver(platform, outbox)
    await datadog.flush(platform, outbox.settings, outbox.logs)
    await sentry.flush(platform, outbox.settings, outbox.reports)
    if clean or platform.monotonic() < pending.retrier_until:
        return
    for pause in RETRY_PAUSES:
        pending.retrier_until = platform.monotonic() + pause + 1
        await platform.sleep(pause)
        if await deliver(platform, outbox):
            break
    pending.retrier_until = 0.0


async def deliver(platform: Platform, outbox: Outbox) -> bool:
    """Hand over what is in memory, then drain the spool; True when nothing of ours is left."""
    try:
        return await _deliver(platform, outbox)
    finally:
        outbox.pending.release()


async def _deliver(platform: Platform, outbox: Outbox) -> bool:
    pending = outbox.pending
    while pending.rows:
        pending.hold(platform.monotonic())
        batch = pending.oldest()
        kept = await _hand_over(platform, outbox, batch)
        if not kept:
            _tell_what_waits(outbox)
            return False
        pending.handed_over(kept)
    await _drain_when_due(platform, outbox)
    return not pending.spooled


async def consume(platform: Platform, outbox: Outbox, messages: Iterable[str]) -> bool:
    """Store the rows of a batch of the queue; False when the queue must bring them again."""
    rows = queue.received(messages)
    inserted = await _insert(platform, outbox, rows)
    if inserted:
        await _drain_when_due(platform, outbox)
    return inserted


async def _hand_over(platform: Platform, outbox: Outbox, batch: list[Row]) -> list[Row]:
    """The rows of the batch that are safely stored now: in the queue, Supabase or the spool."""
    if platform.has_queue:
        try:
            await queue.send(platform, batch)
            return batch
        except FetchFailed as error:
            log_event("usage_not_queued", "error", reason=str(error))
    if await _insert(platform, outbox, batch):
        return batch
    try:
        refused = await Spool(platform, outbox).save(batch)
    except StoreUnavailable as error:
        log_event("usage_not_spooled", "warning", reason=str(error))
        return []
    outbox.pending.spooled = True
    refused_ids = {row["request_id"] for row in refused}
    return [row for row in batch if row["request_id"] not in refused_ids]


async def _insert(platform: Platform, outbox: Outbox, rows: list[Row]) -> bool:
    breaker = outbox.usage_breaker
    if not breaker.try_acquire(platform.monotonic()):
        return False
    try:
        await _store(platform, outbox, rows)
    except FetchFailed as error:
        breaker.failed(platform.monotonic())
        log_event("usage_not_written", "warning", rows=len(rows), reason=str(error))
        return False
    except StoreUnavailable as error:
        log_event("refused_rows_not_kept", "warning", reason=str(error))
        return False
    return True


async def _store(platform: Platform, outbox: Outbox, rows: list[Row]) -> None:
    """Insert rows, and keep in Redis those that Supabase rejects.

    Raises ``FetchFailed``, and ``StoreUnavailable`` when there is no place for those: then the
    caller still has all of them, and inserting the others twice does no harm.
    """
    not_stored = await supabase.insert(platform, outbox.settings, rows)
    outbox.usage_breaker.succeeded()
    if not_stored.rows and await Spool(platform, outbox, REFUSED).save(not_stored.rows):
        raise StoreUnavailable("too many refused rows are kept already")
    outbox.pending.refused += len(not_stored.rows) + len(not_stored.of_nobody)


async def _drain_when_due(platform: Platform, outbox: Outbox) -> None:
    """Drain the spool: at once if it holds rows of this isolate, else once a minute for those of
    others."""
    pending = outbox.pending
    if pending.spooled or platform.monotonic() >= pending.next_drain:
        pending.spooled = not await _drain(platform, outbox)
    if pending.next_refused is None:
        pending.next_refused = platform.monotonic() + REFUSED_EVERY_SECONDS
    elif platform.monotonic() >= pending.next_refused:
        await _retry_refused(platform, outbox)


async def _drain(platform: Platform, outbox: Outbox) -> bool:
    """True when the spool is known to be empty."""
    pending = outbox.pending
    breaker = outbox.usage_breaker
    pending.next_drain = platform.monotonic() + DRAIN_EVERY_SECONDS
    if not breaker.try_acquire(platform.monotonic()):
        return False

    async def insert(rows: list[Row]) -> None:
        pending.hold(platform.monotonic())
        await _store(platform, outbox, rows)

    try:
        return await Spool(platform, outbox).drain(insert)
    except FetchFailed as error:
        breaker.failed(platform.monotonic())
        log_event("spool_not_drained", "warning", reason=str(error))
    except (StoreUnavailable, UpstashError) as error:
        log_event("spool_not_read", "warning", reason=str(error))
    return False


async def _retry_refused(platform: Platform, outbox: Outbox) -> None:
    pending = outbox.pending
    pending.next_refused = platform.monotonic() + REFUSED_EVERY_SECONDS

    async def insert(rows: list[Row]) -> list[Row]:
        pending.hold(platform.monotonic())
        return (await supabase.insert(platform, outbox.settings, rows)).rows

    try:
        await Spool(platform, outbox, REFUSED).retry(insert)
    except (FetchFailed, StoreUnavailable) as error:
        log_event("refused_rows_not_tried", "warning", reason=str(error))


def _tell_what_waits(outbox: Outbox) -> None:
    pending = outbox.pending
    log_event("usage_waits", "error", waiting=len(pending.rows), lost=pending.lost or None)
    pending.lost = 0
