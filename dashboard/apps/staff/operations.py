"""The product's own state from its tables: jobs, backlogs, failures.

Each number is one query over a small or indexed set, so the health page stays quick while
``usage_logs`` grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Min, Q, QuerySet
from django.urls import reverse

from apps.billing.models import StripeEvent, StripeEventState
from apps.emails.models import Email, EmailState
from apps.jobs.models import JobRun
from apps.jobs.registry import JOBS, Job
from apps.jobs.services import late_jobs
from apps.staff.doctor.findings import Status
from apps.usage.models import RollupState, UsageLog
from apps.webhooks.models import DeliveryState, WebhookDelivery

RECENT = timedelta(days=1)
_WAITS_TOO_LONG = timedelta(minutes=10)
_ROWS_BEHIND = 100_000


@dataclass(frozen=True, slots=True)
class JobHealth:
    """One job of the registry; ``failed`` means late. ``succeeded_at`` is None if it never did."""

    name: str
    every_seconds: int
    status: Status
    succeeded_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number with what it means. ``href``: the rows behind it; ``name`` is for programs."""

    name: str
    label: str
    value: int
    note: str
    status: Status
    href: str


def jobs_health(*, now: datetime, jobs: Sequence[Job] = JOBS) -> list[JobHealth]:
    """Every registered job; the troubled ones first."""
    runs = {run.name: run for run in JobRun.objects.all()}
    late = set(late_jobs(now=now, jobs=jobs))
    found = []
    for job in jobs:
        run = runs.get(job.name)
        error = run.last_error if run else ""
        status: Status = "failed" if job.name in late else "warning" if error else "ok"
        found.append(
            JobHealth(
                name=job.name,
                every_seconds=int(job.every.total_seconds()),
                status=status,
                succeeded_at=run.last_succeeded_at if run else None,
                error=error,
            )
        )
    return sorted(found, key=lambda job: job.status == "ok")


def gauges(*, now: datetime, newest: UsageLog | None) -> list[Gauge]:
    """Backlogs and failures, the worst first. ``newest`` is ``last_usage_row``."""
    return [
        _backlog(
            "emails_waiting",
            "E-mails waiting",
            Email.objects.filter(state__in=[EmailState.QUEUED, EmailState.SENDING]),
            reverse("admin:emails_email_changelist"),
            now,
        ),
        _failures(
            "emails_failed_24h",
            "E-mails failed (24 h)",
            Email.objects.filter(state=EmailState.FAILED, created_at__gte=now - RECENT),
            reverse("admin:emails_email_changelist") + "?state__exact=failed",
        ),
        _failures(
            "stripe_events_failed",
            "Stripe events failed",
            StripeEvent.objects.filter(state=StripeEventState.FAILED),
            reverse("admin:billing_stripeevent_changelist") + "?state__exact=failed",
        ),
        _backlog(
            "webhooks_waiting",
            "Webhooks waiting",
            WebhookDelivery.objects.filter(state__in=[DeliveryState.QUEUED, DeliveryState.SENDING]),
            reverse("admin:webhooks_webhookdelivery_changelist"),
            now,
        ),
        _failures(
            "webhooks_failed_24h",
            "Webhooks failed (24 h)",
            WebhookDelivery.objects.filter(
                state=DeliveryState.FAILED, created_at__gte=now - RECENT
            ),
            reverse("admin:webhooks_webhookdelivery_changelist") + "?state__exact=failed",
        ),
        _uncounted(newest),
    ]


def last_usage_row() -> UsageLog | None:
    """The newest request that the edge has delivered, over all tenants; by primary key."""
    return UsageLog.objects.only("id", "ts", "cache_status", "endpoint").order_by("-id").first()


def _backlog(name: str, label: str, rows: QuerySet[Any], href: str, now: datetime) -> Gauge:
    sums = rows.aggregate(
        count=Count("pk"),
        due=Count("pk", filter=Q(next_attempt_at__lte=now)),
        oldest=Min("next_attempt_at"),
    )
    overdue = bool(sums["due"]) and now - sums["oldest"] > _WAITS_TOO_LONG
    note = f"{sums['due']:,} due now"
    if overdue:
        minutes = (now - sums["oldest"]) // timedelta(minutes=1)
        note += f", the oldest for {minutes:,} minutes"
    return Gauge(name, label, sums["count"], note, "warning" if overdue else "ok", href)


def _failures(
    name: str,
    label: str,
    rows: QuerySet[Email] | QuerySet[StripeEvent] | QuerySet[WebhookDelivery],
    href: str,
) -> Gauge:
    count = rows.count()
    note = "open them, read why, send them again" if count else "none"
    return Gauge(name, label, count, note, "warning" if count else "ok", href)


def _uncounted(newest: UsageLog | None) -> Gauge:
    """Rows past the rollup's watermark: what pages do not show yet."""
    counted = RollupState.objects.values_list("last_log_id", flat=True).first() or 0
    behind = max(0, (newest.pk if newest else 0) - counted)
    status: Status = "warning" if behind > _ROWS_BEHIND else "ok"
    href = reverse("admin:usage_usagelog_changelist")
    return Gauge(
        "requests_uncounted",
        "Requests not yet counted",
        behind,
        "the rollup takes them up",
        status,
        href,
    )
