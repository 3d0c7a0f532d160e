"""From a new project to its first cached answer."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from apps.projects.access import ProjectAccess, project_view
from apps.projects.forms import ProviderKeyForm
from apps.projects.services.api_keys import api_key_create
from apps.projects.services.provider_credentials import provider_credential_create
from apps.projects.snippets import snippets
from apps.ui.made_once import MADE_ALREADY, AlreadyMadeError, MadeOnceForm
from apps.usage.first_requests import first_requests


@require_safe
@project_view()
def onboarding(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The steps, each done or to be done."""
    return _page(request, access, ProviderKeyForm())


@require_POST
@project_view()
def onboarding_provider(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Takes a provider key, and goes back to the steps."""
    form = ProviderKeyForm(request.POST)
    if not form.is_valid():
        return _page(request, access, form)
    provider_credential_create(
        project=access.project,
        provider=form.cleaned_data["provider"],
        secret=form.cleaned_data["secret"],
        actor=access.user,
    )
    messages.success(request, "The provider key is sealed and in use.")
    return redirect("onboarding", access.organization.slug, access.project.slug)


@require_POST
@project_view()
def onboarding_key(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """Makes a key and answers with the only page that ever shows it (a part of it, for htmx)."""
    count = access.project.api_keys.count()
    once = MadeOnceForm(request.POST)
    if not once.is_valid():
        return HttpResponseBadRequest("new_id is no UUID")
    try:
        created = api_key_create(
            project=access.project,
            name=f"Key {count + 1}" if count else "First key",
            actor=access.user,
            new_id=once.cleaned_data["new_id"],
        )
    except AlreadyMadeError:
        messages.warning(request, f"No further key. {MADE_ALREADY}")
        here = reverse("onboarding", args=[access.organization.slug, access.project.slug])
        if request.headers.get("HX-Request"):
            return HttpResponseClientRedirect(here)
        return redirect(here)
    if request.headers.get("HX-Request"):
        context = _snippets(created.plaintext) | {"new_key": created.plaintext}
        return render(request, "app/onboarding/key.html", context | {"access": access})
    return _page(request, access, ProviderKeyForm(), created.plaintext)


@require_safe
@project_view()
def onboarding_status(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """The live part: polled by htmx until the first hit is in."""
    context = {"access": access, "progress": first_requests(access.project)}
    return render(request, "app/onboarding/status.html", context)


def _page(
    request: HttpRequest, access: ProjectAccess, form: ProviderKeyForm, new_key: str | None = None
) -> HttpResponse:
    project = access.project
    context = {
        "access": access,
        "form": form,
        "credentials": list(project.provider_credentials.filter(disabled_at=None)),
        "keys": list(project.api_keys.filter(revoked_at=None)),
        "new_key": new_key,
        "once": MadeOnceForm(),
        "progress": first_requests(project),
        **_snippets(new_key),
    }
    return render(request, "app/onboarding.html", context)


def _snippets(key: str | None) -> dict[str, object]:
    return {"snippets": snippets(settings.EDGE_BASE_URL, key)}
