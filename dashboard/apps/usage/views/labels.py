"""The Labels page; the page of one label value, its export and its deletion."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.ui import charts
from apps.ui.templatetags.ui import axis, number, usd
from apps.usage import freshness, period, reports
from apps.usage.export import request_lines
from apps.usage.filters import Filters
from apps.usage.label_budget import label_standing
from apps.usage.label_erasure import label_erase
from apps.usage.label_filter import has_label, stored_value
from apps.usage.label_log import label_log
from apps.usage.label_reports import DRAWN, LISTED, LabelReport, label_report
from apps.usage.patience import TooSlowError
from apps.usage.request_log import parse_cursor
from apps.usage.views.charts import METRICS, axis_usd, bucket_labels
from shared import labels


@require_safe
@project_view()
def project_labels(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A charted label's largest values. ``find`` goes to the page of one value."""
    project = access.project
    charted = list(project.charted_labels)
    name = request.GET.get("label", "")
    typed = request.GET.get("find", "").strip()[: labels.LONGEST_VALUE].replace("\x00", "")
    if typed and labels.is_name(name):
        query = urlencode({"label": name, "value": stored_value(project, name, typed)})
        here = reverse("label_value", args=[access.organization.slug, project.slug])
        return redirect(f"{here}?{query}")
    name = name if name in charted else next(iter(charted), "")
    metric = request.GET.get("metric", "")
    metric = metric if metric in METRICS else "cost"
    freshness.refresh()
    shown = period.parse(
        request.GET.dict(), now=timezone.now(), zone=timezone.get_current_timezone()
    )
    report = label_report(project, shown, name, metric)
    everything = reports.add(reports.totals(project, (shown.start, shown.end), Filters()).values())
    context = {
        "access": access,
        "period": shown,
        "presets": period.PRESETS,
        "charted": charted,
        "findable": list(dict.fromkeys([*charted, labels.USER, labels.SESSION])),
        "name": name,
        "metric": metric,
        "metrics": {key: label for key, (label, _) in METRICS.items()},
        "report": report,
        "listed": LISTED,
        "limits": project.label_limits,
        "can_limit": access.allows(Role.ADMIN),
        "unlabelled": everything - report.total,
        "everything": everything,
        "chart": _chart(report, shown, metric),
    }
    return render(request, "app/labels/labels.html", context)


@require_safe
@project_view()
def label_value(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """One value: its sums, and its requests in the order in which they came."""
    name, value = _chosen(request.GET.dict())
    try:
        log = label_log(access.project, name, value, parse_cursor(request.GET.get("at", "")))
    except TooSlowError:
        log = None
    freshness.refresh()
    query = {"label": name, "value": value}
    context = {
        "access": access,
        "name": name,
        "value": value,
        "log": log,
        "standing": label_standing(access.project, name, value, timezone.now()),
        "query": urlencode(query),
        "later": f"?{urlencode({**query, 'at': log.later.dump()})}" if log and log.later else "",
        "is_later": "at" in request.GET,
        "can_take_away": access.allows(Role.ADMIN),
    }
    return render(request, "app/labels/value.html", context)


@require_safe
@project_view(read=Role.ADMIN)
def label_export(request: HttpRequest, access: ProjectAccess) -> StreamingHttpResponse:
    """All rows of one value as CSV, oldest first, prompts and answers too where they are kept."""
    name, value = _chosen(request.GET.dict())
    return StreamingHttpResponse(
        request_lines(access.project, has_label(name, value)),
        content_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}-label.csv"'},
    )


@require_POST
@project_view(write=Role.ADMIN)
def label_delete(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """``label`` and ``value``, and ``confirmation``: the value again, as it is shown."""
    name, value = _chosen(request.POST.dict())
    slugs = (access.organization.slug, access.project.slug)
    if request.POST.get("confirmation", "").strip() != value:
        messages.error(request, "Nothing was deleted: what you typed is not the label's value.")
        query = urlencode({"label": name, "value": value})
        return redirect(f"{reverse('label_value', args=slugs)}?{query}")
    deleted, all_gone = label_erase(
        project=access.project, name=name, value=value, actor=access.user
    )
    if all_gone:
        messages.success(request, f"Deleted {deleted:,} requests and their sums by this label.")
    else:
        messages.warning(request, f"Deleted {deleted:,} requests; there are more. Delete again.")
    return redirect("project_labels", *slugs)


def _chosen(params: dict[str, str]) -> tuple[str, str]:
    """Raises ``Http404`` for what no request can be labelled with."""
    name, value = params.get("label", ""), params.get("value", "")
    if not labels.is_name(name) or labels.as_value(value) != value:
        raise Http404
    return name, value


def _chart(report: LabelReport, shown: period.Period, metric: str) -> charts.Chart:
    """The largest values and the rest."""
    title, value_of = METRICS[metric]
    drawn: list[Any] = [
        (each.value, f"fill-{position}")
        for position, each in enumerate(report.values[:DRAWN], start=1)
    ]
    series = [
        charts.Series(label, css, [value_of(cell[position]) for cell in report.cells])
        for position, (label, css) in enumerate([*drawn, ("Other", "fill-8")])
    ]
    money = metric in ("cost", "saved")
    return charts.stacked(
        title,
        bucket_labels(shown),
        series if any(series[-1].values) else series[:-1],
        form=usd if money else number,
        axis=axis_usd if money else axis,
    )
