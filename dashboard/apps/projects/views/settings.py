"""A project's settings, its export, and deleting it. For admins and owners."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.projects.export import project_document
from apps.projects.services.project_deletion import project_delete
from apps.projects.services.projects import project_update
from apps.projects.settings_forms import DeleteForm, ProjectSettingsForm


@require_http_methods(["GET", "POST"])
@project_view(read=Role.ADMIN, write=Role.ADMIN)
def settings_page(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """GET shows the settings, POST saves them."""
    form = ProjectSettingsForm.for_project(access.project, request.POST or None)
    if request.method == "POST" and form.is_valid():
        project_update(project=access.project, actor=access.user, **form.cleaned_data)
        messages.success(request, "Saved. The edge applies it within a minute, usually at once.")
        return redirect("project_settings", access.organization.slug, access.project.slug)
    return _page(request, access, form, DeleteForm(project=access.project))


@require_safe
@project_view(read=Role.ADMIN)
def export_json(_request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Settings, keys, provider keys and changes."""
    return JsonResponse(
        project_document(access.project),
        json_dumps_params={"indent": 2},
        headers={"Content-Disposition": f'attachment; filename="{access.project.slug}.json"'},
    )


@require_POST
@project_view(write=Role.OWNER)
def delete(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The project's name must be typed."""
    form = DeleteForm(request.POST, project=access.project)
    if not form.is_valid():
        return _page(request, access, ProjectSettingsForm.for_project(access.project), form)
    project_delete(project=access.project, actor=access.user)
    messages.success(
        request, f"“{access.project.name}” is deleted. Its keys are refused from now on."
    )
    return redirect("app_home")


def _page(
    request: HttpRequest, access: ProjectAccess, form: ProjectSettingsForm, delete_form: DeleteForm
) -> HttpResponse:
    context = {"access": access, "form": form, "delete": delete_form}
    return render(request, "app/settings/settings.html", context)
