"""Where a signed-in person starts."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from apps.accounts.forms import OrganizationForm
from apps.accounts.models import User
from apps.accounts.selectors import address_is_proved, memberships_of, open_invitations_of
from apps.projects.access import LAST_PROJECT, projects_of


@never_cache
@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirects to the last opened project, else the first; without one, to the next step.

    An organization is not required: a person without one is shown the options.
    """
    user = cast(User, request.user)
    projects = list(projects_of(user))
    last = request.session.get(LAST_PROJECT)
    for project in sorted(projects, key=lambda each: str(each.pk) != last):
        return redirect("project_overview", project.organization.slug, project.slug)
    membership = memberships_of(user).first()
    if membership is not None:
        return redirect("project_new", membership.organization.slug)
    context = {
        "form": OrganizationForm(),
        "invitations": open_invitations_of(user),
        "proved": address_is_proved(user),
    }
    return render(request, "app/welcome.html", context)
