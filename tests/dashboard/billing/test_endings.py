"""How subscriptions end, and what of that can be taken back."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import product
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client

from apps.accounts.models import Organization, User
from apps.billing.models import BillingCustomer, Invoice, StripeEvent, Subscription
from apps.emails.models import Email
from local_stack.stripe_double.errors import ApiError
from local_stack.stripe_double.lifecycle import FAILS_LATER_CARD, GOOD_CARD
from local_stack.stripe_double.store import Object
from tests.dashboard.billing.conftest import BACKEND
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Buy = Callable[[str], None]
Deliver = Callable[[Iterable[Object]], None]
PAGE = "/app/acme/-/billing/"


@pytest.fixture
def clock() -> Iterator[Any]:
    with time_machine.travel("2026-01-10T12:00:00Z", tick=False) as travel:
        yield travel


@pytest.fixture
def browse(owner: User) -> Callable[..., str]:
    """Opens a page or presses its button as the owner, however long after the last time."""

    def go(path: str, *, press: bool = False) -> str:
        client = Client()
        client.force_login(owner, backend=BACKEND)
        send = client.post if press else client.get
        return send(path, follow=True).content.decode()

    return go


def _plan(organization: Organization) -> str:
    organization.refresh_from_db()
    return organization.plan.slug


def _told() -> list[str]:
    return sorted(Email.objects.values_list("message", flat=True))


def _subscription(stripe: StripeDouble) -> Object:
    (subscription,) = stripe.store.all("subscription")
    return subscription


@pytest.mark.parametrize("ways", [*product(("portal", "page"), ("resume/", "plan/pro/"))], ids=str)
def test_a_cancellation_is_taken_back_however_it_was_made(
    stripe: StripeDouble,
    buy: Buy,
    deliver: Deliver,
    browse: Callable[..., str],
    ways: tuple[str, str],
) -> None:
    """Stripe's portal sets a moment and no flag: subscriptions are in flexible billing mode."""
    where, button = ways
    buy("starter")
    deliver(stripe.take_events())
    if where == "portal":
        stripe.lifecycle.cancel_in_portal(_subscription(stripe))
        assert _subscription(stripe)["cancel_at_period_end"] is False
        deliver(stripe.take_events())
    else:
        browse(f"{PAGE}plan/free/", press=True)
    assert "The subscription ends on" in browse(PAGE)
    assert "cancellation_scheduled" in _told()
    if button != "resume/":
        assert "It takes your cancellation back" in browse(PAGE + button)
    assert "The subscription ends on" not in browse(PAGE + button, press=True)
    assert _subscription(stripe)["cancel_at"] is None
    assert _subscription(stripe)["cancel_at_period_end"] is False
    assert Subscription.objects.get().cancel_at is None


def test_a_cancellation_in_the_portal_ends_it_with_the_period(
    stripe: StripeDouble, buy: Buy, deliver: Deliver, organization: Organization, clock: Any
) -> None:
    buy("starter")
    stripe.lifecycle.cancel_in_portal(_subscription(stripe))
    deliver(stripe.take_events())
    assert _plan(organization) == "starter"
    clock.move_to(datetime.fromisoformat("2026-02-10T13:00:00+00:00"))
    deliver(stripe.take_events())
    assert _plan(organization) == "free"
    assert len(stripe.store.all("invoice")) == 1


def test_the_double_refuses_both_ways_of_cancelling_at_once(stripe: StripeDouble, buy: Buy) -> None:
    buy("starter")
    with pytest.raises(ApiError, match="pass in only one"):
        stripe.lifecycle.update(
            _subscription(stripe), {"cancel_at": None, "cancel_at_period_end": False}
        )


def test_what_was_never_paid_ends_and_is_not_owed_any_more(
    stripe: StripeDouble,
    buy: Buy,
    deliver: Deliver,
    clock: Any,
    browse: Callable[..., str],
) -> None:
    """A hosted invoice stays payable after its subscription has ended, and would bring nothing."""
    buy("starter")
    stripe.lifecycle.set_card(stripe.store.all("customer")[0]["id"], FAILS_LATER_CARD)
    for moment in ("2026-02-10T13:00:00+00:00", "2026-02-18T13:00:00+00:00"):
        clock.move_to(datetime.fromisoformat(moment))
        deliver(stripe.take_events())
    assert "Free plan, payment overdue" in browse(PAGE)
    assert Invoice.objects.filter(status="open").count() == 1
    clock.move_to(datetime.fromisoformat("2026-02-26T13:00:00+00:00"))
    news = stripe.take_events()
    deliver(news)
    deliver(stripe.take_events())
    deliver(news)
    assert [row["status"] for row in stripe.store.all("invoice")] == ["void", "paid"]
    assert sorted(Invoice.objects.values_list("status", flat=True)) == ["paid", "void"]
    assert _told() == ["payment_failed", "plan_changed", "plan_changed", "subscription_ended"]
    assert "You owe nothing" in Email.objects.get(message="subscription_ended").text
    assert "payment failed" not in browse(PAGE)
    states = StripeEvent.objects.values_list("state", flat=True)
    assert set(states) == {"succeeded"}


def test_a_dry_run_voids_nothing_and_the_real_one_does(
    stripe: StripeDouble, buy: Buy, clock: Any
) -> None:
    buy("starter")
    stripe.lifecycle.set_card(stripe.store.all("customer")[0]["id"], FAILS_LATER_CARD)
    clock.move_to(datetime.fromisoformat("2026-02-26T13:00:00+00:00"))
    stripe.lifecycle.catch_up()
    call_command("stripe_reconcile", "--dry-run")
    assert [row["status"] for row in stripe.store.all("invoice")] == ["open", "paid"]
    call_command("stripe_reconcile")
    assert [row["status"] for row in stripe.store.all("invoice")] == ["void", "paid"]


def test_a_larger_plan_that_cannot_be_charged_is_not_begun(
    stripe: StripeDouble,
    buy: Buy,
    deliver: Deliver,
    organization: Organization,
    browse: Callable[..., str],
) -> None:
    buy("starter")
    deliver(stripe.take_events())
    customer = stripe.store.all("customer")[0]["id"]
    stripe.lifecycle.set_card(customer, FAILS_LATER_CARD)
    page = browse(f"{PAGE}plan/pro/", press=True)
    assert "so the plan stays as it is: Your card was declined." in page
    deliver(stripe.take_events())
    assert _plan(organization) == "starter"
    assert Subscription.objects.get().status == "active"
    assert len(stripe.store.all("invoice")) == 1
    stripe.lifecycle.set_card(customer, GOOD_CARD)
    assert "Pro is in force within a minute" in browse(f"{PAGE}plan/pro/", press=True)
    assert _plan(organization) == "pro"


def test_who_owes_an_invoice_pays_it_before_a_larger_plan(
    stripe: StripeDouble, buy: Buy, deliver: Deliver, clock: Any, browse: Callable[..., str]
) -> None:
    buy("starter")
    customer = stripe.store.all("customer")[0]["id"]
    stripe.lifecycle.set_card(customer, FAILS_LATER_CARD)
    clock.move_to(datetime.fromisoformat("2026-02-10T13:00:00+00:00"))
    deliver(stripe.take_events())
    stripe.lifecycle.set_card(customer, GOOD_CARD)
    assert "Please pay the open invoice first" in browse(f"{PAGE}plan/pro/", press=True)
    assert len(stripe.store.all("invoice")) == 2
    stripe.lifecycle.pay_invoice(stripe.store.all("invoice", status="open")[0])
    assert "Pro is in force" in browse(f"{PAGE}plan/pro/", press=True)


def test_a_customer_deleted_at_stripe_ends_and_can_come_back(
    stripe: StripeDouble,
    buy: Buy,
    deliver: Deliver,
    organization: Organization,
    browse: Callable[..., str],
) -> None:
    buy("starter")
    deliver(stripe.take_events())
    gone = BillingCustomer.objects.get().stripe_customer_id
    stripe.lifecycle.delete_customer(stripe.store.get(gone, "customer"))
    deliver(stripe.take_events())
    assert _plan(organization) == "free"
    assert "could not do that just now" in browse(f"{PAGE}portal/", press=True)
    buy("pro")
    deliver(stripe.take_events())
    assert _plan(organization) == "pro"
    assert BillingCustomer.objects.get().stripe_customer_id != gone
    assert sorted(Subscription.objects.values_list("status", flat=True)) == ["active", "canceled"]


def test_of_two_open_checkout_pages_one_can_be_paid(
    stripe: StripeDouble, owner_client: Client, organization: Organization
) -> None:
    addresses = [
        owner_client.post(f"{PAGE}plan/{slug}/")["Location"] for slug in ("starter", "pro")
    ]
    first, second = (
        stripe.store.get(address.rpartition("/")[2], "checkout.session") for address in addresses
    )
    with pytest.raises(ApiError, match="no longer open"):
        stripe.lifecycle.complete_checkout(first, GOOD_CARD)
    stripe.lifecycle.complete_checkout(second, GOOD_CARD)
    assert len(stripe.store.all("subscription")) == 1
