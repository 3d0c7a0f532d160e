"""A project's own provider keys: added, ordered, tested, removed. None is ever shown again."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.projects.models import ProviderCredential
from apps.projects.provider_check import provider_check
from apps.projects.provider_forms import ProviderAddForm, ProviderEditForm
from apps.projects.services.provider_credentials import (
    provider_credential_create,
    provider_credential_disable,
    provider_credential_update,
)


@require_safe
@project_view()
def providers(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The keys in use, by provider and in the order in which the edge tries them."""
    credentials = list(
        access.project.provider_credentials.filter(disabled_at=None)
        .select_related("created_by")
        .order_by("provider", "priority", "id")
    )
    context = {"access": access, "credentials": credentials}
    return render(request, "app/providers/list.html", context)


@require_http_methods(["GET", "POST"])
@project_view(read=Role.MEMBER)
def provider_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A form for a key, which is sealed on arrival."""
    form = ProviderAddForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        provider_credential_create(project=access.project, actor=access.user, **form.cleaned_data)
        messages.success(request, "The key is sealed. New requests use it within a minute.")
        return _back(access)
    return render(request, "app/providers/new.html", {"access": access, "form": form})


@require_http_methods(["GET", "POST"])
@project_view(read=Role.MEMBER)
def provider_edit(request: HttpRequest, access: ProjectAccess, credential_id: UUID) -> HttpResponse:
    """Label, priority and base URL, and the key for a new base URL."""
    credential = _credential(access, credential_id)
    initial = {name: getattr(credential, name) for name in ("label", "priority", "base_url")}
    form = ProviderEditForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        provider_credential_update(credential=credential, actor=access.user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return _back(access)
    context = {"access": access, "credential": credential, "form": form}
    return render(request, "app/providers/edit.html", context)


@require_POST
@project_view()
def provider_test(request: HttpRequest, access: ProjectAccess, credential_id: UUID) -> HttpResponse:
    """Asks the provider whether it takes the key (the verdict alone, for htmx)."""
    verdict = provider_check(_credential(access, credential_id))
    if request.headers.get("HX-Request"):
        return render(request, "app/providers/verdict.html", {"verdict": verdict})
    (messages.success if verdict.ok else messages.error)(request, verdict.text)
    return _back(access)


@require_POST
@project_view()
def provider_remove(
    request: HttpRequest, access: ProjectAccess, credential_id: UUID
) -> HttpResponse:
    """The edge stops using the key."""
    credential = _credential(access, credential_id)
    provider_credential_disable(credential=credential, actor=access.user)
    messages.success(request, f"{credential.provider_name} {credential.masked} is removed.")
    return _back(access)


def _credential(access: ProjectAccess, credential_id: UUID) -> ProviderCredential:
    return get_object_or_404(
        access.project.provider_credentials, pk=credential_id, disabled_at=None
    )


def _back(access: ProjectAccess) -> HttpResponse:
    return redirect("project_providers", access.organization.slug, access.project.slug)
