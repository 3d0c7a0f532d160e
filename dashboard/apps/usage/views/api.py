"""The Usage API: what the pages show, as JSON, for a read key.

Every number comes from the function that the page takes it from, so that both agree.
"""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial, wraps
from typing import Any
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.db.models import Sum
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from apps.projects.models import ApiKey, Project
from apps.usage import filters, freshness, period, reports
from apps.usage.edges import log_begins
from apps.usage.label_budget import largest_spenders, period_start
from apps.usage.label_reports import label_report
from apps.usage.models import ReadKey, UsageDaily, UsageLog
from apps.usage.models.read_key import Scope
from apps.usage.month import month_start, requests_this_month
from apps.usage.patience import TooSlowError
from apps.usage.read_keys import read_key_find
from apps.usage.request_log import log_page, parse_cursor, parse_search
from shared import labels, usage_events

PER_MINUTE = 120
"""Requests of one key."""
_PRIVATE = ("project_id", "organization_id", "prompt", "response", "decision")
_COLUMNS = tuple(name for name in usage_events.COLUMNS if name not in _PRIVATE)
View = Callable[[HttpRequest, Project], HttpResponseBase]


def _api(scope: Scope) -> Callable[[View], Callable[[HttpRequest], HttpResponseBase]]:
    """For ``GET`` with ``Authorization: Bearer lgr_…`` of a key that has ``scope``."""

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
        @csrf_exempt
        @never_cache
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponseBase:
            if request.method not in ("GET", "HEAD"):
                return _error(405, "method_not_allowed", "Only GET is served here.")
            key = _key(request)
            if key is None:
                return _error(401, "invalid_read_key", "This is no working key of the Usage API.")
            if not _admitted(key):
                return _error(429, "rate_limit_exceeded", f"At most {PER_MINUTE} a minute.")
            if scope not in key.scopes:
                return _error(403, "missing_scope", f"This key may not read {scope.value}.")
            return view(request, key.project)

        return answered

    return decorate


@_api(Scope.USAGE)
def usage(request: HttpRequest, project: Project) -> HttpResponseBase:
    """Sums of a period by one dimension, or by the largest values of a charted label."""
    freshness.refresh()
    params = request.GET.dict()
    zone = _zone(params.get("tz", "UTC"))
    if zone is None:
        return _error(400, "invalid_parameter", "tz is no time zone such as Europe/Berlin.")
    by = params.get("by", "model")
    # Sums by label are kept by the hour alone.
    begins = None if by.startswith("label:") else partial(log_begins, project)
    shown = period.parse(params, now=timezone.now(), zone=zone, log_begins=begins)
    told: dict[str, Any] = {
        "from": shown.start.isoformat(),
        "to": shown.end.isoformat(),
        "time_zone": str(zone),
        "by": by,
    }
    if by.startswith("label:"):
        name = by.removeprefix("label:")
        if name not in project.charted_labels:
            return _error(400, "invalid_parameter", "by names a label that is not charted.")
        report = label_report(project, shown, name, "cost")
        rows = [
            {
                "value": each.value,
                "p50_ms": each.latency.p50,
                "p95_ms": each.latency.p95,
                **asdict(each.sums),
            }
            for each in report.values
        ]
        told |= {"rows": rows, "other": asdict(report.other), "total": asdict(report.total)}
        return JsonResponse(told)
    if by not in filters.DIMENSIONS:
        return _error(400, "invalid_parameter", f"by takes {', '.join(filters.DIMENSIONS)}.")
    chosen = filters.parse(params)
    found = reports.totals(project, (shown.start, shown.end), chosen, by)
    rows = [{"value": value, **asdict(sums)} for value, sums in sorted(found.items())]
    return JsonResponse({**told, "rows": rows, "total": asdict(reports.add(found.values()))})


@_api(Scope.REQUESTS)
def requests(request: HttpRequest, project: Project) -> HttpResponseBase:
    """50 rows of the log, newest first, filtered as on the page; ``at`` is the last ``next``."""
    params = request.GET.dict()
    try:
        page = log_page(
            project,
            parse_search(params, filters.parse(params)),
            parse_cursor(params.get("at", "")),
        )
    except TooSlowError:
        return _error(503, "too_slow", "Too few of too many requests match: narrow the filters.")
    following = page.older.dump() if page.older else None
    return JsonResponse({"data": [_row(log) for log in page.logs], "next": following})


@_api(Scope.BUDGETS)
def budgets(_request: HttpRequest, project: Project) -> HttpResponseBase:
    """This month's budgets (UTC) of the project and its keys, the organization's quota, and the
    limits of a label's values."""
    freshness.refresh()
    now = timezone.now()
    start = month_start(now)
    spent: dict[Any, int] = dict(
        UsageDaily.objects.filter(project=project, day__gte=start)
        .values_list("api_key_id")
        .annotate(Sum("cost_nanousd"))
        .order_by()
    )
    keys = ApiKey.objects.filter(project=project, revoked_at=None).order_by("created_at", "id")
    return JsonResponse(
        {
            "month": f"{start:%Y-%m}",
            "project": {
                "budget_nanousd": project.monthly_budget_nanousd,
                "spent_nanousd": sum(spent.values()),
            },
            "keys": [
                {
                    "id": str(key.pk),
                    "name": key.name,
                    "budget_nanousd": key.monthly_budget_nanousd,
                    "spent_nanousd": spent.get(key.pk, 0),
                }
                for key in keys
            ],
            "quota": {
                "limit": project.organization.limits.monthly_requests,
                "used": requests_this_month(project.organization, now),
            },
            "label": _label_budgets(project, now),
        }
    )


def _label_budgets(project: Project, now: datetime) -> dict[str, Any] | None:
    limits = project.label_limits
    if not limits:
        return None
    return {
        "label": limits["label"],
        "requests_per_minute": limits["requests_per_minute"],
        "budget_nanousd": limits["budget_nanousd"],
        "period": limits["period"],
        "since": period_start(limits["period"], now).isoformat(),
        "values": [
            {"value": value, "spent_nanousd": spent}
            for value, spent in largest_spenders(project, now)
        ],
    }


def _row(log: UsageLog) -> dict[str, Any]:
    return {"id": log.pk, **{name: getattr(log, name) for name in _COLUMNS}}


def _key(request: HttpRequest) -> ReadKey | None:
    scheme, _, text = request.headers.get("Authorization", "").partition(" ")
    return read_key_find(text.strip()) if scheme.lower() == "bearer" else None


def _admitted(key: ReadKey) -> bool:
    """By the minute of the clock, in the cache that all processes share where one is set up."""
    name = f"usage-api:{key.pk}:{int(timezone.now().timestamp() // 60)}"
    cache.add(name, 0, 120)
    return cache.incr(name) <= PER_MINUTE


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name[: labels.LONGEST_VALUE])
    except (KeyError, ValueError, OSError):
        return None


def _error(status: int, code: str, message: str) -> JsonResponse:
    response = JsonResponse({"error": {"code": code, "message": message}}, status=status)
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    return response
