"""Mailgun's webhook: what its events change, and that what is not signed changes nothing."""

import time

import pytest
import time_machine
from django.test import Client

from apps.accounts.models import User
from apps.emails.content import Content, Paragraph
from apps.emails.models import Email, EmailState, MailgunToken, OptOut, Suppression
from apps.emails.services.outbox import email_enqueue, outbox_send_due
from tests.doubles.mailgun import MailgunDouble

pytestmark = pytest.mark.django_db


def _post(client: Client, body: bytes) -> int:
    return client.post("/webhooks/mailgun", body, content_type="application/json").status_code


def test_a_permanent_bounce_suppresses_and_a_temporary_one_does_not(
    client: Client, mailgun: MailgunDouble
) -> None:
    temporary = mailgun.webhook("failed", "a@example.com", severity="temporary")
    assert _post(client, temporary) == 200
    assert not Suppression.objects.exists()
    body = mailgun.webhook(
        "failed",
        "A@example.com",
        severity="permanent",
        **{"delivery-status": {"message": "no such user"}},
    )
    assert _post(client, body) == 200
    assert _post(client, body) == 200
    assert Suppression.objects.values_list("address", "reason", "detail").get() == (
        "a@example.com",
        "bounce",
        "no such user",
    )


def test_a_complaint_suppresses(client: Client, mailgun: MailgunDouble) -> None:
    assert _post(client, mailgun.webhook("complained", "a@example.com")) == 200
    assert Suppression.objects.get().reason == "complaint"


def test_unsubscribing_at_mailgun_declines_optional_kinds(
    client: Client, mailgun: MailgunDouble, owner: User
) -> None:
    assert _post(client, mailgun.webhook("unsubscribed", owner.email)) == 200
    assert OptOut.objects.filter(user=owner).count() == 4


def test_delivery_is_noted(client: Client, mailgun: MailgunDouble) -> None:
    content = Content(name="welcome", subject="x", title="x", blocks=(Paragraph("x"),))
    email = email_enqueue(to="a@example.com", content=content, dedupe_key="k")
    assert email is not None
    outbox_send_due()
    headers = {"headers": {"message-id": mailgun.messages[0].message_id}}
    assert _post(client, mailgun.webhook("delivered", "a@example.com", message=headers)) == 200
    assert Email.objects.get().state == EmailState.DELIVERED


def test_a_signature_is_good_for_one_webhook(client: Client, mailgun: MailgunDouble) -> None:
    """It covers the moment and the token, so another body would carry it as well."""
    body = mailgun.webhook("complained", "a@example.com")
    assert _post(client, body) == 200
    assert _post(client, body.replace(b"a@example.com", b"b@example.com")) == 200
    assert Suppression.objects.get().address == "a@example.com"
    with time_machine.travel(time.time() + 3600):
        assert _post(client, mailgun.webhook("complained", "c@example.com")) == 200
    assert MailgunToken.objects.count() == 1  # what is too old to be believed is forgotten


def test_what_is_not_signed_changes_nothing(client: Client, mailgun: MailgunDouble) -> None:
    good = mailgun.webhook("complained", "a@example.com")
    old = mailgun.webhook("complained", "a@example.com", moment=time.time() - 3600)
    mailgun.signing_key = "another"
    forged = mailgun.webhook("complained", "a@example.com")
    broken = (b"", b"[]", b"{}", b'{"signature": {}, "event-data": {}}', good[:-5])
    for body in (old, forged, *broken):
        assert _post(client, body) == 406
    assert not Suppression.objects.exists()


def test_without_a_signing_key_nothing_is_believed(
    client: Client, mailgun: MailgunDouble, settings: object
) -> None:
    settings.MAILGUN_WEBHOOK_SIGNING_KEY = ""  # type: ignore[attr-defined]
    mailgun.signing_key = ""
    assert _post(client, mailgun.webhook("complained", "a@example.com")) == 406
