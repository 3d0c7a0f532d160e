"""The cache of a project: settings, recent activity, purge."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.cache.entries import EntryCount, count_forget, entries_count
from apps.cache.selectors.recent_days import DAYS, recent_days
from apps.projects.access import ProjectAccess, project_view
from apps.projects.cache_control import CacheUnreachableError, Scope, cache_purge
from apps.projects.cache_forms import AGES, CacheSettingsForm, PurgeForm
from apps.projects.models import Project
from apps.projects.services.projects import project_update
from apps.usage import freshness
from apps.usage.models import UsageHourly
from shared.usage_events import HITS


@require_http_methods(["GET", "POST"])
@project_view()
def cache(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """GET shows everything, POST saves the settings."""
    form = _settings_form(access, request.POST or None)
    if request.method == "POST" and form.is_valid():
        project_update(project=access.project, actor=access.user, **form.cleaned_data)
        messages.success(request, "Saved. The edge applies it within a minute, usually at once.")
        return redirect("project_cache", access.organization.slug, access.project.slug)
    return _page(request, access, form, PurgeForm())


@require_POST
@project_view()
def cache_purge_page(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """First what a purge would do, then the purge."""
    form = PurgeForm(request.POST)
    if not form.is_valid():
        return _page(request, access, _settings_form(access), form)
    scope = form.chosen()
    if "confirm" not in request.POST:
        context = {
            "access": access,
            "form": form,
            "scope": scope,
            "age": AGES[int(scope.older_than.total_seconds())],
            "kept": _kept(access.project, scope),
            "traffic": _traffic(access.project, scope),
            "days": DAYS,
        }
        return render(request, "app/cache/purge.html", context)
    try:
        until = cache_purge(project=access.project, scope=scope, actor=access.user)
    except CacheUnreachableError:
        messages.error(request, "Redis did not answer, so nothing was purged. Try again.")
    else:
        count_forget(access.project)
        local = timezone.localtime(until)
        messages.success(request, f"Purged: nothing created until {local:%H:%M:%S %Z} is served.")
    return redirect("project_cache", access.organization.slug, access.project.slug)


def _settings_form(access: ProjectAccess, data: Any = None) -> CacheSettingsForm:
    return CacheSettingsForm.for_project(access.project, data, manages=access.can_manage)


def _page(
    request: HttpRequest, access: ProjectAccess, form: CacheSettingsForm, purge: PurgeForm
) -> HttpResponse:
    freshness.refresh()
    context = {
        "access": access,
        "form": form,
        "purge": purge,
        "days": recent_days(
            access.project, now=timezone.now(), zone=timezone.get_current_timezone()
        ),
        "models": _recent(access.project).values_list("model", flat=True).distinct(),
    }
    return render(request, "app/cache/cache.html", context)


def _recent(project: Project) -> QuerySet[UsageHourly]:
    since = timezone.now() - timedelta(days=DAYS)
    return UsageHourly.objects.filter(project=project, hour__gte=since)


def _kept(project: Project, scope: Scope) -> EntryCount | None:
    """Entries in the purge's scope, whatever their age; None where Redis cannot be asked."""
    try:
        return entries_count(project).of(model=scope.model, namespace=scope.namespace)
    except CacheUnreachableError:
        return None


def _traffic(project: Project, scope: Scope) -> dict[str, int] | None:
    """Requests and hits in the purge's scope; None for a namespace, by which usage is not
    counted."""
    if scope.namespace:
        return None
    rows = _recent(project)
    if scope.model:
        rows = rows.filter(model=scope.model)
    return dict(
        rows.aggregate(
            asked=Sum("requests", default=0),
            hits=Sum("requests", filter=Q(cache_status__in=HITS), default=0),
        )
    )
