"""Running what is due."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS, Job
from apps.jobs.repeated import repeated

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
        seconds = job.lease.total_seconds() / 4
        with repeated(lambda: _renewed_in_a_thread(job, started), seconds, f"claim of {job.name}"):
            result = str(job.run())
    except Exception as error:
        logger.exception("job %s failed", job.name)
        _release(job, started, last_error=f"{type(error).__name__}: {error}"[:2000])
        return f"{job.name}: failed, {type(error).__name__}"
    _release(job, started, last_error="", last_result=result[:200], last_succeeded_at=started)
    return f"{job.name}: {result}"


def claim_renew(job: Job, started: datetime) -> bool:
    """Keeps the claim of the run that began at ``started``; False where another machine has it."""
    until = min(timezone.now() + job.lease, started + job.longest)
    return _own(job, started).update(lease_until=until) == 1


def _renewed_in_a_thread(job: Job, started: datetime) -> bool:
    """``claim_renew`` over a connection of its own, which is closed again."""
    try:
        return claim_renew(job, started)
    except DatabaseError as error:
        logger.warning("the claim of job %s was not renewed: %s", job.name, error)
        return True  # the next attempt may succeed
    finally:
        connection.close()


def _claim(job: Job, now: datetime) -> bool:
    """Claims a job that is due and free by one UPDATE, so that exactly one machine gets it."""
    JobRun.objects.get_or_create(name=job.name)
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    due = Q(last_succeeded_at=None) | Q(last_succeeded_at__lte=now - job.every + _SLACK)
    taken = JobRun.objects.filter(free & due, name=job.name).update(
        lease_until=now + job.lease, last_started_at=now
    )
    return taken == 1


def _release(job: Job, started: datetime, **values: object) -> None:
    _own(job, started).update(lease_until=None, **values)


def _own(job: Job, started: datetime) -> QuerySet[JobRun]:
    """Its row, unless another machine has claimed it meanwhile."""
    return JobRun.objects.filter(name=job.name, last_started_at=started)
