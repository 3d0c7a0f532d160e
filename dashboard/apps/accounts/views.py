"""The signed-in landing page."""

from typing import cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import User
from apps.accounts.selectors import projects_of


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """The projects of the organizations the person belongs to."""
    user = cast(User, request.user)
    return render(
        request,
        "app/home.html",
        {"projects": projects_of(user), "edge_base_url": settings.EDGE_BASE_URL},
    )
