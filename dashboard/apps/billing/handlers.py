"""One function per Stripe event: whom it concerns, and what must be read for it.

An event only says that something happened to somebody. ``customer_sync`` reads what is true now, so
every function here may run twice, late, or before one that happened earlier.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import stripe

from apps.billing.services.customers import customer_find
from apps.billing.services.sync import ChargeFacts, customer_sync, undelivered_void

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


def invoice_voided(batch: Batch, invoice: Object) -> None:
    """Nobody owes it any more."""
    _sync(batch, invoice["customer"])


def invoice_marked_uncollectible(batch: Batch, invoice: Object) -> None:
    """Stripe or its staff page has given up on it; it can still be paid."""
    _sync(batch, invoice["customer"])


def customer_deleted(batch: Batch, customer: Object) -> None:
    """On Stripe's staff page, which ends what it had bought."""
    _sync(batch, customer["id"])


def charge_refunded(batch: Batch, charge: Object) -> None:
    """In part or in full; the amount is the sum of all refunds."""
    fresh = _charge(batch, charge["id"])
    facts = dict.fromkeys(_invoices_of(batch, fresh), fresh.amount_refunded)
    _sync(batch, fresh.customer, ChargeFacts(refunded=facts))


def charge_dispute_changed(batch: Batch, dispute: Object) -> None:
    """Opened or closed: staff see it on the invoice, service goes on until Stripe ends it."""
    with _theirs_if_missing(dispute["id"]):
        fresh = batch.client.v1.disputes.retrieve(dispute["id"])
    charge = _charge(batch, str(fresh.charge))
    facts = dict.fromkeys(_invoices_of(batch, charge), fresh.status)
    _sync(batch, charge.customer, ChargeFacts(disputes=facts))


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
    "invoice.voided": invoice_voided,
    "invoice.marked_uncollectible": invoice_marked_uncollectible,
    "customer.deleted": customer_deleted,
    "charge.refunded": charge_refunded,
    "charge.dispute.created": charge_dispute_changed,
    "charge.dispute.closed": charge_dispute_changed,
}


def _sync(batch: Batch, whom: object, facts: ChargeFacts | None = None) -> None:
    """``whom`` is None for a payment of nobody, as through a payment link."""
    if whom is None:
        raise NotOursError("it has no customer")
    stripe_customer_id = str(whom)
    if facts is None and stripe_customer_id in batch.synced:
        return
    customer = customer_find(client=batch.client, stripe_customer_id=stripe_customer_id)
    if customer is None:
        raise NotOursError(f"{stripe_customer_id} belongs to no organization")
    customer_sync(client=batch.client, customer=customer, facts=facts or ChargeFacts())
    undelivered_void(client=batch.client, customer=customer)
    batch.synced.add(stripe_customer_id)


def _charge(batch: Batch, identifier: str) -> stripe.Charge:
    with _theirs_if_missing(identifier):
        return batch.client.v1.charges.retrieve(identifier)


def _invoices_of(batch: Batch, charge: stripe.Charge) -> list[str]:
    """Since Basil a charge does not name its invoice; invoice payments link the two."""
    if charge.payment_intent is None or charge.customer is None:
        return []
    listed = batch.client.v1.invoice_payments.list(
        params={"payment": {"type": "payment_intent", "payment_intent": str(charge.payment_intent)}}
    )
    return [str(payment.invoice) for payment in listed.data]


@contextmanager
def _theirs_if_missing(identifier: str) -> Iterator[None]:
    """What our key does not find belongs to another account, or to the other one of the modes."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        raise NotOursError(f"{identifier} is not of this account") from error
