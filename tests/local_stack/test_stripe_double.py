"""The Stripe double, asked by Stripe's own SDK over HTTP."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import stripe
import time_machine

from local_stack.stripe_double import lifecycle
from tests.doubles.stripe_api import StripeDouble


@pytest.fixture
def double() -> Iterator[StripeDouble]:
    with StripeDouble() as running:
        yield running


@pytest.fixture
def client(double: StripeDouble) -> Iterator[stripe.StripeClient]:
    with requests.Session() as session:
        yield _client(double, session)


def _client(double: StripeDouble, session: Any, key: str | None = None) -> stripe.StripeClient:
    return stripe.StripeClient(
        key or double.key,
        base_addresses={"api": double.url},
        http_client=stripe.RequestsClient(session=session, timeout=5),
    )


def _price(client: stripe.StripeClient, amount: int = 2900) -> str:
    product = client.v1.products.create(params={"name": "Starter"})
    price = client.v1.prices.create(
        params={
            "product": product.id,
            "currency": "usd",
            "unit_amount": amount,
            "recurring": {"interval": "month"},
        }
    )
    return price.id


def _subscribed(client: stripe.StripeClient, double: StripeDouble) -> stripe.Subscription:
    customer = client.v1.customers.create(params={"email": "a@example.com"})
    session = client.v1.checkout.sessions.create(
        params={
            "mode": "subscription",
            "customer": customer.id,
            "line_items": [{"price": _price(client), "quantity": 1}],
            "success_url": "http://localhost/done?session={CHECKOUT_SESSION_ID}",
        }
    )
    assert session.url is not None
    answer = requests.post(
        session.url, data={"card": lifecycle.GOOD_CARD}, allow_redirects=False, timeout=5
    )
    assert answer.headers["Location"] == f"http://localhost/done?session={session.id}"
    return client.v1.subscriptions.list(params={"customer": customer.id}).data[0]


def test_unknown_parameters_are_refused(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="unknown parameter: nmae") as caught:
        client.v1.products.create(params={"name": "x", "nmae": "y"})  # type: ignore[typeddict-unknown-key]
    assert caught.value.http_status == 400
    with pytest.raises(stripe.InvalidRequestError, match=r"recurring\[every\]"):
        client.v1.prices.create(
            params={  # type: ignore[typeddict-item]
                "product": "p",
                "currency": "usd",
                "unit_amount": 1,
                "recurring": {"interval": "month", "every": 1},
            }
        )


def test_missing_parameters_wrong_types_and_unknown_objects_are_refused(
    client: stripe.StripeClient,
) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Missing required param: name"):
        client.v1.products.create(params={})  # type: ignore[typeddict-item]
    with pytest.raises(stripe.InvalidRequestError, match="Invalid boolean"):
        client.v1.products.create(params={"name": "x", "active": "yes"})  # type: ignore[typeddict-item]
    with pytest.raises(stripe.InvalidRequestError, match="No such subscription") as caught:
        client.v1.subscriptions.retrieve("sub_none")
    assert caught.value.code == "resource_missing"


def test_a_wrong_key_and_another_version_are_refused(double: StripeDouble) -> None:
    with requests.Session() as session, pytest.raises(stripe.AuthenticationError):
        _client(double, session, "sk_test_other").v1.products.list()
    answer = requests.get(
        f"{double.url}/v1/products",
        headers={"Authorization": f"Bearer {double.key}", "Stripe-Version": "2022-11-15"},
        timeout=5,
    )
    assert answer.status_code == 400


def test_an_idempotency_key_answers_once_and_refuses_other_parameters(
    client: stripe.StripeClient, double: StripeDouble
) -> None:
    once = client.v1.customers.create(
        params={"email": "a@example.com"}, options={"idempotency_key": "k"}
    )
    again = client.v1.customers.create(
        params={"email": "a@example.com"}, options={"idempotency_key": "k"}
    )
    assert once.id == again.id
    assert len(double.store.all("customer")) == 1
    with pytest.raises(stripe.IdempotencyError):
        client.v1.customers.create(
            params={"email": "b@example.com"}, options={"idempotency_key": "k"}
        )


def test_checkout_makes_a_paid_subscription_and_its_events(
    client: stripe.StripeClient, double: StripeDouble
) -> None:
    subscription = _subscribed(client, double)
    assert subscription.status == "active"
    invoice = client.v1.invoices.retrieve(str(subscription.latest_invoice))
    assert (invoice.status, invoice.amount_paid) == ("paid", 2900)
    assert [event["type"] for event in double.take_events()] == [
        "customer.subscription.created",
        "invoice.finalized",
        "invoice.paid",
        "checkout.session.completed",
    ]


def test_deliveries_carry_a_signature_the_sdk_accepts(
    client: stripe.StripeClient, double: StripeDouble
) -> None:
    _subscribed(client, double)
    body, headers = double.signed(double.take_events()[0])
    event = client.construct_event(body, headers["Stripe-Signature"], double.webhook_secret)
    assert event.type == "customer.subscription.created"
    with pytest.raises(stripe.SignatureVerificationError):
        client.construct_event(body + b" ", headers["Stripe-Signature"], double.webhook_secret)


def test_a_failing_renewal_is_retried_and_ends_the_subscription(
    client: stripe.StripeClient, double: StripeDouble
) -> None:
    with time_machine.travel("2026-01-31T12:00:00Z", tick=False) as clock:
        subscription = _subscribed(client, double)
        assert subscription["items"].data[0].current_period_end == 1772280000  # 2026-02-28
        double.lifecycle.set_card(str(subscription.customer), lifecycle.FAILS_LATER_CARD)
        double.take_events()
        clock.move_to("2026-02-28T13:00:00Z")
        assert client.v1.subscriptions.retrieve(subscription.id).status == "past_due"
        assert [event["type"] for event in double.take_events()] == [
            "customer.subscription.updated",
            "invoice.finalized",
            "invoice.payment_failed",
            "customer.subscription.updated",
        ]
        clock.move_to("2026-03-20T13:00:00Z")
        assert client.v1.subscriptions.retrieve(subscription.id).status == "canceled"
        kinds = [event["type"] for event in double.take_events()]
        assert kinds == ["invoice.payment_failed"] * 3 + ["customer.subscription.deleted"]


def test_an_upgrade_bills_the_rest_of_the_period(
    client: stripe.StripeClient, double: StripeDouble
) -> None:
    with time_machine.travel("2026-04-01T00:00:00Z", tick=False) as clock:
        subscription = _subscribed(client, double)
        clock.move_to("2026-04-16T00:00:00Z")
        client.v1.subscriptions.update(
            subscription.id,
            params={
                "items": [{"id": subscription["items"].data[0].id, "price": _price(client, 4900)}],
                "proration_behavior": "always_invoice",
            },
        )
        newest = client.v1.invoices.list(params={"subscription": subscription.id}).data[0]
        assert newest.amount_paid == 1000  # half a month of $20


def test_state_survives_a_restart(client: stripe.StripeClient, double: StripeDouble) -> None:
    subscription = _subscribed(client, double)
    kept = double.store.dump()
    with StripeDouble() as second, requests.Session() as session:
        second.store.load(kept)
        found = _client(second, session).v1.subscriptions.retrieve(subscription.id)
        assert found.to_dict() == subscription.to_dict()
