"""Alerts at 50, 80, 90 and 100 % of the month's requests, and at budgets."""

import logging
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Organization, Role
from apps.alerts.counters import CountersUnavailableError, read_counters
from apps.alerts.services.once import first_time
from apps.billing.consequences import past_quota
from apps.billing.notices import day
from apps.emails import links
from apps.emails.messages import usage
from apps.emails.services.outbox import emails_enqueue_for
from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageHourly
from apps.usage.month import month_key, month_start, next_month_start
from apps.webhooks.services.emit import event_emit

logger = logging.getLogger(__name__)

QUOTA_PERCENT = (50, 80, 90, 100)
BUDGET_PERCENT = (80, 100)
_ROLES = (Role.OWNER, Role.ADMIN)


def quota_alerts_due() -> int:
    """Returns how many organizations got an alert. The edge enforces its own counter, so that
    counter decides; without Redis the hourly sums do.
    """
    now = timezone.now()
    used = _used_this_month(now)
    organizations = Organization.objects.filter(pk__in=used, disabled_at=None)
    return sum(
        _tell_quota(organization, used[organization.pk], now)
        for organization in organizations.select_related("plan")
    )


def budget_alerts_due() -> int:
    """For projects and keys with a monthly budget; returns how many were told."""
    now = timezone.now()
    projects = Project.objects.filter(monthly_budget_nanousd__gt=0, archived_at=None)
    keys = ApiKey.objects.filter(monthly_budget_nanousd__gt=0, revoked_at=None)
    told = 0
    spent = _spent_this_month("project_id", [project.pk for project in projects], now)
    for project in projects.select_related("organization"):
        told += _tell_budget(project, project, project.name, spent.get(project.pk, 0), now)
    spent = _spent_this_month("api_key_id", [key.pk for key in keys], now)
    for key in keys.select_related("project__organization"):
        name = f"{key.name} ({key.masked})"
        told += _tell_budget(key, key.project, name, spent.get(key.pk, 0), now)
    return told


def reached(used: int, limit: int, steps: Iterable[int]) -> list[int]:
    """The steps (percent) that ``used`` has reached."""
    return [step for step in steps if used * 100 >= step * limit]


def _used_this_month(now: datetime) -> dict[UUID, int]:
    rows = UsageHourly.objects.filter(hour__gte=month_start(now)).values_list("organization_id")
    sums = dict(rows.annotate(total=Sum("quota_requests")))
    try:
        return read_counters(list(sums), month_key(now)) if sums else {}
    except CountersUnavailableError as error:
        logger.warning("Redis's counters are unavailable, quota alerts use the database: %s", error)
        return sums


def _tell_quota(organization: Organization, used: int, now: datetime) -> bool:
    quota = organization.limits.monthly_requests
    if not quota:
        return False
    with transaction.atomic():
        # All steps that were passed are recorded, but only the highest new one makes a message.
        new = [
            step
            for step in reached(used, quota, QUOTA_PERCENT)
            if first_time(organization, f"quota:{month_key(now)}:{quota}:{step}")
        ]
        if not new:
            return False
        percent = max(new)
        content = usage.usage_alert(
            organization=organization.name,
            percent=percent,
            used=f"{used:,}",
            quota=f"{quota:,}",
            resets=day(next_month_start(now)),
            past_quota=f"Past the quota, {past_quota(organization.limits.overage)}",
            billing_url=links.absolute(reverse("billing", args=[organization.slug])),
        )
        key = f"usage_alert:{organization.pk}:{month_key(now)}:{quota}:{percent}"
        emails_enqueue_for(organization=organization, roles=_ROLES, content=content, dedupe_key=key)
        event_emit(
            organization=organization,
            event="usage.threshold_reached",
            data={
                "percent": percent,
                "used": used,
                "quota": quota,
                "month": f"{now:%Y-%m}",
            },
        )
    return True


def _spent_this_month(column: str, ids: list[UUID], now: datetime) -> dict[UUID, int]:
    rows = UsageHourly.objects.filter(
        hour__gte=month_start(now), **{f"{column}__in": ids}
    ).values_list(column)
    return dict(rows.annotate(total=Sum("cost_nanousd")))


def _tell_budget(
    subject: Project | ApiKey, project: Project, name: str, spent: int, now: datetime
) -> bool:
    budget = subject.monthly_budget_nanousd or 0
    organization = project.organization
    kind = subject._meta.model_name
    with transaction.atomic():
        new = [
            step
            for step in reached(spent, budget, BUDGET_PERCENT)
            if first_time(organization, f"budget:{subject.pk}:{month_key(now)}:{budget}:{step}")
        ]
        if not new:
            return False
        percent = max(new)
        content = usage.budget_alert(
            organization=organization.name,
            budget_of=name,
            percent=percent,
            spent=dollars(spent),
            budget=dollars(budget),
            url=links.absolute(reverse("project_overview", args=[organization.slug, project.slug])),
        )
        key = f"budget_alert:{subject.pk}:{month_key(now)}:{budget}:{percent}"
        emails_enqueue_for(organization=organization, roles=_ROLES, content=content, dedupe_key=key)
        if percent == BUDGET_PERCENT[-1]:
            event_emit(
                organization=organization,
                event="budget.reached",
                data={
                    "subject": kind,
                    "id": str(subject.pk),
                    "project_id": str(project.pk),
                    "spent_nanousd": spent,
                    "budget_nanousd": budget,
                    "month": f"{now:%Y-%m}",
                },
            )
    return True


def dollars(nanousd: int) -> str:
    """As in ``$12.40``."""
    return f"${nanousd / 1e9:,.2f}"
