"""The outbox: written with the cause, sent afterwards, by any number of machines, once.

A row is claimed by one UPDATE that finds it still unclaimed, which is atomic on SQLite and
PostgreSQL alike, so two senders never hold the same row. The claim is committed before the provider
is called. Whoever dies between the provider's yes and ours leaves the row ``sending``: after
``_INTERRUPTED_AFTER`` the provider is asked whether it has our Message-Id before anything is sent
again. What the provider certainly did not take is tried again with growing pauses.
"""

import logging
from collections.abc import Iterable
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Membership, Organization, Role, User
from apps.background import run_soon
from apps.emails import links
from apps.emails.backends.errors import MailError, MailRefusedError, MailUncertainError
from apps.emails.content import Content
from apps.emails.models import Email, EmailState, OptOut, Suppression
from apps.emails.render import render

logger = logging.getLogger(__name__)

_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 4 * 60, 12 * 60))
_INTERRUPTED_AFTER = timedelta(minutes=10)
_GIVE_UP_AFTER = timedelta(days=1)
_BATCH = 100
_MOST_SUBJECT = 200


def email_enqueue(
    *,
    to: str,
    content: Content,
    dedupe_key: str,
    user: User | None = None,
    organization: Organization | None = None,
) -> Email | None:
    """Call it in the transaction of the cause.

    None when the same ``dedupe_key`` was written before, or the person opted out of the kind.
    """
    unsubscribe_url = None
    headers = {}
    if content.optional and user is not None:
        if OptOut.objects.filter(user=user, kind=content.optional).exists():
            return None
        unsubscribe_url = links.unsubscribe(user, content.optional)
        headers = {
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    parts = render(content, unsubscribe_url=unsubscribe_url)
    email, created = Email.objects.get_or_create(
        dedupe_key=dedupe_key,
        defaults={
            "message": content.name,
            "to": to,
            "user": user,
            "organization": organization,
            "subject": _one_line(content.subject),
            "text": parts.text,
            "html": parts.html,
            "headers": headers,
            "sensitive": content.sensitive,
            "next_attempt_at": timezone.now(),
        },
    )
    if not created:
        return None
    run_soon(outbox_send_due)
    return email


def _one_line(subject: str) -> str:
    """The subject on one line, cut to the longest allowed: other people choose the names in it, and
    a line break would add a header.
    """
    line = " ".join(subject.split())
    return line if len(line) <= _MOST_SUBJECT else f"{line[: _MOST_SUBJECT - 1]}…"


def emails_enqueue_for(
    *,
    organization: Organization,
    roles: Iterable[Role],
    content: Content,
    dedupe_key: str,
) -> None:
    """One message to each active member of ``roles``."""
    members = Membership.objects.filter(
        organization=organization, role__in=list(roles), user__is_active=True
    ).select_related("user")
    for member in members:
        email_enqueue(
            to=member.user.email,
            content=content,
            dedupe_key=f"{dedupe_key}:{member.user_id}",
            user=member.user,
            organization=organization,
        )


def outbox_send_due(*, limit: int = _BATCH) -> int:
    """Sends what is due and settles what was interrupted; returns how many rows were handled."""
    now = timezone.now()
    interrupted = Q(state=EmailState.SENDING, claimed_at__lte=now - _INTERRUPTED_AFTER)
    due = Q(state=EmailState.QUEUED, next_attempt_at__lte=now)
    rows = list(Email.objects.filter(due | interrupted).order_by("next_attempt_at")[:limit])
    if not rows:
        return 0
    handled = 0
    with get_connection() as connection:
        for email in rows:
            was_interrupted = email.state == EmailState.SENDING
            if not _claim(email):
                continue
            handled += 1
            try:
                taken = was_interrupted and _already_taken(connection, email)
            except MailError as error:
                _ask_again(email, error)
                continue
            if taken:
                _settle(email, EmailState.SENT, sent_at=timezone.now(), error="")
            else:
                _send(connection, email)
    return handled


def _claim(email: Email) -> bool:
    """True for exactly one of the senders that read this row in this state. The claim is dated now,
    not at the batch's start, so that a slow batch does not look interrupted.
    """
    claimed = Email.objects.filter(
        pk=email.pk, state=email.state, claimed_at=email.claimed_at, attempts=email.attempts
    ).update(state=EmailState.SENDING, claimed_at=timezone.now(), attempts=email.attempts + 1)
    email.attempts += 1
    return claimed == 1


def _already_taken(connection: BaseEmailBackend, email: Email) -> bool:
    asked = getattr(connection, "has_message", None)
    return bool(asked and asked(email.message_id))


def _ask_again(email: Email, error: MailError) -> None:
    """Leaves the message ``sending``, to ask the provider about it again. After too long without
    an answer the message fails, and staff decide whether to send it again.
    """
    logger.warning("it is not known yet whether message %s was accepted: %s", email.pk, error)
    if timezone.now() - email.created_at > _GIVE_UP_AFTER:
        _settle(email, EmailState.FAILED, error=f"may or may not have been sent: {error}")
    else:
        Email.objects.filter(pk=email.pk).update(error=str(error))


def _send(connection: BaseEmailBackend, email: Email) -> None:
    if Suppression.objects.filter(address__iexact=email.to).exists():
        _settle(email, EmailState.SUPPRESSED, error="the address bounced or complained before")
        return
    try:
        connection.send_messages([_message(email)])
    except MailRefusedError as error:
        _settle(email, EmailState.FAILED, error=str(error))
    except MailUncertainError as error:
        # Stays `sending`: the provider is asked about it after ``_INTERRUPTED_AFTER``.
        logger.warning("it is not known whether message %s was accepted: %s", email.pk, error)
    except (MailError, OSError, SMTPException) as error:
        logger.warning("message %s was not sent: %s", email.pk, error)
        _try_again(email, error)
    else:
        _settle(email, EmailState.SENT, sent_at=timezone.now(), error="")


def _message(email: Email) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.text,
        from_email=settings.MAIL_FROM,
        to=[email.to],
        headers={**email.headers, "Message-ID": f"<{email.message_id}>"},
    )
    message.attach_alternative(email.html, "text/html")
    message.tags = [email.message]  # type: ignore[attr-defined]
    return message


def _try_again(email: Email, error: Exception) -> None:
    if timezone.now() - email.created_at > _GIVE_UP_AFTER:
        _settle(email, EmailState.FAILED, error=f"given up: {error}")
        return
    Email.objects.filter(pk=email.pk).update(
        state=EmailState.QUEUED,
        claimed_at=None,
        error=str(error),
        next_attempt_at=timezone.now() + _PAUSES[min(email.attempts, len(_PAUSES)) - 1],
    )


@transaction.atomic
def _settle(email: Email, state: str, **values: object) -> None:
    Email.objects.filter(pk=email.pk).update(state=state, **values)
    if email.sensitive:
        Email.objects.filter(pk=email.pk).update(text="", html="")
