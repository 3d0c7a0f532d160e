"""The one place that makes a Stripe client."""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import stripe
from django.conf import settings

_TIMEOUT_SECONDS = (5.0, 20.0)  # to connect, and to answer
_RETRIES = 2


class BillingDisabledError(Exception):
    """``STRIPE_SECRET_KEY`` is not set."""


def billing_enabled() -> bool:
    """Whether anything can be bought."""
    return bool(settings.STRIPE_SECRET_KEY)


@contextmanager
def stripe_client() -> Iterator[stripe.StripeClient]:
    """Pinned to the API version of the SDK; the SDK repeats failed requests with the same
    idempotency key.

    Raises ``BillingDisabledError``.
    """
    if not billing_enabled():
        raise BillingDisabledError("STRIPE_SECRET_KEY is not set")
    with requests.Session() as session:
        yield stripe.StripeClient(
            settings.STRIPE_SECRET_KEY,
            base_addresses={"api": settings.STRIPE_API_BASE} if settings.STRIPE_API_BASE else None,
            http_client=stripe.RequestsClient(timeout=_TIMEOUT_SECONDS, session=session),
            max_network_retries=_RETRIES,
        )
