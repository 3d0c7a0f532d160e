"""Organizations of a person's own."""

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache

from apps.accounts.forms import OrganizationForm
from apps.accounts.models import User
from apps.accounts.services.organizations import organization_create


@never_cache
@login_required
def organization_new(request: HttpRequest) -> HttpResponse:
    """For someone who left every organization, or wants another one. Starts on Free."""
    form = OrganizationForm(request.POST or None, autofocus=True)
    if request.method == "POST" and form.is_valid():
        user = cast(User, request.user)
        organization = organization_create(name=form.cleaned_data["name"], owner=user, actor=user)
        return redirect("project_new", organization.slug)
    return render(request, "app/organization_new.html", {"form": form})
