"""Stripe events: which customer each concerns, and what must be read from Stripe.

An event is only a hint that something changed. ``customer_sync`` reads the current state, so every
handler here may run twice, late, or out of order.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import stripe

from apps.billing.services.customers import customer_find
from apps.billing.services.sync import ChargeFacts, customer_sync, unpaid_void

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


_CUSTOMER_FIELDS = {
    "checkout.session.completed": "customer",
    "customer.subscription.created": "customer",
    "customer.subscription.updated": "customer",
    "customer.subscription.deleted": "customer",
    "customer.subscription.paused": "customer",
    "customer.subscription.resumed": "customer",
    "customer.subscription.trial_will_end": "customer",
    "invoice.finalized": "customer",
    "invoice.paid": "customer",
    "invoice.payment_failed": "customer",
    "invoice.voided": "customer",
    "invoice.marked_uncollectible": "customer",
    "customer.deleted": "id",
}
"""Event → the field of its object that names the customer whose state has to be read again.

A subscription is also ``created`` by hand in Stripe's dashboard, ``paused`` where a trial ended
without a card, and ``trial_will_end`` comes three days before that. ``payment_failed`` comes once
for each attempt; an uncollectible invoice can still be paid. Deleting a customer ends its
subscriptions.
"""


def charge_refunded(batch: Batch, charge: Object) -> None:
    """In part or in full; the amount is the sum of all refunds."""
    fresh = _charge(batch, charge["id"])
    facts = dict.fromkeys(_invoices_of(batch, fresh), fresh.amount_refunded)
    _sync(batch, fresh.customer, ChargeFacts(refunded=facts))


def charge_dispute_changed(batch: Batch, dispute: Object) -> None:
    """Opened or closed: staff see it on the invoice, service goes on until Stripe ends it."""
    with _not_ours_if_missing(dispute["id"]):
        fresh = batch.client.v1.disputes.retrieve(dispute["id"])
    charge = _charge(batch, str(fresh.charge))
    facts = dict.fromkeys(_invoices_of(batch, charge), fresh.status)
    _sync(batch, charge.customer, ChargeFacts(disputes=facts))


def _customer_handler(customer_field: str) -> Handler:
    def handle(batch: Batch, changed: Object) -> None:
        _sync(batch, changed[customer_field])

    return handle


HANDLERS: dict[str, Handler] = {
    **{event: _customer_handler(name) for event, name in _CUSTOMER_FIELDS.items()},
    "charge.refunded": charge_refunded,
    "charge.dispute.created": charge_dispute_changed,
    "charge.dispute.closed": charge_dispute_changed,
}


def _sync(batch: Batch, customer_id: object, facts: ChargeFacts | None = None) -> None:
    """``customer_id`` is None for a payment without a customer (a payment link)."""
    if customer_id is None:
        raise NotOursError("it has no customer")
    stripe_customer_id = str(customer_id)
    if facts is None and stripe_customer_id in batch.synced:
        return
    customer = customer_find(client=batch.client, stripe_customer_id=stripe_customer_id)
    if customer is None:
        raise NotOursError(f"{stripe_customer_id} belongs to no organization")
    customer_sync(client=batch.client, customer=customer, facts=facts or ChargeFacts())
    unpaid_void(client=batch.client, customer=customer)
    batch.synced.add(stripe_customer_id)


def _charge(batch: Batch, identifier: str) -> stripe.Charge:
    with _not_ours_if_missing(identifier):
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
def _not_ours_if_missing(identifier: str) -> Iterator[None]:
    """An object that our key does not find belongs to another account, or to the other mode (live
    or test): ``NotOursError``."""
    try:
        yield
    except stripe.InvalidRequestError as error:
        if error.code != "resource_missing":
            raise
        raise NotOursError(f"{identifier} is not of this account") from error
