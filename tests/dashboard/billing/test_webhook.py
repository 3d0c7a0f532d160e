"""The webhook: what is believed, stored and answered, and when it is acted on."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from apps.accounts.models import Organization
from apps.billing.models import StripeEvent, StripeEventState
from apps.billing.services.events import event_handle, event_replay, events_handle_due
from tests.doubles.stripe_api import StripeDouble

pytestmark = pytest.mark.django_db
Buy = Callable[[str], None]


def _post(client: Client, body: bytes, signature: str) -> int:
    answer = client.post(
        "/webhooks/stripe",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": signature},
    )
    return answer.status_code


def _event(stripe: StripeDouble, buy: Buy) -> Any:
    buy("starter")
    return stripe.take_events()[0]


def test_only_a_fresh_signature_over_the_raw_body_is_believed(
    client: Client, stripe: StripeDouble, buy: Buy
) -> None:
    event = _event(stripe, buy)
    body, headers = stripe.signed(event)
    signature = headers["Stripe-Signature"]
    _, old = stripe.signed(event, moment=time.time() - 301)
    _, other = stripe.signed(event, secret="whsec_other")
    assert _post(client, body, "") == 400
    assert _post(client, body, "t=x,v1=y") == 400
    assert _post(client, body, old["Stripe-Signature"]) == 400
    assert _post(client, body, other["Stripe-Signature"]) == 400
    assert _post(client, json.dumps(json.loads(body)).encode(), signature) == 400
    assert not StripeEvent.objects.exists()
    assert client.get("/webhooks/stripe").status_code == 405
    assert _post(client, body, signature) == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"id": None},
        {"id": "e" * 300},
        {"type": ["invoice.paid"]},
        {"created": "yesterday"},
        {"created": 10**20},
        {"data": None},
        {"data": {"object": "cus_1"}},
    ],
)
def test_what_is_signed_and_no_event_is_refused(
    client: Client, stripe: StripeDouble, changed: dict[str, Any]
) -> None:
    event = stripe.store.emit("invoice.paid", {"id": "in_1", "customer": "cus_1"})
    for body, headers in (stripe.signed(event | changed), stripe.signed([event])):  # type: ignore[arg-type]
        assert _post(client, body, headers["Stripe-Signature"]) == 400
    assert not StripeEvent.objects.exists()


def test_while_a_secret_is_rolled_both_are_believed(
    client: Client, stripe: StripeDouble, buy: Buy, settings: Any
) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ("whsec_new", stripe.webhook_secret)
    event = _event(stripe, buy)
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        body, headers = stripe.signed(event, secret=secret)
        assert _post(client, body, headers["Stripe-Signature"]) == 200


def test_an_event_is_stored_before_anything_is_done_and_stripe_is_not_asked(
    client: Client,
    stripe: StripeDouble,
    buy: Buy,
    organization: Organization,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    body, headers = stripe.signed(_event(stripe, buy))
    stripe.forget()
    with django_assert_num_queries(1):
        assert _post(client, body, headers["Stripe-Signature"]) == 200
    assert stripe.requests == []
    assert StripeEvent.objects.get().state == StripeEventState.RECEIVED
    organization.refresh_from_db()
    assert organization.plan.slug == "free"
    events_handle_due()
    organization.refresh_from_db()
    assert organization.plan.slug == "starter"


def test_a_doubled_delivery_is_one_event_handled_once(
    client: Client, stripe: StripeDouble, buy: Buy
) -> None:
    body, headers = stripe.signed(_event(stripe, buy))
    for _ in range(3):
        assert _post(client, body, headers["Stripe-Signature"]) == 200
        events_handle_due()
    assert StripeEvent.objects.get().attempts == 1


def test_events_that_are_due_together_make_a_customer_read_once(
    stripe: StripeDouble, buy: Buy, deliver: Callable[[Any], None]
) -> None:
    buy("starter")
    stripe.forget()
    deliver(stripe.take_events())
    states = list(StripeEvent.objects.values_list("state", flat=True))
    assert states == [StripeEventState.SUCCEEDED] * 4
    read = ["/v1/subscriptions", "/v1/invoices"]
    assert [request.path for request in stripe.requests] == read
    # What comes afterwards may tell of something newer.
    stripe.lifecycle.update(stripe.store.all("subscription")[0], {"cancel_at_period_end": True})
    deliver(stripe.take_events())
    assert [request.path for request in stripe.requests] == read * 2


def test_of_two_workers_one_handles_it(client: Client, stripe: StripeDouble, buy: Buy) -> None:
    body, headers = stripe.signed(_event(stripe, buy))
    _post(client, body, headers["Stripe-Signature"])
    mine, theirs = StripeEvent.objects.get(), StripeEvent.objects.get()
    assert event_handle(event=mine)
    assert not event_handle(event=theirs)


def test_a_failure_is_kept_tried_again_and_can_be_replayed(
    client: Client, stripe: StripeDouble, buy: Buy, organization: Organization, settings: Any
) -> None:
    event = _event(stripe, buy)
    body, headers = stripe.signed(event)
    _post(client, body, headers["Stripe-Signature"])
    good_key, settings.STRIPE_SECRET_KEY = settings.STRIPE_SECRET_KEY, "sk_test_wrong"
    events_handle_due()
    stored = StripeEvent.objects.get()
    assert stored.state == StripeEventState.FAILED
    assert stored.error.startswith("AuthenticationError")
    assert events_handle_due() == 0  # not due yet
    settings.STRIPE_SECRET_KEY = good_key
    assert event_replay(event=stored)
    stored.refresh_from_db()
    assert stored.state == StripeEventState.SUCCEEDED
    organization.refresh_from_db()
    assert organization.plan.slug == "starter"


def test_a_type_we_do_nothing_about_and_a_stranger_are_ignored(
    client: Client, stripe: StripeDouble, buy: Buy
) -> None:
    event = _event(stripe, buy)
    stranger = stripe.store.add(
        {"id": "cus_stranger", "object": "customer", "metadata": {}, "name": "", "email": ""}
    )
    event["data"]["object"]["customer"] = stranger["id"]
    other = {**event, "id": "evt_other", "type": "payout.paid"}
    for each in (event, other):
        body, headers = stripe.signed(each)
        _post(client, body, headers["Stripe-Signature"])
    events_handle_due()
    states = StripeEvent.objects.values_list("type", "state")
    assert dict(states) == {
        "customer.subscription.created": StripeEventState.IGNORED,
        "payout.paid": StripeEventState.IGNORED,
    }


@pytest.mark.parametrize(
    ("kind", "subject"),
    [
        ("checkout.session.completed", {"id": "cs_1", "customer": None}),
        ("invoice.paid", {"id": "in_1", "customer": "cus_of_another_account"}),
        ("invoice.paid", {"id": "in_1", "customer": "cus_of_another_shop"}),
        ("customer.subscription.updated", {"id": "sub_1", "customer": "cus_of_no_organization"}),
        ("charge.refunded", {"id": "ch_of_live_mode", "customer": None}),
        ("charge.refunded", {"id": "ch_without_customer", "customer": None}),
        ("charge.dispute.created", {"id": "du_of_another_account"}),
    ],
)
def test_what_is_about_nobody_here_is_ignored_at_once(
    stripe: StripeDouble, deliver: Callable[[Any], None], kind: str, subject: dict[str, Any]
) -> None:
    """Webhooks of an account that sells other things too, or that test and live mode share."""
    for name, marks in (
        ("cus_of_another_shop", {"shop": "shoes"}),
        ("cus_of_no_organization", {"organization_id": "17"}),
    ):
        stripe.store.add({"id": name, "object": "customer", "metadata": marks})
    charge = {"customer": None, "payment_intent": None, "amount_refunded": 100}
    stripe.store.add({"id": "ch_without_customer", "object": "charge", **charge})
    deliver([stripe.store.emit(kind, subject)])
    stored = StripeEvent.objects.get()
    assert (stored.state, stored.attempts) == (StripeEventState.IGNORED, 1), stored.error


def test_staff_replay_from_the_admin(
    staff_client: Client, client: Client, stripe: StripeDouble, buy: Buy
) -> None:
    body, headers = stripe.signed(_event(stripe, buy))
    _post(client, body, headers["Stripe-Signature"])
    pk = StripeEvent.objects.get().pk
    staff_client.post("/admin/billing/stripeevent/", {"action": "replay", "_selected_action": [pk]})
    assert StripeEvent.objects.get().state == StripeEventState.SUCCEEDED
    for page in ("billingcustomer", "subscription", "invoice", "stripeevent"):
        assert staff_client.get(f"/admin/billing/{page}/").status_code == 200
