"""Semantic quality: bounds, checks, near misses, and a person's verdict on each hit."""

from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.cache.freshness import refresh
from apps.cache.selectors.days import DAYS, daily_chart
from apps.cache.selectors.namespaces import quality
from apps.cache.selectors.pairs import LISTS, pair, pair_page
from apps.cache.services.verdicts import (
    AlreadyJudgedError,
    NotJudgeableError,
    verdict_give,
)
from apps.projects.access import ProjectAccess, project_view
from apps.projects.cache_control import CacheUnreachableError
from apps.ui.toasts import Level, with_toast
from apps.usage.models import UsageLog
from apps.usage.request_log import parse_cursor
from shared.semantic_verdict import VERDICTS

_DONE = {
    "wrong": "Counted as wrong. That answer is removed from the cache.",
    "right": "Counted as right.",
}


@require_safe
@project_view()
def semantic_quality(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Everything; with ``HX-Target: pairs`` the list alone."""
    which = request.GET.get("show", "")
    which = which if which in LISTS else next(iter(LISTS))
    part = request.headers.get("HX-Target") == "pairs"
    if not part:
        refresh()
    page = pair_page(access.project, which, parse_cursor(request.GET.get("at", "")))
    context = {
        "access": access,
        "lists": {key: label for key, (label, _) in LISTS.items()},
        "which": which,
        "page": page,
        "older": "?" + urlencode({"show": which, "at": page.older.dump()}) if page.older else "",
        "first": f"?show={which}" if request.GET.get("at") else "",
    }
    if part:
        return render(request, "app/cache/quality/pairs.html", context)
    context |= {
        "quality": quality(access.project),
        "chart": daily_chart(
            access.project, now=timezone.now(), zone=timezone.get_current_timezone()
        ),
        "days": DAYS,
    }
    return render(request, "app/cache/quality.html", context)


@require_POST
@project_view()
def semantic_verdict(request: HttpRequest, access: ProjectAccess, log_id: int) -> HttpResponse:
    """``verdict`` is ``right`` or ``wrong``. htmx gets the changed pair, other clients the page."""
    log = get_object_or_404(UsageLog, project=access.project, pk=log_id)
    verdict = request.POST.get("verdict", "")
    if verdict not in VERDICTS:
        return HttpResponse("verdict takes right or wrong", status=400, content_type="text/plain")
    told, level = _give(access, log, verdict)
    if request.headers.get("HX-Request"):
        context = {"access": access, "pair": pair(access.project, log)}
        return with_toast(render(request, "app/cache/quality/pair.html", context), told, level)
    messages.add_message(request, messages.SUCCESS if level == "success" else messages.ERROR, told)
    return redirect("semantic_quality", access.organization.slug, access.project.slug)


def _give(access: ProjectAccess, log: UsageLog, verdict: str) -> tuple[str, Level]:
    try:
        verdict_give(project=access.project, log=log, wrong=verdict == "wrong", actor=access.user)
    except AlreadyJudgedError:
        return "This hit has had its verdict already.", "warning"
    except NotJudgeableError:
        return "This request was not a semantic hit that can be judged.", "error"
    except CacheUnreachableError:
        return "Redis did not answer, so nothing was counted or removed. Try again.", "error"
    return _DONE[verdict], "success"
