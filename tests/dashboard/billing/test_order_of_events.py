"""Stripe's events in any order, repeated, any but the last missing: the same state in the end."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
import time_machine
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.accounts.models import Organization
from apps.billing.models import Invoice, StripeEvent, Subscription
from apps.emails.models import Email
from local_stack.stripe_double.lifecycle import FAILS_LATER_CARD, GOOD_CARD
from local_stack.stripe_double.store import Object
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Buy = Callable[[str], None]
Deliver = Callable[[Iterable[Object]], None]


@pytest.fixture
def history(stripe: StripeDouble, buy: Buy) -> Iterable[list[Object]]:
    """A subscription bought, overdue, paid, refunded and cancelled: every event about it."""
    with time_machine.travel("2026-01-10T12:00:00Z", tick=False) as clock:
        buy("starter")
        customer = stripe.store.all("customer")[0]["id"]
        stripe.lifecycle.set_card(customer, FAILS_LATER_CARD)
        clock.move_to("2026-02-10T13:00:00Z")
        stripe.lifecycle.catch_up()
        stripe.lifecycle.set_card(customer, GOOD_CARD)
        clock.move_to("2026-02-14T13:00:00Z")
        stripe.lifecycle.catch_up()
        stripe.lifecycle.refund(stripe.store.all("charge")[0])
        (subscription,) = stripe.store.all("subscription")
        stripe.lifecycle.update(subscription, {"cancel_at_period_end": True})
        clock.move_to("2026-03-10T13:00:00Z")
        yield stripe.take_events()


def _state(organization: Organization) -> dict[str, Any]:
    organization.refresh_from_db()
    return {
        "plan": organization.plan.slug,
        "subscriptions": list(Subscription.objects.order_by("pk").values_list("pk", "status")),
        "invoices": list(
            Invoice.objects.order_by("pk").values_list("pk", "status", "amount_refunded")
        ),
        "messages": sorted(Email.objects.values_list("message", "dedupe_key")),
        "events": list(StripeEvent.objects.order_by("pk").values_list("pk", "state")),
    }


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)
@given(data=st.data())
def test_every_order_ends_in_the_same_state(
    data: st.DataObject, history: list[Object], deliver: Deliver, organization: Organization
) -> None:
    with transaction.atomic():
        deliver(history)
        expected = _state(organization)
        transaction.set_rollback(True)
    assert expected["plan"] == "free"
    assert [state for _, state in expected["events"]] == ["succeeded"] * len(history)
    order = data.draw(st.permutations(history))
    doubled = data.draw(st.lists(st.sampled_from(history), max_size=5))
    pauses = data.draw(st.sets(st.integers(0, len(order) + len(doubled))))
    with transaction.atomic():
        batch: list[Object] = []
        for position, event in enumerate([*order, *doubled]):
            batch.append(event)
            if position in pauses:
                deliver(batch)
                batch = []
        deliver(batch)
        assert _state(organization) == expected
        transaction.set_rollback(True)


def test_an_older_copy_never_replaces_a_newer_one(
    stripe: StripeDouble, buy: Buy, organization: Organization
) -> None:
    """A worker reads, another reads and writes a newer state, only then the first one writes."""
    from apps.billing.models import BillingCustomer
    from apps.billing.services import sync
    from apps.billing.snapshot import read_snapshot
    from apps.billing.stripe_client import stripe_client

    buy("starter")
    customer = BillingCustomer.objects.get()
    reads = 0

    class Interrupted:
        """The real client; while the first worker reads its invoices, the other does it all."""

        def __init__(self, client: Any) -> None:
            self.v1 = self
            self.subscriptions = client.v1.subscriptions
            self.client = client

        @property
        def invoices(self) -> Any:
            nonlocal reads
            reads += 1
            if reads == 1:
                stripe.lifecycle.cancel(stripe.store.all("subscription")[0])
                sync.customer_sync(client=self.client, customer=customer)
            return self.client.v1.invoices

    with stripe_client() as client:
        assert (
            read_snapshot(client, customer.stripe_customer_id).subscriptions[0].status == "active"
        )
        sync.customer_sync(client=Interrupted(client), customer=customer)  # type: ignore[arg-type]
    assert reads == 2
    assert Subscription.objects.get().status == "canceled"
    organization.refresh_from_db()
    assert organization.plan.slug == "free"
