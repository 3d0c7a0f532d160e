"""A project's front page."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.access import ProjectAccess, project_view


@project_view()
def overview(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """What the project's requests came to in the chosen period."""
    return render(request, "app/overview.html", {"access": access})
