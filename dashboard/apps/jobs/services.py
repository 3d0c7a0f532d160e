"""Running what is due."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS, Job

logger = logging.getLogger(__name__)

# Cron is not punctual to the second: a job due every minute must not skip every other one.
_SLACK = timedelta(seconds=10)
_LATE_FACTOR = 3
_LATE_MARGIN = timedelta(minutes=5)


def tick(*, jobs: Sequence[Job] = JOBS) -> list[str]:
    """Runs every job that is due and that nobody else is running; returns one line for each.

    A job that fails keeps its error, holds up no other, and is due again at once.
    """
    return [line for job in jobs if (line := _run(job)) is not None]


def late_jobs(*, now: datetime, jobs: Sequence[Job] = JOBS) -> list[str]:
    """Names of the jobs without a success for three times their interval and five minutes."""
    succeeded = dict(JobRun.objects.values_list("name", "last_succeeded_at"))
    return [
        job.name
        for job in jobs
        if (last := succeeded.get(job.name)) is None
        or now - last > job.every * _LATE_FACTOR + _LATE_MARGIN
    ]


def _run(job: Job) -> str | None:
    started = timezone.now()
    if not _claim(job, started):
        return None
    try:
        result = str(job.run())
    except Exception as error:
        logger.exception("job %s failed", job.name)
        _release(job, last_error=f"{type(error).__name__}: {error}"[:2000])
        return f"{job.name}: failed, {type(error).__name__}"
    _release(job, last_error="", last_result=result[:200], last_succeeded_at=started)
    return f"{job.name}: {result}"


def _claim(job: Job, now: datetime) -> bool:
    """Claims a job that is due and free by one UPDATE, so that exactly one machine gets it."""
    JobRun.objects.get_or_create(name=job.name)
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(last_succeeded_at=None) | Q(last_succeeded_at__lte=now - job.every + _SLACK)
    taken = JobRun.objects.filter(free & due, name=job.name).update(
        lease_until=now + job.lease, last_started_at=now
    )
    return taken == 1


def _release(job: Job, **values: object) -> None:
    JobRun.objects.filter(name=job.name).update(lease_until=None, **values)
