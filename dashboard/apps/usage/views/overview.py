"""A project's front page."""

from functools import partial
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.projects.access import ProjectAccess, project_view
from apps.usage import freshness, period, reports
from apps.usage.edges import log_begins
from apps.usage.filters import Filters
from apps.usage.models import UsageLog
from apps.usage.views.charts import STATUS_SERIES, span, usage_chart
from shared.usage_events import REFUSED

_RECENT = 6
_MODELS = 5


@require_safe
@project_view()
def overview(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Sums of the project's requests in the chosen period; htmx asks for the live part."""
    freshness.refresh()
    project = access.project
    shown = period.parse(
        request.GET.dict(),
        now=timezone.now(),
        zone=timezone.get_current_timezone(),
        log_begins=partial(log_begins, project),
    )
    by_status = reports.breakdown(project, shown, Filters(), "status")
    models = reports.totals(project, (shown.start, shown.end), Filters(), "model")
    before = reports.add(reports.totals(project, shown.previous, Filters()).values())
    slugs = (access.organization.slug, project.slug)
    requests_url = reverse("project_requests", args=slugs)
    recent = list(
        UsageLog.objects.filter(project=project)
        .defer("prompt", "response", "decision")
        .order_by("-ts", "-id")[:_RECENT]
    )
    shown_span = span(shown.start, shown.end)
    live = request.headers.get("HX-Target") == "live"
    context = {
        "access": access,
        "live": live,
        "period": shown,
        "presets": period.PRESETS,
        "now": by_status.total,
        "before": before,
        "tiers": [
            (label, css, by_status.totals[status])
            for status, label, css in STATUS_SERIES
            if status in by_status.totals and status in reports.HITS
        ],
        "latency": reports.latency(project, shown),
        "chart": usage_chart(
            by_status,
            shown,
            by="status",
            metric="requests",
            names={},
            requests_url=requests_url,
            filters=Filters(),
        ),
        "models": sorted(models.items(), key=lambda item: -item[1].requests)[:_MODELS],
        "recent": recent,
        "requests_url": requests_url,
        "errors_url": f"{requests_url}?" + urlencode({"outcome": "error", **shown_span}),
        "refused_url": f"{requests_url}?" + urlencode({"status": REFUSED, **shown_span}),
    }
    return render(request, "app/overview/live.html" if live else "app/overview.html", context)
