"""One function per Stripe event: whom it concerns, and what must be read for it.

An event only says that something happened to somebody. ``customer_sync`` reads what is true now, so
every function here may run twice, late, or before one that happened earlier.
"""

from collections.abc import Callable
from typing import Any

import stripe

from apps.billing.services.customers import customer_find
from apps.billing.services.sync import ChargeFacts, customer_sync

Object = dict[str, Any]
Handler = Callable[[stripe.StripeClient, Object], None]


class NotOursError(Exception):
    """The event concerns a customer that belongs to no organization here."""


def checkout_session_completed(client: stripe.StripeClient, session: Object) -> None:
    """Somebody subscribed."""
    _sync(client, session["customer"])


def subscription_created(client: stripe.StripeClient, subscription: Object) -> None:
    """Also sent for subscriptions made in Stripe's dashboard."""
    _sync(client, subscription["customer"])


def subscription_updated(client: stripe.StripeClient, subscription: Object) -> None:
    """Another price, another status, cancelled or resumed in the portal, renewed."""
    _sync(client, subscription["customer"])


def subscription_deleted(client: stripe.StripeClient, subscription: Object) -> None:
    """It has ended."""
    _sync(client, subscription["customer"])


def subscription_paused(client: stripe.StripeClient, subscription: Object) -> None:
    """A trial ended without a card."""
    _sync(client, subscription["customer"])


def subscription_trial_will_end(client: stripe.StripeClient, subscription: Object) -> None:
    """Three days before."""
    _sync(client, subscription["customer"])


def invoice_finalized(client: stripe.StripeClient, invoice: Object) -> None:
    """There is an invoice to show."""
    _sync(client, invoice["customer"])


def invoice_paid(client: stripe.StripeClient, invoice: Object) -> None:
    """Paid, by whatever way."""
    _sync(client, invoice["customer"])


def invoice_payment_failed(client: stripe.StripeClient, invoice: Object) -> None:
    """Once for every attempt."""
    _sync(client, invoice["customer"])


def charge_refunded(client: stripe.StripeClient, charge: Object) -> None:
    """In part or in full; the amount is the sum of all refunds."""
    fresh = client.v1.charges.retrieve(charge["id"])
    invoices = _invoices_of(client, str(fresh.payment_intent))
    facts = ChargeFacts(refunded=dict.fromkeys(invoices, fresh.amount_refunded))
    _sync(client, str(fresh.customer), facts)


def charge_dispute_changed(client: stripe.StripeClient, dispute: Object) -> None:
    """Opened or closed: staff see it on the invoice, service goes on until Stripe ends it."""
    fresh = client.v1.disputes.retrieve(dispute["id"])
    charge = client.v1.charges.retrieve(str(fresh.charge))
    invoices = _invoices_of(client, str(charge.payment_intent))
    _sync(client, str(charge.customer), ChargeFacts(disputes=dict.fromkeys(invoices, fresh.status)))


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": checkout_session_completed,
    "customer.subscription.created": subscription_created,
    "customer.subscription.updated": subscription_updated,
    "customer.subscription.deleted": subscription_deleted,
    "customer.subscription.paused": subscription_paused,
    "customer.subscription.trial_will_end": subscription_trial_will_end,
    "invoice.finalized": invoice_finalized,
    "invoice.paid": invoice_paid,
    "invoice.payment_failed": invoice_payment_failed,
    "charge.refunded": charge_refunded,
    "charge.dispute.created": charge_dispute_changed,
    "charge.dispute.closed": charge_dispute_changed,
}


def _sync(
    client: stripe.StripeClient, stripe_customer_id: str, facts: ChargeFacts | None = None
) -> None:
    customer = customer_find(client=client, stripe_customer_id=stripe_customer_id)
    if customer is None:
        raise NotOursError(f"{stripe_customer_id} belongs to no organization")
    customer_sync(client=client, customer=customer, facts=facts or ChargeFacts())


def _invoices_of(client: stripe.StripeClient, payment_intent: str) -> list[str]:
    """Since Basil a charge does not name its invoice; invoice payments link the two."""
    listed = client.v1.invoice_payments.list(
        params={"payment": {"type": "payment_intent", "payment_intent": payment_intent}}
    )
    return [str(payment.invoice) for payment in listed.data]
