"""A new project: the first step of onboarding."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Role
from apps.projects.forms import ProjectForm
from apps.projects.services.projects import ProjectLimitReachedError, project_create


@organization_view(write=Role.ADMIN)
def project_new(request: HttpRequest, access: Access) -> HttpResponse:
    """Admins and owners create projects; others see who can do it."""
    form = ProjectForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            project = project_create(
                organization=access.organization,
                name=form.cleaned_data["name"],
                actor=access.user,
            )
        except ProjectLimitReachedError as error:
            form.add_error(
                None,
                f"The {access.organization.plan.name} plan allows {error.limit} projects. "
                "Archive one or change the plan.",
            )
        else:
            return redirect("onboarding", access.organization.slug, project.slug)
    return render(request, "app/project_new.html", {"form": form})
