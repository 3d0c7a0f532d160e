"""Stripe's double behind the billing pages, and ways to let its events arrive."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from apps.accounts.models import Organization, User
from apps.billing.services.catalog import catalog_sync
from apps.billing.services.events import events_handle_due
from local_stack.stripe_double.lifecycle import GOOD_CARD
from local_stack.stripe_double.store import Object
from tests.doubles.stripe_api import StripeDouble

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@pytest.fixture
def stripe_double(settings: Any) -> Iterator[StripeDouble]:
    """A running double and settings that point at it; nothing is in its catalogue."""
    with StripeDouble() as double:
        settings.STRIPE_SECRET_KEY = double.key
        settings.STRIPE_API_BASE = double.url
        settings.STRIPE_WEBHOOK_SECRETS = (double.webhook_secret,)
        yield double


@pytest.fixture
def stripe(db: None, stripe_double: StripeDouble) -> StripeDouble:
    """The double with our plans for sale."""
    catalog_sync(dry_run=False)
    return stripe_double


@pytest.fixture
def owner_client(owner: User) -> Client:
    """The owner's browser."""
    client = Client()
    client.force_login(owner, backend=BACKEND)
    return client


@pytest.fixture
def deliver(stripe: StripeDouble) -> Callable[[Iterable[Object]], None]:
    """Hands events to the webhook in the given order, and handles what was stored."""

    def send(events: Iterable[Object]) -> None:
        for event in events:
            body, headers = stripe.signed(event)
            answer = Client().post(
                "/webhooks/stripe",
                body,
                content_type="application/json",
                headers={"Stripe-Signature": headers["Stripe-Signature"]},
            )
            assert answer.status_code == 200, answer.content
        events_handle_due()

    return send


@pytest.fixture
def buy(
    stripe: StripeDouble, owner_client: Client, organization: Organization
) -> Callable[[str], None]:
    """Goes through Checkout for a plan, without any event arriving yet."""

    def purchase(slug: str) -> None:
        answer = owner_client.post(f"/app/{organization.slug}/-/billing/plan/{slug}/")
        assert answer.status_code == 302
        assert answer["Location"].startswith(stripe.url), [
            str(message) for message in get_messages(answer.wsgi_request)
        ]
        identifier = answer["Location"].rpartition("/")[2]
        session = stripe.store.get(identifier, "checkout.session")
        stripe.lifecycle.complete_checkout(session, GOOD_CARD)

    return purchase
