"""The usage page: one chart and its breakdown, filtered and grouped by the URL; and its export."""

import csv
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.projects.access import ProjectAccess, project_view
from apps.projects.models import Project
from apps.usage import filters, freshness, period, reports
from apps.usage.edges import log_begins
from apps.usage.models import UsageHourly
from apps.usage.views.charts import METRICS, STATUS_SERIES, usage_chart
from shared import usage_events

GROUPS = {
    "status": "Cache verdict",
    "model": "Model",
    "provider": "Provider",
    "key": "API key",
    "endpoint": "Endpoint",
}
EXPORT_COLUMNS = (
    "hour_utc",
    "api_key_id",
    "endpoint",
    "provider",
    "model",
    "cache_status",
    "requests",
    "errors",
    "unpriced_requests",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cache_write_tokens",
    "cache_write_hour_tokens",
    "cost_usd",
    "saved_usd",
    "prompt_cache_saved_usd",
    "prompt_cache_overpaid_usd",
)


@require_safe
@project_view()
def usage(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Usage by key, model and other dimensions, compared with the span before."""
    freshness.refresh()
    project = access.project
    shown, chosen = _parse(request, project)
    by = request.GET.get("by", "")
    by = by if by in GROUPS else "status"
    metric = request.GET.get("metric", "")
    metric = metric if metric in METRICS else "requests"
    found = reports.breakdown(project, shown, chosen, by)
    before = reports.totals(project, shown.previous, chosen, by)
    names = {status: label for status, label, _ in STATUS_SERIES} | reports.key_names(project)
    slugs = (access.organization.slug, project.slug)
    requests_url = reverse("project_requests", args=slugs)
    value_of = METRICS[metric][1]
    rows = [
        {
            "value": value,
            "name": names.get(value, value) or "Unknown",
            "now": sums,
            "before": before.get(value, reports.Sums()),
            "href": filters.query(shown, chosen, by=by, metric=metric, **{by: value}),
        }
        for value, sums in sorted(
            found.totals.items(), key=lambda item: (-value_of(item[1]), item[0])
        )
    ]
    context = {
        "access": access,
        "period": shown,
        "presets": period.PRESETS,
        "filters": chosen,
        "menus": _menus(reports.choices(project, shown), chosen, names),
        "groups": GROUPS,
        "by": by,
        "by_label": GROUPS[by],
        "metrics": {name: label for name, (label, _) in METRICS.items()},
        "metric": metric,
        "now": found.total,
        "before": reports.add(before.values()),
        "rows": rows,
        "chart": usage_chart(
            found,
            shown,
            by=by,
            metric=metric,
            names=names,
            requests_url=requests_url,
            filters=chosen,
        ),
        "clear": filters.query(shown, filters.Filters(), by=by, metric=metric),
        "export": reverse("usage_export", args=slugs) + filters.query(shown, chosen),
    }
    return render(request, "app/usage.html", context)


@require_safe
@project_view()
def usage_export(request: HttpRequest, access: ProjectAccess) -> StreamingHttpResponse:
    """The hourly sums behind what the page shows with the same parameters, as a CSV stream."""
    shown, chosen = _parse(request, access.project)
    rows = reports.hourly_rows(access.project, shown, chosen)
    response = StreamingHttpResponse(_csv(rows), "text/csv")
    name = f"{access.project.slug}-{shown.first_day}-{shown.last_day}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _parse(request: HttpRequest, project: Project) -> tuple[period.Period, filters.Filters]:
    shown = period.parse(
        request.GET.dict(),
        now=timezone.now(),
        zone=timezone.get_current_timezone(),
        log_begins=partial(log_begins, project),
    )
    return shown, filters.parse(request.GET.dict())


def _menus(
    choices: dict[str, list[str]], chosen: filters.Filters, names: dict[str, str]
) -> list[dict[str, Any]]:
    """The filter menus: what occurs in the period, and what is chosen even if it does not."""
    values: dict[str, list[str]] = {"status": list(usage_events.CACHE_STATUSES), **choices}
    return [
        {
            "name": name,
            "label": label,
            "chosen": getattr(chosen, name),
            "options": [
                (value, names.get(value, value))
                for value in sorted((set(values[name]) | {getattr(chosen, name)}) - {""})
            ],
        }
        for name, label in GROUPS.items()
    ]


class _Line:
    """A file that gives back what the CSV writer writes."""

    def write(self, text: str) -> str:
        return text


def _csv(rows: Iterator[UsageHourly]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(EXPORT_COLUMNS)
    for row in rows:
        yield writer.writerow(
            (
                f"{row.hour:%Y-%m-%dT%H:%MZ}",
                row.api_key_id,
                _plain(row.endpoint),
                _plain(row.provider),
                _plain(row.model),
                row.cache_status,
                row.requests,
                row.errors,
                row.unpriced_requests,
                row.prompt_tokens,
                row.completion_tokens,
                row.cached_tokens,
                row.cache_write_tokens,
                row.cache_write_hour_tokens,
                _dollars(row.cost_nanousd),
                _dollars(row.saved_nanousd),
                _dollars(row.prompt_cache_saved_nanousd),
                _dollars(row.prompt_cache_overpaid_nanousd),
            )
        )


def _plain(text: str) -> str:
    """A client chooses its model's name: a spreadsheet must not run it as a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _dollars(nanousd: int) -> str:
    """All nine decimals: sums of the export are exact."""
    sign = "-" if nanousd < 0 else ""
    return f"{sign}{abs(nanousd) // 10**9}.{abs(nanousd) % 10**9:09d}"
