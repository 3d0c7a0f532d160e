"""The entries of a project's cache, and the answers that are served most."""

import re
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from apps.cache.entries import entries_count, entry_delete
from apps.cache.selectors.top_entries import MOST, TopEntry, top_entries
from apps.projects.access import ProjectAccess, project_view
from apps.projects.cache_control import CacheUnreachableError
from apps.usage import period
from apps.usage.patience import TooSlowError

_KEY = re.compile(r"[0-9a-f]{64}")


@require_safe
@project_view()
def entries(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The page. Its two tables cost more than a page may wait, and are asked for once it is shown:
    ``entries_kept`` and ``entries_top``.
    """
    shown = _period(request)
    context = {
        "access": access,
        "period": shown,
        "period_query": urlencode(shown.query),
        "presets": period.PRESETS,
    }
    return render(request, "app/cache/entries.html", context)


@require_safe
@project_view()
def entries_top(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A part of the page: the answers with most hits of the period."""
    top: list[TopEntry] = []
    too_slow = False
    try:
        top = top_entries(access.project, _period(request))
    except TooSlowError:
        too_slow = True
    context = {"access": access, "top": top, "most": MOST, "too_slow": too_slow}
    return render(request, "app/cache/entries/top.html", context)


@require_safe
@project_view()
def entries_kept(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A part of the page: entries and bytes by model and namespace."""
    try:
        count = entries_count(access.project)
    except CacheUnreachableError:
        count = None
    return render(request, "app/cache/entries/kept.html", {"access": access, "count": count})


@require_POST
@project_view()
def entry_delete_page(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Deletes the answer of ``cache_key``."""
    key = request.POST.get("cache_key", "")
    if not _KEY.fullmatch(key):
        messages.error(request, "That is no cache key.")
    else:
        try:
            deleted = entry_delete(project=access.project, cache_key=key, actor=access.user)
        except CacheUnreachableError:
            messages.error(request, "Redis did not answer, so nothing was deleted. Try again.")
        else:
            told = "Deleted." if deleted else "That answer was not in the cache any more."
            messages.success(request, f"{told} The next such request asks the provider.")
    return redirect("cache_entries", access.organization.slug, access.project.slug)


def _period(request: HttpRequest) -> period.Period:
    return period.parse(
        request.GET.dict(), now=timezone.now(), zone=timezone.get_current_timezone()
    )
