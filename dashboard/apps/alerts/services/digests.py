"""The weekly savings report, the first cache hit, and keys about to expire."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, Sum
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Organization, Role
from apps.alerts.models import Alert
from apps.alerts.services.once import first_time
from apps.alerts.services.quota import dollars
from apps.billing.notices import day
from apps.emails import links
from apps.emails.content import Content
from apps.emails.messages import usage
from apps.emails.services.outbox import emails_enqueue_for
from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageHourly
from shared import usage_events

_HITS = Q(cache_status__in=usage_events.HITS)
_REFUSED = Q(cache_status=usage_events.REFUSED)
_ALL = (Role.OWNER, Role.ADMIN, Role.MEMBER, Role.VIEWER)
_WRITERS = (Role.OWNER, Role.ADMIN, Role.MEMBER)
_SEND_FROM_HOUR = 7
_SEND_UNTIL_WEEKDAY = 2  # a report is news until Wednesday
_EXPIRY_WARNING = timedelta(days=7)
_FIRST_HIT_WITHIN = timedelta(days=2)


def weekly_reports_due() -> int:
    """Writes the past week's report from Monday 07:00 UTC on; returns how many organizations got
    one."""
    now = timezone.now()
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = today - timedelta(days=now.weekday())
    if now < monday + timedelta(hours=_SEND_FROM_HOUR) or now.weekday() > _SEND_UNTIL_WEEKDAY:
        return 0
    start = monday - timedelta(days=7)
    rows = (
        UsageHourly.objects.filter(hour__gte=start, hour__lt=monday)
        .values("organization_id")
        .annotate(
            total=Sum("requests"),
            hits=Sum("requests", filter=_HITS, default=0),
            refused=Sum("requests", filter=_REFUSED, default=0),
            saved=Sum("saved_nanousd"),
            spent=Sum("cost_nanousd"),
        )
    )
    sums = {row["organization_id"]: row for row in rows}
    organizations = Organization.objects.filter(pk__in=sums, disabled_at=None)
    return sum(_report(found, start, sums[found.pk]) for found in organizations)


def first_hits_due() -> int:
    """Once for every organization; returns how many had their first hit."""
    since = timezone.now() - _FIRST_HIT_WITHIN
    told = Alert.objects.filter(key="first_hit").values("organization_id")
    project_ids = (
        UsageHourly.objects.filter(_HITS, hour__gte=since)
        .exclude(organization_id__in=told)
        .values_list("project_id", flat=True)
        .distinct()
    )
    projects = Project.objects.filter(pk__in=list(project_ids)).select_related("organization")
    return sum(_tell_first_hit(project) for project in projects)


def key_expiries_due() -> int:
    """Warns a week before a key expires; returns how many keys were warned of."""
    now = timezone.now()
    keys = ApiKey.objects.filter(
        revoked_at=None, expires_at__gt=now, expires_at__lte=now + _EXPIRY_WARNING
    ).select_related("project__organization")
    return sum(_warn_of_expiry(key) for key in keys)


def _report(organization: Organization, start: datetime, row: Mapping[str, Any]) -> bool:
    end = start + timedelta(days=6)
    accepted = row["total"] - row["refused"]
    content = usage.weekly_report(
        organization=organization.name,
        week=f"{day(start)} to {day(end)}",
        requests=f"{row['total']:,}",
        hit_rate=f"{100 * row['hits'] / accepted:.1f}%" if accepted else "none",
        saved=dollars(row["saved"]),
        spent=dollars(row["spent"]),
        usage_url=links.absolute(reverse("app_home")),
    )
    return _once(organization, f"weekly:{start:%Y%m%d}", _ALL, content)


def _tell_first_hit(project: Project) -> bool:
    organization = project.organization
    url = links.absolute(reverse("project_overview", args=[organization.slug, project.slug]))
    content = usage.first_hit(organization=organization.name, project=project.name, usage_url=url)
    return _once(organization, "first_hit", _WRITERS, content)


def _warn_of_expiry(key: ApiKey) -> bool:
    project = key.project
    page = reverse("project_keys", args=[project.organization.slug, project.slug])
    expires = key.expires_at or timezone.now()
    content = usage.key_expiring(
        organization=project.organization.name,
        project=project.name,
        key=key.masked,
        expires=day(expires),
        keys_url=links.absolute(page),
    )
    return _once(project.organization, f"key_expiring:{key.pk}:{expires:%Y%m%d}", _WRITERS, content)


def _once(organization: Organization, key: str, roles: tuple[Role, ...], content: Content) -> bool:
    with transaction.atomic():
        if not first_time(organization, key):
            return False
        emails_enqueue_for(
            organization=organization,
            roles=roles,
            content=content,
            dedupe_key=f"{key}:{organization.pk}",
        )
    return True
