"""The outbox over HTTP: nothing lost, nothing sent twice."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import transaction

from apps.accounts.models import User
from apps.emails.content import Content, Paragraph
from apps.emails.models import Email, EmailState, OptOut, Suppression
from apps.emails.services import outbox
from apps.emails.services.outbox import email_enqueue, outbox_send_due
from tests.doubles.mailgun import MailgunDouble

pytestmark = pytest.mark.django_db
HELLO = Content(name="welcome", subject="Grüße", title="Hello", blocks=(Paragraph("Text"),))
SECRET = Content(
    name="verify", subject="Code", title="Code", blocks=(Paragraph("x"),), sensitive=True
)
TIP = Content(
    name="first_hit", subject="Tip", title="Tip", blocks=(Paragraph("x"),), optional="tips"
)


def _queue(key: str = "k", content: Content = HELLO, **more: Any) -> Email:
    email = email_enqueue(to="ada@example.com", content=content, dedupe_key=key, **more)
    assert email is not None
    return email


def _state(email: Email) -> str:
    return str(Email.objects.get(pk=email.pk).state)


def test_a_queued_message_is_sent_once_with_its_tag_and_message_id(mailgun: MailgunDouble) -> None:
    email = _queue()
    call_command("send_outbox")
    call_command("send_outbox")
    (taken,) = mailgun.messages
    assert taken.to == ("ada@example.com",)
    assert taken.sender == "WatchLLM <hello@example.com>"
    assert taken.subject == "Grüße"
    assert "Text" in taken.text
    assert "Text" in taken.html
    assert taken.tags == ("welcome",)
    assert taken.message_id == f"{email.pk}@example.com"
    assert _state(email) == EmailState.SENT


def test_the_same_cause_writes_one_message() -> None:
    _queue("same")
    assert email_enqueue(to="ada@example.com", content=HELLO, dedupe_key="same") is None
    assert Email.objects.count() == 1


def test_names_of_others_neither_break_the_subject_nor_its_line(mailgun: MailgunDouble) -> None:
    subject = f"{'Ada ' * 100}\r\nBcc: all@example.com invites you"
    _queue(content=replace(HELLO, subject=subject))
    outbox_send_due()
    sent = mailgun.messages[0].subject
    assert len(sent) == 200
    assert sent.endswith("…")
    assert "\n" not in sent


def test_a_cause_that_is_rolled_back_writes_no_message() -> None:
    with transaction.atomic():
        _queue()
        transaction.set_rollback(True)
    assert not Email.objects.exists()


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_what_was_not_taken_is_tried_again_with_growing_pauses(
    mailgun: MailgunDouble, status: int
) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        email = _queue()
        mailgun.break_with("error", status=status)
        pauses = []
        for _ in range(3):
            outbox_send_due()
            email.refresh_from_db()
            assert email.state == EmailState.QUEUED
            before = len(mailgun.requests)
            assert outbox_send_due() == 0
            assert len(mailgun.requests) == before
            pauses.append(email.next_attempt_at)
            clock.move_to(email.next_attempt_at)
        gaps = [b - a for a, b in pairwise(pauses)]
        assert gaps == sorted(gaps)
        mailgun.heal()
        outbox_send_due()
    assert _state(email) == EmailState.SENT
    assert len(mailgun.messages) == 1


def test_it_is_given_up_after_a_day_of_attempts(mailgun: MailgunDouble) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        email = _queue()
        mailgun.break_with("refused")
        for _ in range(10):
            outbox_send_due()
            clock.shift(timedelta(hours=13))
    email.refresh_from_db()
    assert email.state == EmailState.FAILED
    assert email.error.startswith("given up")
    assert email.attempts == 3


def test_a_refused_message_is_not_tried_again(mailgun: MailgunDouble) -> None:
    email = email_enqueue(to="nobody", content=HELLO, dedupe_key="k")
    assert email is not None
    outbox_send_due()
    outbox_send_due()
    assert len(mailgun.requests) == 1
    email.refresh_from_db()
    assert email.state == EmailState.FAILED
    assert "not a valid address" in email.error


def test_a_lost_answer_does_not_send_twice(mailgun: MailgunDouble) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        email = _queue()
        mailgun.lose_answers(1)
        outbox_send_due()
        assert _state(email) == EmailState.SENDING
        clock.shift(timedelta(minutes=11))
        outbox_send_due()
    assert _state(email) == EmailState.SENT
    assert len(mailgun.messages) == 1


def test_a_sender_that_died_before_the_provider_heard_of_it_loses_nothing(
    mailgun: MailgunDouble,
) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        email = _queue()
        mailgun.break_with("reset")
        outbox_send_due()
        assert _state(email) == EmailState.SENDING
        mailgun.heal()
        assert outbox_send_due() == 0  # not ripe yet
        clock.shift(timedelta(minutes=11))
        outbox_send_due()
    assert _state(email) == EmailState.SENT
    assert len(mailgun.messages) == 1


def test_a_provider_that_cannot_tell_holds_up_no_other_message(mailgun: MailgunDouble) -> None:
    """As with a key that may send and not read events."""
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False) as clock:
        email = _queue()
        mailgun.lose_answers(1)
        outbox_send_due()
        clock.shift(timedelta(minutes=11))
        other = _queue("other")
        mailgun.key_reads_events = False
        outbox_send_due()
        assert _state(other) == EmailState.SENT
        assert _state(email) == EmailState.SENDING
        assert Email.objects.get(pk=email.pk).error == "Mailgun answered 403"
        for _ in range(3):
            clock.shift(timedelta(hours=9))
            outbox_send_due()
        email.refresh_from_db()
        assert email.state == EmailState.FAILED
        assert email.error.startswith("may or may not have been sent")
    assert len(mailgun.messages) == 2


def test_of_two_senders_one_gets_the_row() -> None:
    email = _queue()
    mine, theirs = Email.objects.get(pk=email.pk), Email.objects.get(pk=email.pk)
    assert outbox._claim(mine)
    assert not outbox._claim(theirs)


def test_suppressed_addresses_get_nothing(mailgun: MailgunDouble) -> None:
    Suppression.objects.create(address="ADA@example.com", reason="bounce")
    email = _queue()
    outbox_send_due()
    assert mailgun.requests == []
    assert _state(email) == EmailState.SUPPRESSED


def test_links_that_log_in_are_forgotten_once_sent(mailgun: MailgunDouble) -> None:
    email = _queue(content=SECRET)
    outbox_send_due()
    email.refresh_from_db()
    assert (email.text, email.html) == ("", "")
    assert len(mailgun.messages) == 1


def test_optional_messages_can_be_declined(owner: User, mailgun: MailgunDouble) -> None:
    _queue("first", TIP, user=owner)
    outbox_send_due()
    headers = mailgun.messages[0].headers
    assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
    assert headers["list-unsubscribe"].startswith("<http")
    OptOut.objects.create(user=owner, kind="tips")
    assert email_enqueue(to=owner.email, content=TIP, dedupe_key="2", user=owner) is None
    _queue("3", HELLO, user=owner)
