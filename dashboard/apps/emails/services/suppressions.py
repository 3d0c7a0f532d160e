"""Mailgun's reports on accepted messages: delivered, bounced, complained, unsubscribed.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/ (payload of 2018 and later).
Every effect is idempotent.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.emails.kinds import OPTIONAL
from apps.emails.models import Email, EmailState, MailgunToken, OptOut, Suppression

TOLERANCE = timedelta(minutes=10)
"""How old or early a webhook's signature may be."""


@transaction.atomic
def mailgun_event_apply(*, token: str, event: dict[str, Any]) -> bool:
    """Returns False for an event that says nothing we act on, and for a token seen before."""
    MailgunToken.objects.filter(seen_at__lt=timezone.now() - 2 * TOLERANCE).delete()
    _, new = MailgunToken.objects.get_or_create(token=token)
    if not new:
        return False
    recipient = str(event.get("recipient", ""))
    kind = event.get("event")
    if kind == "delivered":
        _mark(event, EmailState.DELIVERED, only_from=(EmailState.SENT, EmailState.SENDING))
    elif kind == "failed" and event.get("severity") == "permanent":
        _mark(event, EmailState.BOUNCED)
        status = event.get("delivery-status") or {}
        _suppress(
            recipient, "bounce", str(status.get("message") or status.get("description") or "")
        )
    elif kind == "complained":
        _suppress(recipient, "complaint", "")
    elif kind == "unsubscribed":
        for user in User.objects.filter(email__iexact=recipient):
            for optional in OPTIONAL:
                OptOut.objects.get_or_create(user=user, kind=optional)
    else:
        return False
    return True


def _suppress(address: str, reason: str, detail: str) -> None:
    Suppression.objects.get_or_create(
        address=address.lower(), defaults={"reason": reason, "detail": detail[:2000]}
    )


def _mark(event: dict[str, Any], state: str, only_from: tuple[str, ...] | None = None) -> None:
    headers = (event.get("message") or {}).get("headers") or {}
    identifier = str(headers.get("message-id", "")).partition("@")[0]
    found = Email.objects.filter(pk=identifier) if _is_uuid(identifier) else Email.objects.none()
    if only_from:
        found = found.filter(state__in=only_from)
    found.update(state=state)


def _is_uuid(text: str) -> bool:
    return len(text) == 36 and text.count("-") == 4 and set(text) <= set("0123456789abcdef-")
