"""Handing usage rows over, after the response: to the queue, else Supabase, else Redis.

Rows stay in memory until one of the three has them. What Redis already has when a row comes here,
because the settling of its request wrote it (``journal``), is deleted there once it is handed over.
Rows that wait for a slow database are written to the journal every ``LINGER_SECONDS``.

What Supabase refuses to store is kept in Redis too, apart, and tried again each hour. While
Supabase is away, the isolate that left rows to Redis retries four times within 26 s; later, any
isolate's next batch drains them.
"""

from collections.abc import Iterable

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis.store import StoreUnavailable
from gateway.redis.upstash import UpstashError
from gateway.reporting import datadog, queue, sentry, supabase
from gateway.reporting.journal import Journal
from gateway.reporting.outbox import Outbox
from gateway.reporting.pending import MAX_BATCH, Row
from gateway.reporting.spool import REFUSED, Spool

LINGER_SECONDS = 0.05
"""Seconds for which a busy isolate's rows are collected."""
GATHER_SECONDS = 0.025
"""Seconds between the batches of a busy isolate: a batch costs as much as many of its rows. Shorter
than ``LINGER_SECONDS``, so that no row waits for a journal meanwhile."""
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
    else:
        _start_keeper(platform, outbox)


def _start_keeper(platform: Platform, outbox: Outbox) -> None:
    if not platform.has_queue and outbox.pending.try_acquire_keeper(platform.monotonic()):
        platform.wait_until(_keep(platform, outbox))


async def _run(platform: Platform, outbox: Outbox) -> None:
    pending = outbox.pending
    await platform.sleep(LINGER_SECONDS)
    _start_keeper(platform, outbox)
    clean = await deliver(platform, outbox, gathers=True)
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


async def _keep(platform: Platform, outbox: Outbox) -> None:
    """Write rows to the journal while the database is slow to take them."""
    pending = outbox.pending
    try:
        while pending.has_unsafe():
            pending.hold_keeper(platform.monotonic())
            await platform.sleep(LINGER_SECONDS)
            rows = pending.unsafe(platform.monotonic() - LINGER_SECONDS)
            if not rows:  # as a rule they have been handed over meanwhile
                continue
            kept = await Journal(platform, outbox).save(rows)
            pending.note_journaled(kept)
            if len(kept) < len(rows):
                return
    except StoreUnavailable as error:
        log_event("usage_not_journaled", "warning", reason=str(error))
    finally:
        pending.release_keeper()


async def deliver(platform: Platform, outbox: Outbox, *, gathers: bool = False) -> bool:
    """Hand over what is in memory, then drain the spool; True when nothing of ours is left.

    ``gathers``: there is time to collect what comes meanwhile.
    """
    try:
        return await _deliver(platform, outbox, gathers=gathers)
    finally:
        outbox.pending.release()


async def _deliver(platform: Platform, outbox: Outbox, *, gathers: bool) -> bool:
    pending = outbox.pending
    is_first = True
    while True:
        while pending.rows:
            pending.hold(platform.monotonic())
            if gathers and not is_first and len(pending.rows) < MAX_BATCH:
                await platform.sleep(GATHER_SECONDS)
            is_first = False
            batch = pending.oldest()
            kept = await _hand_over(platform, outbox, batch)
            if not kept:
                _tell_what_waits(outbox)
                return False
        await _forget(platform, outbox)
        await _drain_when_due(platform, outbox)
        # A row that came during these two found a writer at work, and started none.
        if not pending.rows:
            return not pending.spooled


async def consume(platform: Platform, outbox: Outbox, messages: Iterable[str]) -> bool:
    """Store the rows of a batch of the queue; False when the queue must bring them again."""
    rows = queue.received(messages)
    inserted = await _insert(platform, outbox, rows)
    if inserted:
        await _drain_when_due(platform, outbox)
    return inserted


async def _hand_over(platform: Platform, outbox: Outbox, batch: list[Row]) -> list[Row]:
    """The rows of the batch that are safely stored now, and need no longer wait here."""
    pending = outbox.pending
    if platform.has_queue:
        try:
            await queue.send(platform, batch)
            pending.handed_over(batch)
            return batch
        except FetchFailed as error:
            log_event("usage_not_queued", "error", reason=str(error))
    if await _insert(platform, outbox, batch):
        pending.handed_over(batch)
        return batch
    journaled = [row for row in batch if row["request_id"] in pending.journaled]
    pending.left_to_redis(journaled)
    pending.spooled = pending.spooled or bool(journaled)
    others = [row for row in batch if row["request_id"] in pending.rows]
    if not others:
        return journaled
    try:
        refused = await Spool(platform, outbox).save(others)
    except StoreUnavailable as error:
        log_event("usage_not_spooled", "warning", reason=str(error))
        return journaled
    pending.spooled = True
    refused_ids = {row["request_id"] for row in refused}
    spooled = [row for row in others if row["request_id"] not in refused_ids]
    pending.handed_over(spooled)
    return [*journaled, *spooled]


async def _forget(platform: Platform, outbox: Outbox) -> None:
    """Delete from the journal what is stored elsewhere."""
    pending = outbox.pending
    row_ids = list(pending.to_forget)
    if not row_ids:
        return
    try:
        await Journal(platform, outbox).forget(row_ids)
        pending.to_forget.difference_update(row_ids)
    except StoreUnavailable as error:
        # A drain finds those rows later, inserts them once more to no effect, and deletes them.
        pending.to_forget.clear()
        log_event("journal_not_cleared", "warning", reason=str(error))


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
        journal_is_empty = await Journal(platform, outbox).drain(insert)
        return await Spool(platform, outbox).drain(insert) and journal_is_empty
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
