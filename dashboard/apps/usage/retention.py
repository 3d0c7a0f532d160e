"""Deleting old rows of the request log, a batch at a time.

Only rows that the rollup has counted go, so that no sum misses one. Batches are found on the index
``(project, ts, id)`` and are small enough to let the edge's inserts pass in between.
"""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from apps.projects.models import Project
from apps.usage.models import RollupState, UsageLog

BATCH = 5_000
_BATCHES_PER_RUN = 200


def usage_retention() -> int:
    """Rows deleted. A run stops after a million and goes on in the next."""
    now = timezone.now()
    deleted = batches = 0
    projects = Project.objects.order_by("id").values_list("id", "log_retention_days")
    for project_id, days in projects.iterator():
        while batches < _BATCHES_PER_RUN:
            gone = log_delete_batch(project_id, before=now - timedelta(days=days))
            deleted, batches = deleted + gone, batches + 1
            if gone < BATCH:
                break
    return deleted


@transaction.atomic
def log_delete_batch(project_id: UUID, *, before: datetime | None = None) -> int:
    """Deletes the oldest rows of a project, at most ``BATCH``; with ``before``, older ones only."""
    state = RollupState.objects.first()
    rows = UsageLog.objects.filter(project_id=project_id, id__lte=state.last_log_id if state else 0)
    if before is not None:
        rows = rows.filter(ts__lt=before)
    ids = list(rows.order_by("ts", "id").values_list("id", flat=True)[:BATCH])
    return UsageLog.objects.filter(id__in=ids).delete()[0]
