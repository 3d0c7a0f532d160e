"""Sending what was queued: at least once, by any number of machines, with growing pauses."""

from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from apps.features.catalogue import WEBHOOKS
from apps.features.selectors import switched_off
from apps.projects.encryption import unseal
from apps.webhooks import signing, transport
from apps.webhooks.models import DeliveryState, WebhookDelivery
from shared.envelope import EnvelopeError

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 8 * 60, 24 * 60))
_INTERRUPTED_AFTER = timedelta(minutes=5)
_BATCH = 50


def deliveries_send_due(*, limit: int = _BATCH) -> int:
    """Returns how many attempts were made.

    An endpoint that fails is skipped for the rest of the run, so that one that hangs delays the
    others once, not with each of its events.
    """
    now = timezone.now()
    due = Q(state=DeliveryState.QUEUED, next_attempt_at__lte=now)
    interrupted = Q(state=DeliveryState.SENDING, claimed_at__lte=now - _INTERRUPTED_AFTER)
    rows = WebhookDelivery.objects.filter(due | interrupted, endpoint__disabled_at=None)
    off, different = switched_off(WEBHOOKS)
    apart = Q(endpoint__organization__in=different)
    rows = rows.filter(apart if off else ~apart)
    rows = rows.select_related("endpoint").order_by("next_attempt_at")
    failing: set[UUID] = set()
    attempts = 0
    for delivery in rows[:limit]:
        accepted = None if delivery.endpoint_id in failing else _attempt(delivery)
        if accepted is False:
            failing.add(delivery.endpoint_id)
        attempts += accepted is not None
    return attempts


def _attempt(delivery: WebhookDelivery) -> bool | None:
    """Whether the receiver accepted it; None when another sender is delivering it."""
    now = timezone.now()
    # One UPDATE that finds the row as it was seen: of two senders one gets it.
    claimed = WebhookDelivery.objects.filter(
        pk=delivery.pk, state=delivery.state, claimed_at=delivery.claimed_at
    ).update(state=DeliveryState.SENDING, claimed_at=now, attempts=delivery.attempts + 1)
    if not claimed:
        return None
    answer = _send(delivery, now)
    delivery.attempts += 1
    values: dict[str, object] = {"status": answer.status, "error": answer.error[:500]}
    if answer.accepted:
        values |= {"state": DeliveryState.DELIVERED, "delivered_at": timezone.now()}
    elif delivery.attempts > len(_PAUSES):
        values |= {"state": DeliveryState.FAILED}
    else:
        pause = _PAUSES[delivery.attempts - 1]
        values |= {"state": DeliveryState.QUEUED, "next_attempt_at": timezone.now() + pause}
    WebhookDelivery.objects.filter(pk=delivery.pk).update(**values, claimed_at=None)
    return answer.accepted


def _send(delivery: WebhookDelivery, now: datetime) -> transport.Answer:
    endpoint = delivery.endpoint
    sealed = [endpoint.sealed_secret]
    if endpoint.retired_until is not None and now < endpoint.retired_until:
        sealed.append(endpoint.retired_sealed_secret)
    try:
        secrets = [
            unseal(item, project_id=str(endpoint.pk), keys=settings.ENCRYPTION_KEYS)
            for item in sealed
        ]
    except EnvelopeError as error:
        return transport.Answer(None, f"The signing secret cannot be read: {error}")
    body = delivery.body.encode()
    headers = signing.headers(
        secrets, message_id=str(delivery.pk), timestamp=int(now.timestamp()), body=body
    )
    return transport.post(endpoint.url, body, {"Content-Type": "application/json", **headers})
