"""Counting new evidence when a page is opened, as ``apps.usage.freshness`` does for the sums."""

import logging
import time

from django.db import DatabaseError

from apps.cache.services.evidence import evidence_count
from apps.usage import freshness

logger = logging.getLogger(__name__)

_MAX_IDS = 50_000


class _Clock:
    due = 0.0


def refresh() -> None:
    """Counts, unless this process has just done so. Never raises a database error: the page then
    shows the counts as they were.
    """
    freshness.refresh()
    now = time.monotonic()
    if now < _Clock.due:
        return
    _Clock.due = now + freshness.EVERY_SECONDS
    try:
        evidence_count(max_ids=_MAX_IDS)
    except DatabaseError:
        logger.info("the evidence was not counted; the page shows earlier counts", exc_info=True)
