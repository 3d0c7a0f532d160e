"""One function per Stripe event: whom it concerns, and what must be read for it.

An event only says that something happened to somebody. ``customer_sync`` reads what is true now, so
every function here may run twice, late, or before one that happened earlier.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import stripe

from apps.billing.services.customers import customer_find
from apps.billing.services.sync import ChargeFacts, customer_sync

Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Batch:
    """Events that were all stored before the first of them is handled: what is read of a customer
    for one of them is news enough for the others. ``synced`` are those customers' ids.
    """

    client: stripe.StripeClient
    synced: set[str] = field(default_factory=set)


Handler = Callable[[Batch, Object], None]


class NotOursError(Exception):
    """The event concerns a customer that belongs to no organization here."""


def checkout_session_completed(batch: Batch, session: Object) -> None:
    """Somebody subscribed."""
    _sync(batch, session["customer"])


def subscription_created(batch: Batch, subscription: Object) -> None:
    """Also sent for subscriptions made in Stripe's dashboard."""
    _sync(batch, subscription["customer"])


def subscription_updated(batch: Batch, subscription: Object) -> None:
    """Another price, another status, cancelled or resumed in the portal, renewed."""
    _sync(batch, subscription["customer"])


def subscription_deleted(batch: Batch, subscription: Object) -> None:
    """It has ended."""
    _sync(batch, subscription["customer"])


def subscription_paused(batch: Batch, subscription: Object) -> None:
    """A trial ended without a card."""
    _sync(batch, subscription["customer"])


def subscription_resumed(batch: Batch, subscription: Object) -> None:
    """Somebody gave a card after all."""
    _sync(batch, subscription["customer"])


def subscription_trial_will_end(batch: Batch, subscription: Object) -> None:
    """Three days before."""
    _sync(batch, subscription["customer"])


def invoice_finalized(batch: Batch, invoice: Object) -> None:
    """There is an invoice to show."""
    _sync(batch, invoice["customer"])


def invoice_paid(batch: Batch, invoice: Object) -> None:
    """Paid, by whatever way."""
    _sync(batch, invoice["customer"])


def invoice_payment_failed(batch: Batch, invoice: Object) -> None:
    """Once for every attempt."""
    _sync(batch, invoice["customer"])


def charge_refunded(batch: Batch, charge: Object) -> None:
    """In part or in full; the amount is the sum of all refunds."""
    fresh = batch.client.v1.charges.retrieve(charge["id"])
    invoices = _invoices_of(batch, str(fresh.payment_intent))
    facts = ChargeFacts(refunded=dict.fromkeys(invoices, fresh.amount_refunded))
    _sync(batch, str(fresh.customer), facts)


def charge_dispute_changed(batch: Batch, dispute: Object) -> None:
    """Opened or closed: staff see it on the invoice, service goes on until Stripe ends it."""
    fresh = batch.client.v1.disputes.retrieve(dispute["id"])
    charge = batch.client.v1.charges.retrieve(str(fresh.charge))
    invoices = _invoices_of(batch, str(charge.payment_intent))
    _sync(batch, str(charge.customer), ChargeFacts(disputes=dict.fromkeys(invoices, fresh.status)))


HANDLERS: dict[str, Handler] = {
    "checkout.session.completed": checkout_session_completed,
    "customer.subscription.created": subscription_created,
    "customer.subscription.updated": subscription_updated,
    "customer.subscription.deleted": subscription_deleted,
    "customer.subscription.paused": subscription_paused,
    "customer.subscription.resumed": subscription_resumed,
    "customer.subscription.trial_will_end": subscription_trial_will_end,
    "invoice.finalized": invoice_finalized,
    "invoice.paid": invoice_paid,
    "invoice.payment_failed": invoice_payment_failed,
    "charge.refunded": charge_refunded,
    "charge.dispute.created": charge_dispute_changed,
    "charge.dispute.closed": charge_dispute_changed,
}


def _sync(batch: Batch, stripe_customer_id: str, facts: ChargeFacts | None = None) -> None:
    if facts is None and stripe_customer_id in batch.synced:
        return
    customer = customer_find(client=batch.client, stripe_customer_id=stripe_customer_id)
    if customer is None:
        raise NotOursError(f"{stripe_customer_id} belongs to no organization")
    customer_sync(client=batch.client, customer=customer, facts=facts or ChargeFacts())
    batch.synced.add(stripe_customer_id)


def _invoices_of(batch: Batch, payment_intent: str) -> list[str]:
    """Since Basil a charge does not name its invoice; invoice payments link the two."""
    listed = batch.client.v1.invoice_payments.list(
        params={"payment": {"type": "payment_intent", "payment_intent": payment_intent}}
    )
    return [str(payment.invoice) for payment in listed.data]
