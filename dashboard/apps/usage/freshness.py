"""Counting new log rows when a page is opened, for installations without a scheduler.

``rollup_usage`` run every minute is enough for any page; this makes a request show up at once on a
laptop, and costs a busy installation one short transaction every few seconds per process.
"""

import logging
import time

from django.db import DatabaseError

from apps.usage.rollup import usage_rollup

logger = logging.getLogger(__name__)

EVERY_SECONDS = 3.0
_LOCK_TIMEOUT_MS = 100
_MAX_ROWS = 5_000


class _Clock:
    due = 0.0


def refresh() -> None:
    """Runs the rollup, unless this process has just done so. Never raises a database error: the
    page then shows the sums as they were.
    """
    now = time.monotonic()
    if now < _Clock.due:
        return
    _Clock.due = now + EVERY_SECONDS
    try:
        usage_rollup(lock_timeout_ms=_LOCK_TIMEOUT_MS, max_rows=_MAX_ROWS)
    except DatabaseError:
        logger.info("the sums were not refreshed; the page shows earlier ones", exc_info=True)
