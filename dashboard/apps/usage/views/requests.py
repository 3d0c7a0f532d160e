"""The request log and the details of one request."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.projects.models import ApiKey
from apps.usage import filters, reports, request_facts
from apps.usage.export import request_lines
from apps.usage.models import UsageLog
from apps.usage.patience import TooSlowError
from apps.usage.request_log import (
    OUTCOMES,
    Cursor,
    LogPage,
    log_page,
    parse_cursor,
    parse_search,
)
from apps.usage.saved_views import saved_views, view_query
from apps.usage.verdicts import reason, waterfall
from shared import usage_events

FORMS = {"csv": "CSV", "jsonl": "JSONL"}
"""Of an export, with what the page calls them."""


@require_safe
@project_view()
def requests(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A page of the log, newest first. ``live``: the newest page, which htmx asks for again; it
    gets 204 while the newest row is the one that it has ``seen``."""
    params = request.GET.dict()
    seen, live = params.pop("seen", ""), params.get("live") == "1" and "at" not in params
    search = parse_search(params, filters.parse(params), timezone.get_current_timezone())
    too_slow = False
    try:
        page = log_page(access.project, search, parse_cursor(params.get("at", "")))
    except TooSlowError:
        page, too_slow = LogPage([], None, None), True
    newest = Cursor(page.logs[0].ts, page.logs[0].pk, older=False).dump() if page.logs else ""
    is_part = live and request.headers.get("HX-Target") == "log"
    if is_part and seen == newest and not too_slow:
        return HttpResponse(status=204)
    query = view_query(params)
    views = [] if is_part else list(saved_views(access.project, access.user))
    context = {
        "access": access,
        "live": live,
        "live_url": "?" + urlencode({**params, "seen": newest}),
        "live_link": f"?{query}" if live else f"?{query}&live=1",
        "view_query": query,
        "views": views,
        "view": next((each for each in views if query and each.query == query), None),
        "page": page,
        "search": search,
        "too_slow": too_slow,
        "statuses": usage_events.CACHE_STATUSES,
        "outcomes": OUTCOMES,
        "keys": reports.key_names(access.project),
        "newer": _link(params, page.newer),
        "older": _link(params, page.older),
        "texts": (
            ("Model", "model", search.filters.model),
            ("Provider", "provider", search.filters.provider),
            ("Endpoint", "endpoint", search.filters.endpoint),
            ("Label", "label", search.label),
            ("Label’s value", "value", search.value),
        ),
        "exports": _exports(access, params) if access.allows(Role.ADMIN) else {},
    }
    return render(request, "app/requests/log.html" if is_part else "app/requests.html", context)


@require_safe
@project_view()
def request_detail(request: HttpRequest, access: ProjectAccess, log_id: int) -> HttpResponse:
    """One request: as a drawer for htmx, as a page otherwise."""
    log = get_object_or_404(UsageLog, project=access.project, pk=log_id)
    key = ApiKey.objects.filter(project=access.project, pk=log.api_key_id).first()
    context: dict[str, Any] = {
        "access": access,
        "log": log,
        "key": key,
        "reason": reason(log),
        "spans": waterfall(log),
        "total_ms": max(log.latency_ms, 1),
        "headers": request_facts.sent_headers(log),
        "decision": request_facts.decision_facts(log),
        "prompt": request_facts.readable(log.prompt),
        "response": request_facts.readable(log.response),
        "no_bodies": request_facts.why_no_bodies(log, logging=access.project.log_prompts),
    }
    drawer = request.headers.get("HX-Target") == "drawer"
    name = "app/requests/detail.html" if drawer else "app/request_detail.html"
    return render(request, name, context)


def _exports(access: ProjectAccess, params: dict[str, str]) -> dict[str, str]:
    """What the page shows, by form of the file."""
    query = urlencode({name: value for name, value in params.items() if value and name != "at"})
    here = reverse("requests_export", args=[access.organization.slug, access.project.slug])
    return {
        label: f"{here}?{query}&form={form}" if query else f"{here}?form={form}"
        for form, label in FORMS.items()
    }


def _link(params: dict[str, str], cursor: Cursor | None) -> str:
    return "?" + urlencode({**params, "at": cursor.dump()}) if cursor else ""


@require_safe
@project_view(read=Role.ADMIN)
def requests_export(request: HttpRequest, access: ProjectAccess) -> StreamingHttpResponse:
    """The request log as a stream, whole or filtered as the page is: ``form`` is csv or jsonl."""
    params = request.GET.dict()
    form = params.get("form", "")
    form = form if form in FORMS else "csv"
    search = parse_search(params, filters.parse(params), timezone.get_current_timezone())
    name = f"{access.project.slug}-requests.{form}"
    return StreamingHttpResponse(
        request_lines(access.project, search.condition(), form=form),
        content_type="application/jsonl" if form == "jsonl" else "text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
