"""API keys: made, changed, rotated, revoked. A key is shown by the answer that makes it, once."""

from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.models import Role
from apps.projects.access import ProjectAccess, project_view
from apps.projects.key_forms import ApiKeyForm, NewApiKeyForm, RotateForm
from apps.projects.models import ApiKey
from apps.projects.services.api_key_rotation import api_key_rotate
from apps.projects.services.api_keys import (
    CreatedApiKey,
    api_key_create,
    api_key_revoke,
    api_key_update,
)
from apps.ui.made_once import MADE_ALREADY, AlreadyMadeError


@require_safe
@project_view()
def keys(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Working keys first, then those that no longer do."""
    now = timezone.now()
    every = list(access.project.api_keys.select_related("created_by"))
    working = [key for key in every if _works(key, now)]
    context = {
        "access": access,
        "working": working,
        "ended": [key for key in every if key not in working],
        "now": now,
    }
    return render(request, "app/keys/list.html", context)


@require_http_methods(["GET", "POST"])
@project_view(read=Role.MEMBER)
def key_new(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """A form, and the new key."""
    form = NewApiKeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = api_key_create(project=access.project, actor=access.user, **form.cleaned_data)
        except AlreadyMadeError:
            return _made_already(request, access)
        return _shown_once(request, access, created)
    return render(request, "app/keys/new.html", {"access": access, "form": form})


@require_http_methods(["GET", "POST"])
@project_view(read=Role.MEMBER)
def key_edit(request: HttpRequest, access: ProjectAccess, key_id: UUID) -> HttpResponse:
    """Name, expiry and limits of a key that was not revoked."""
    key = get_object_or_404(access.project.api_keys, pk=key_id, revoked_at=None)
    form = ApiKeyForm.for_key(key, request.POST or None)
    if request.method == "POST" and form.is_valid():
        api_key_update(api_key=key, actor=access.user, **form.cleaned_data)
        messages.success(request, "Saved. The edge applies it within a minute, usually at once.")
        return redirect("project_keys", access.organization.slug, access.project.slug)
    context = {"access": access, "key": key, "form": form, "rotate": RotateForm()}
    return render(request, "app/keys/edit.html", context)


@require_POST
@project_view()
def key_rotate(request: HttpRequest, access: ProjectAccess, key_id: UUID) -> HttpResponse:
    """A successor of the key, shown once."""
    key = get_object_or_404(access.project.api_keys, pk=key_id)
    form = RotateForm(request.POST)
    if form.is_valid():
        try:
            created = api_key_rotate(api_key=key, actor=access.user, **form.cleaned_data)
        except AlreadyMadeError:
            return _made_already(request, access)
        except ValidationError as error:
            messages.error(request, error.messages[0])
        else:
            key.refresh_from_db()
            return _shown_once(request, access, created, replaced=key)
    return redirect("project_keys", access.organization.slug, access.project.slug)


@require_POST
@project_view()
def key_revoke(request: HttpRequest, access: ProjectAccess, key_id: UUID) -> HttpResponse:
    """For good."""
    key = get_object_or_404(access.project.api_keys, pk=key_id)
    api_key_revoke(api_key=key, actor=access.user)
    messages.success(request, f"“{key.name}” is revoked. Requests with it are refused.")
    return redirect("project_keys", access.organization.slug, access.project.slug)


def _works(key: ApiKey, now: datetime) -> bool:
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > now)


def _made_already(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    messages.warning(request, f"No further key. {MADE_ALREADY}")
    return redirect("project_keys", access.organization.slug, access.project.slug)


def _shown_once(
    request: HttpRequest,
    access: ProjectAccess,
    created: CreatedApiKey,
    replaced: ApiKey | None = None,
) -> HttpResponse:
    context = {
        "access": access,
        "key": created.api_key,
        "plaintext": created.plaintext,
        "replaced": replaced,
    }
    return render(request, "app/keys/created.html", context)
