"""Trials: a message before the end, then a payment, or a pause where there is no card."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import pytest
import time_machine

from apps.accounts.models import Organization
from apps.billing.models import Invoice, Subscription
from apps.billing.services.sync import trial_notices_due
from apps.emails.models import Email
from local_stack.stripe_double.lifecycle import FAILS_LATER_CARD
from local_stack.stripe_double.store import Object
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Deliver = Callable[[Iterable[Object]], None]


@pytest.fixture
def clock(settings: Any) -> Iterator[Any]:
    """Two weeks of trial from 10 January on."""
    settings.STRIPE_TRIAL_DAYS = 14
    with time_machine.travel("2026-01-10T12:00:00Z", tick=False) as travel:
        yield travel


@pytest.fixture
def trial(
    clock: Any, stripe: StripeDouble, buy: Callable[[str], None], deliver: Deliver
) -> Subscription:
    buy("starter")
    deliver(stripe.take_events())
    subscription = Subscription.objects.get()
    assert subscription.status == "trialing"
    return subscription


def _plan(organization: Organization) -> str:
    organization.refresh_from_db()
    return organization.plan.slug


def _messages(kind: str) -> list[str]:
    return list(Email.objects.filter(message=kind).values_list("subject", flat=True))


def test_its_end_is_told_three_days_before_and_then_it_is_paid_for(
    trial: Subscription,
    organization: Organization,
    clock: Any,
    stripe: StripeDouble,
    deliver: Deliver,
) -> None:
    assert _plan(organization) == "starter"
    clock.move_to(datetime.fromisoformat("2026-01-21T11:00:00+00:00"))
    deliver(stripe.take_events())
    trial_notices_due()
    assert _messages("trial_ending") == []
    clock.move_to(datetime.fromisoformat("2026-01-21T13:00:00+00:00"))
    (event,) = stripe.take_events()
    assert event["type"] == "customer.subscription.trial_will_end"
    for _ in range(2):
        deliver([event])
        trial_notices_due()
    assert _messages("trial_ending") == ["Your Starter trial ends on 24 January 2026"]
    assert "pays $29.00 a month" in Email.objects.get(message="trial_ending").text

    clock.move_to(datetime.fromisoformat("2026-01-24T13:00:00+00:00"))
    deliver(stripe.take_events())
    assert _plan(organization) == "starter"
    amounts = Invoice.objects.order_by("amount_due").values_list("amount_due", "status")
    assert list(amounts) == [(0, "paid"), (2900, "paid")]


def test_its_end_is_told_though_the_event_never_came(trial: Subscription, clock: Any) -> None:
    clock.move_to(datetime.fromisoformat("2026-01-21T13:00:00+00:00"))
    trial_notices_due()
    trial_notices_due()
    assert len(_messages("trial_ending")) == 1


def test_who_has_cancelled_is_not_told_to_pay(
    trial: Subscription, clock: Any, stripe: StripeDouble, deliver: Deliver
) -> None:
    (subscription,) = stripe.store.all("subscription")
    stripe.lifecycle.update(subscription, {"cancel_at_period_end": True})
    clock.move_to(datetime.fromisoformat("2026-01-21T13:00:00+00:00"))
    deliver(stripe.take_events())
    trial_notices_due()
    assert _messages("trial_ending") == []
    assert _messages("cancellation_scheduled") == ["Acme: Starter ends on 24 January 2026"]


def test_a_card_that_fails_at_its_end_gets_the_grace(
    trial: Subscription,
    organization: Organization,
    clock: Any,
    stripe: StripeDouble,
    deliver: Deliver,
) -> None:
    stripe.lifecycle.set_card(stripe.store.all("customer")[0]["id"], FAILS_LATER_CARD)
    clock.move_to(datetime.fromisoformat("2026-01-24T13:00:00+00:00"))
    deliver(stripe.take_events())
    assert _plan(organization) == "starter"
    assert _messages("payment_failed") == ["Payment failed for Acme"]


def test_paused_is_free_and_resumed_is_as_before(
    trial: Subscription,
    organization: Organization,
    stripe: StripeDouble,
    deliver: Deliver,
) -> None:
    """As Stripe does with a trial that ends without a card."""
    (subscription,) = stripe.store.all("subscription")
    stripe.lifecycle.pause(subscription)
    deliver(stripe.take_events())
    assert _plan(organization) == "free"
    stripe.lifecycle.resume(subscription)
    resumed = [e for e in stripe.take_events() if e["type"] == "customer.subscription.resumed"]
    deliver(resumed)
    assert _plan(organization) == "starter"
