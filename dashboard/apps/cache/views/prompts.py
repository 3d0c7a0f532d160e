"""How prompts begin, and what the provider's prompt cache made of it."""

from datetime import UTC, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from apps.cache.selectors.prompt_heads import HeadRow, prompt_heads
from apps.projects.access import ProjectAccess, project_view
from apps.projects.cache_control import CacheUnreachableError
from shared.prompt_cache.heads import week, week_began


@require_safe
@project_view()
def prompts(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Of this week, or with ``?week=last`` of the one before."""
    last = request.GET.get("week") == "last"
    number = week(int(timezone.now().timestamp() * 1000)) - last
    rows: list[HeadRow] | None
    try:
        rows = prompt_heads(access.project, number)
    except CacheUnreachableError:
        rows = None
    context = {
        "access": access,
        "rows": rows,
        "last": last,
        "began": datetime.fromtimestamp(week_began(number), UTC),
        "saved": sum(max(0, row.head.saved_nanousd) for row in rows or ()),
        "lost": sum(max(0, -row.head.saved_nanousd) for row in rows or ()),
    }
    return render(request, "app/cache/prompts.html", context)
