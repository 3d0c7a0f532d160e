"""From a new project to its first cached answer."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import ProjectAccess, project_view


@project_view()
def onboarding(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The steps, each done or to be done."""
    return render(
        request, "app/onboarding.html", {"access": access, "base_url": settings.EDGE_BASE_URL}
    )
