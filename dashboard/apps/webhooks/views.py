"""An organization's webhooks: endpoints, what was sent, and a test button."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Role
from apps.ui.made_once import MADE_ALREADY, AlreadyMadeError
from apps.webhooks.catalogue import EVENTS
from apps.webhooks.forms import EndpointForm
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.endpoints import (
    CreatedEndpoint,
    endpoint_create,
    endpoint_disable,
    endpoint_rotate,
    endpoint_test,
)

_DELIVERIES = 50


@require_http_methods(["GET", "POST"])
@organization_view(read=Role.ADMIN)
def webhooks(request: HttpRequest, access: Access) -> HttpResponse:
    """POST adds an endpoint; the page after it is the only one that shows its secret."""
    created = None
    form = EndpointForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            created = endpoint_create(
                organization=access.organization,
                url=form.cleaned_data["url"],
                events=form.cleaned_data["event"],
                actor=access.user,
                new_id=form.cleaned_data["new_id"],
            )
        except AlreadyMadeError:
            return _made_already(request, access)
        except ValidationError as error:
            form.add_error("url", error.messages)
        else:
            form = EndpointForm()
    return _page(request, access, form=form, created=created)


@require_POST
@organization_view(read=Role.ADMIN)
def rotate(request: HttpRequest, access: Access, pk: str) -> HttpResponse:
    """Gives an endpoint a new secret; the page after it is the only one that shows it."""
    endpoint = get_object_or_404(access.organization.webhook_endpoints, pk=pk, disabled_at=None)
    try:
        created = endpoint_rotate(
            endpoint=endpoint, actor=access.user, replaces=request.POST.get("secret")
        )
    except AlreadyMadeError:
        return _made_already(request, access)
    return _page(request, access, form=EndpointForm(), created=created)


def _made_already(request: HttpRequest, access: Access) -> HttpResponse:
    messages.warning(request, f"No further secret. {MADE_ALREADY}")
    return redirect("webhooks", organization=access.organization.slug)


def _page(
    request: HttpRequest, access: Access, *, form: EndpointForm, created: CreatedEndpoint | None
) -> HttpResponse:
    organization = access.organization
    endpoints = WebhookEndpoint.objects.filter(organization=organization, disabled_at=None)
    deliveries = WebhookDelivery.objects.filter(endpoint__organization=organization)
    context = {
        "endpoints": endpoints,
        "deliveries": deliveries.select_related("endpoint")[:_DELIVERIES],
        "events": EVENTS,
        "created": created,
        "form": form,
        "chosen": form["event"].value() or [],
    }
    return render(request, "webhooks/webhooks.html", context)


@require_POST
@organization_view(read=Role.ADMIN)
def test(request: HttpRequest, access: Access, pk: str) -> HttpResponse:
    """Sends a test event."""
    endpoint = get_object_or_404(access.organization.webhook_endpoints, pk=pk, disabled_at=None)
    endpoint_test(endpoint=endpoint)
    messages.success(request, "A test event is on its way; the log below tells how it went.")
    return redirect("webhooks", organization=access.organization.slug)


@require_POST
@organization_view(read=Role.ADMIN)
def disable(request: HttpRequest, access: Access, pk: str) -> HttpResponse:
    """Removes an endpoint."""
    endpoint = get_object_or_404(access.organization.webhook_endpoints, pk=pk)
    endpoint_disable(endpoint=endpoint, actor=access.user)
    messages.success(request, "The endpoint was removed.")
    return redirect("webhooks", organization=access.organization.slug)
