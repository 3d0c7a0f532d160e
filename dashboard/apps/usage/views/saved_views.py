"""Keeping filters of the request log under a name, and forgetting them. Everybody's own."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.usage.saved_views import MOST_VIEWS, TooManyViewsError, view_delete, view_save


class SavedViewForm(forms.Form):
    """``query``: of the page that is kept."""

    name = forms.CharField(max_length=60)
    query = forms.CharField(max_length=8_000, required=False)


@require_POST
@project_view(write=Role.VIEWER)
def request_view_save(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Goes to the view that was saved."""
    form = SavedViewForm(request.POST)
    here = reverse("project_requests", args=[access.organization.slug, access.project.slug])
    if not form.is_valid():
        messages.error(request, "A view needs a name of at most 60 characters.")
        return redirect(here)
    try:
        saved = view_save(project=access.project, user=access.user, **form.cleaned_data)
    except TooManyViewsError:
        messages.error(request, f"At most {MOST_VIEWS} views: delete one first.")
        return redirect(here)
    messages.success(request, f"Saved as “{saved.name}”.")
    return redirect(f"{here}?{saved.query}")


@require_POST
@project_view(write=Role.VIEWER)
def request_view_delete(request: HttpRequest, access: ProjectAccess, view_id: UUID) -> HttpResponse:
    """Only the person's own."""
    if not view_delete(project=access.project, user=access.user, view_id=view_id):
        raise Http404
    messages.success(request, "The view is deleted.")
    return redirect("project_requests", access.organization.slug, access.project.slug)
