"""Stripe's events: stored when they arrive, handled afterwards, again when that failed."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.billing.handlers import HANDLERS, Batch, NotOursError
from apps.billing.models import StripeEvent, StripeEventState
from apps.billing.stripe_client import stripe_client

logger = logging.getLogger(__name__)

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 2 * 60, 12 * 60))
_INTERRUPTED_AFTER = timedelta(minutes=5)
_GIVE_UP_AFTER = timedelta(days=7)
_BATCH = 100


def event_store(*, payload: dict[str, Any]) -> None:
    """Keeps a verified event, in one statement; one that is here already stays as it is.

    Raises ``KeyError``, ``TypeError``, ``ValueError`` or ``OverflowError`` for what is no event.
    """
    identifier, kind = payload["id"], payload["type"]
    if not _is_name(identifier, 64) or not _is_name(kind, 80):
        raise ValueError("an id and a type are expected")
    if not isinstance(payload["data"]["object"], dict):
        raise TypeError("an object is expected")
    event = StripeEvent(
        id=identifier,
        type=kind,
        stripe_created=datetime.fromtimestamp(payload["created"], UTC),
        payload=payload,
        next_attempt_at=timezone.now(),
    )
    StripeEvent.objects.bulk_create([event], ignore_conflicts=True)


def events_handle_due(*, limit: int = _BATCH) -> int:
    """Handles the events that are due; returns how many. A customer with several of them is read
    from Stripe once, since Stripe sends several events for one change.
    """
    now = timezone.now()
    due = Q(
        state__in=[StripeEventState.RECEIVED, StripeEventState.FAILED], next_attempt_at__lte=now
    )
    interrupted = Q(state=StripeEventState.STARTED, started_at__lte=now - _INTERRUPTED_AFTER)
    # An event that has failed for a week waits for staff. Events that keep failing come after the
    # others.
    rows = StripeEvent.objects.filter(due | interrupted, received_at__gte=now - _GIVE_UP_AFTER)
    stored = list(rows.order_by("attempts", "stripe_created", "id")[:limit])
    synced: set[str] = set()
    return sum(event_handle(event=event, synced=synced) for event in stored)


def event_handle(*, event: StripeEvent, synced: set[str] | None = None) -> bool:
    """False when another worker handles it. Never raises for what the event or Stripe does.

    ``synced``: see ``handlers.Batch``; without it the event is a batch of its own.
    """
    now = timezone.now()
    # One UPDATE that finds the row as we saw it: of two workers one gets it.
    taken = StripeEvent.objects.filter(
        pk=event.pk, state=event.state, started_at=event.started_at
    ).update(state=StripeEventState.STARTED, started_at=now, attempts=event.attempts + 1)
    if not taken:
        return False
    event.attempts += 1
    handler = HANDLERS.get(event.type)
    if handler is None:
        _settle(event, StripeEventState.IGNORED, "nothing is done about this type")
        return True
    try:
        with stripe_client() as client:
            batch = Batch(client, set() if synced is None else synced)
            handler(batch, event.payload["data"]["object"])
    except NotOursError as error:
        _settle(event, StripeEventState.IGNORED, str(error))
    except Exception as error:  # whatever it was, staff find it in the row and others go on
        logger.exception("%s was not handled", event)
        _fail(event, error)
    else:
        _settle(event, StripeEventState.SUCCEEDED, "")
    return True


def event_replay(*, event: StripeEvent) -> bool:
    """Handles it again, whatever its state; handlers may run any number of times."""
    StripeEvent.objects.filter(pk=event.pk).update(
        state=StripeEventState.RECEIVED, attempts=0, started_at=None, next_attempt_at=timezone.now()
    )
    event.refresh_from_db()
    return event_handle(event=event)


def _is_name(given: object, most: int) -> bool:
    return isinstance(given, str) and 0 < len(given) <= most


def _fail(event: StripeEvent, error: Exception) -> None:
    pause = _PAUSES[min(event.attempts, len(_PAUSES)) - 1]
    StripeEvent.objects.filter(pk=event.pk).update(
        state=StripeEventState.FAILED,
        error=f"{type(error).__name__}: {error}"[:2000],
        next_attempt_at=timezone.now() + pause,
    )


def _settle(event: StripeEvent, state: str, error: str) -> None:
    StripeEvent.objects.filter(pk=event.pk).update(
        state=state, error=error, handled_at=timezone.now()
    )
