"""Adding and removing endpoints."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.audit.services import audit_record
from apps.outgoing.guarded import AddressRefusedError
from apps.projects.encryption import seal
from apps.ui.made_once import AlreadyMadeError
from apps.webhooks import signing, transport
from apps.webhooks.catalogue import EVENTS, TEST_EVENT
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.emit import delivery_queue

MOST_ENDPOINTS = 10
OVERLAP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CreatedEndpoint:
    """``secret`` exists only here: show it once and do not store it."""

    endpoint: WebhookEndpoint
    secret: str = field(repr=False)


@transaction.atomic
def endpoint_create(
    *,
    organization: Organization,
    url: str,
    events: Collection[str],
    actor: User,
    new_id: UUID | None = None,
) -> CreatedEndpoint:
    """Raises ``ValidationError`` for an address or events that are not allowed, and
    ``AlreadyMadeError`` where there is an endpoint with ``new_id``.
    """
    new_id = new_id or uuid4()
    if WebhookEndpoint.objects.filter(pk=new_id).exists():
        raise AlreadyMadeError
    if not events or not set(events) <= EVENTS.keys():
        raise ValidationError("Choose at least one event.")
    try:
        transport.check_url(url)
    except AddressRefusedError as error:
        raise ValidationError(str(error)) from error
    live = WebhookEndpoint.objects.filter(organization=organization, disabled_at=None)
    if live.count() >= MOST_ENDPOINTS:
        raise ValidationError(f"There can be {MOST_ENDPOINTS} endpoints.")
    endpoint = WebhookEndpoint(
        id=new_id, organization=organization, url=url, events=sorted(events), created_by=actor
    )
    secret = _give_secret(endpoint)
    endpoint.full_clean()
    try:
        with transaction.atomic():
            endpoint.save(force_insert=True)
    except IntegrityError as error:  # made by another request since the check
        raise AlreadyMadeError from error
    _audit(endpoint, actor, "webhook_endpoint.create")
    return CreatedEndpoint(endpoint, secret)


@transaction.atomic
def endpoint_rotate(
    *, endpoint: WebhookEndpoint, actor: User, replaces: str | None = None
) -> CreatedEndpoint:
    """Makes a new secret. For a day the previous one signs, too, so that no delivery is refused
    while the receiver switches; an older one stops signing at once.

    ``replaces``: the name of the secret that the person saw; raises ``AlreadyMadeError`` where the
    endpoint has another one by now.
    """
    endpoint = WebhookEndpoint.objects.select_for_update().get(pk=endpoint.pk)
    if replaces is not None and replaces != endpoint.secret_name:
        raise AlreadyMadeError
    endpoint.retired_sealed_secret = endpoint.sealed_secret
    endpoint.retired_until = timezone.now() + OVERLAP
    secret = _give_secret(endpoint)
    endpoint.save(update_fields=["sealed_secret", "retired_sealed_secret", "retired_until"])
    _audit(endpoint, actor, "webhook_endpoint.rotate")
    return CreatedEndpoint(endpoint, secret)


@transaction.atomic
def endpoint_disable(*, endpoint: WebhookEndpoint, actor: User) -> None:
    """Stops sending to the endpoint; its log stays. Idempotent."""
    if endpoint.disabled_at is None:
        endpoint.disabled_at = timezone.now()
        endpoint.save(update_fields=["disabled_at"])
        _audit(endpoint, actor, "webhook_endpoint.disable")


@transaction.atomic
def endpoint_test(*, endpoint: WebhookEndpoint) -> WebhookDelivery:
    """Queues an event that says it is a test."""
    return delivery_queue(
        endpoint=endpoint, event=TEST_EVENT, data={"message": "This is a test from WatchLLM."}
    )


def _give_secret(endpoint: WebhookEndpoint) -> str:
    secret = signing.new_secret()
    endpoint.sealed_secret = seal(
        secret, project_id=str(endpoint.pk), keys=settings.ENCRYPTION_KEYS
    )
    return secret


def _audit(endpoint: WebhookEndpoint, actor: User, action: str) -> None:
    audit_record(
        action=action,
        actor=actor,
        target=endpoint,
        organization=endpoint.organization,
        data={"events": endpoint.events},
    )
