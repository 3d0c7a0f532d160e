"""Writing an event for every endpoint that wants it, in the transaction of its cause."""

import json
import uuid
from typing import Any

from django.utils import timezone

from apps.accounts.models import Organization
from apps.background import run_soon
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.deliver import deliveries_send_due


def event_emit(*, organization: Organization, event: str, data: dict[str, Any]) -> int:
    """``event`` is a name of ``catalogue.EVENTS``; returns how many endpoints will be told."""
    wanted = [
        endpoint
        for endpoint in WebhookEndpoint.objects.filter(organization=organization, disabled_at=None)
        if event in endpoint.events
    ]
    for endpoint in wanted:
        delivery_queue(endpoint=endpoint, event=event, data=data)
    return len(wanted)


def delivery_queue(
    *, endpoint: WebhookEndpoint, event: str, data: dict[str, Any]
) -> WebhookDelivery:
    """One event for one endpoint. The body is fixed here: every attempt sends the same bytes."""
    now = timezone.now()
    identifier = uuid.uuid4()
    body = {
        "id": str(identifier),
        "type": event,
        "timestamp": now.isoformat(),
        "organization_id": str(endpoint.organization_id),
        "data": data,
    }
    delivery = WebhookDelivery.objects.create(
        id=identifier,
        endpoint=endpoint,
        event=event,
        body=json.dumps(body),
        next_attempt_at=now,
    )
    run_soon(deliveries_send_due)
    return delivery
