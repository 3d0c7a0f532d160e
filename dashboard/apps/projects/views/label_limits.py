"""Limits of each value of a label. For admins and owners."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.projects.label_limit_form import LabelLimitsForm
from apps.projects.services.projects import project_update


@require_http_methods(["GET", "POST"])
@project_view(read=Role.ADMIN, write=Role.ADMIN)
def label_limits(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """GET shows the limits, POST saves them."""
    form = LabelLimitsForm(access.project, request.POST or None)
    if request.method == "POST" and form.is_valid():
        project_update(project=access.project, actor=access.user, **form.changes())
        messages.success(request, "Saved. The edge applies it within a minute, usually at once.")
        return redirect("project_labels", access.organization.slug, access.project.slug)
    return render(request, "app/labels/limits.html", {"access": access, "form": form})
