"""One function per Stripe event: which customer it concerns, and what must be read from Stripe.

An event is only a hint that something changed. ``customer_sync`` reads the current state, so every
function here may run twice, late, or out of order.
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
    """Events that were all stored before the first of them is processed. One sync per customer
    therefore covers all of the customer's events. ``synced``: ids of customers that were synced.
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
    """The subscription has ended."""
    _sync(batch, subscription["customer"])


def subscription_paused(batch: Batch, subscription: Object) -> None:
    """A trial ended without a card."""
    _sync(batch, subscription["customer"])


def subscription_resumed(batch: Batch, subscription: Object) -> None:
    """A card was added to a subscription that was paused for want of one."""
    _sync(batch, subscription["customer"])


def subscription_trial_will_end(batch: Batch, subscription: Object) -> None:
    """Sent three days before a trial ends."""
    _sync(batch, subscription["customer"])


def invoice_finalized(batch: Batch, invoice: Object) -> None:
    """An invoice was issued and can be shown."""
    _sync(batch, invoice["customer"])


def invoice_paid(batch: Batch, invoice: Object) -> None:
    """The invoice is paid, by card or otherwise."""
    _sync(batch, invoice["customer"])


def invoice_payment_failed(batch: Batch, invoice: Object) -> None:
    """Sent once for each failed attempt."""
    _sync(batch, invoice["customer"])


def invoice_voided(batch: Batch, invoice: Object) -> None:
    """The invoice is cancelled; nothing is due."""
    _sync(batch, invoice["customer"])


def invoice_marked_uncollectible(batch: Batch, invoice: Object) -> None:
    """Given up on, by Stripe or by hand in Stripe's dashboard; it can still be paid."""
    _sync(batch, invoice["customer"])


def customer_deleted(batch: Batch, customer: Object) -> None:
    """Deleted in Stripe's dashboard, which ends the customer's subscriptions."""
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
    """``whom`` is a customer id, or None for a payment without a customer (a payment link)."""
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
    """An object that our key does not find belongs to another account, or to the other mode (live
    or test): ``NotOursError``."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        raise NotOursError(f"{identifier} is not of this account") from error
