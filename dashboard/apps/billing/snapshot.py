"""Reading a customer's whole billing state from Stripe, as plain values.

API version 2026-10-28.endive: a billing period belongs to the subscription's item and an invoice
names its subscription under ``parent`` (both since Basil, 2025-03-31).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

import stripe

from apps.accounts.models import Plan

KEEP_PLAN = "keep_plan"
KEEP_UNTIL = "keep_until"
"""Metadata of a subscription that was downgraded: which plan is paid for until when (unix s)."""


class UnknownPriceError(Exception):
    """A subscription has a price that belongs to no plan of ours."""


@dataclass(frozen=True, slots=True)
class SubscriptionCopy:
    """See ``apps.billing.models.Subscription``."""

    stripe_subscription_id: str
    stripe_item_id: str
    stripe_price_id: str
    plan: Plan
    keep_plan: Plan | None
    keep_until: datetime | None
    status: str
    started_at: datetime
    current_period_end: datetime
    trial_end: datetime | None
    cancel_at: datetime | None
    canceled_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvoiceCopy:
    """See ``apps.billing.models.Invoice``."""

    stripe_invoice_id: str
    stripe_subscription_id: str
    number: str
    status: str
    currency: str
    amount_due: int
    amount_paid: int
    attempt_count: int
    created_at: datetime
    finalized_at: datetime | None
    paid_at: datetime | None
    hosted_url: str
    pdf_url: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything of one customer at one moment."""

    subscriptions: tuple[SubscriptionCopy, ...]
    invoices: tuple[InvoiceCopy, ...]


def read_snapshot(client: stripe.StripeClient, stripe_customer_id: str) -> Snapshot:
    """Two requests for a customer of less than a hundred invoices. Raises ``UnknownPriceError``."""
    plans = {plan.slug: plan for plan in Plan.objects.all()}
    subscriptions = client.v1.subscriptions.list(
        params={"customer": stripe_customer_id, "status": "all", "limit": 100}
    )
    invoices = client.v1.invoices.list(params={"customer": stripe_customer_id, "limit": 100})
    return Snapshot(
        tuple(_subscription(item, plans) for item in subscriptions.auto_paging_iter()),
        tuple(_invoice(item) for item in invoices.auto_paging_iter() if item.status != "draft"),
    )


def _subscription(item: stripe.Subscription, plans: dict[str, Plan]) -> SubscriptionCopy:
    line = item["items"].data[0]
    marks = item.metadata.to_dict() if item.metadata else {}
    keep_until = marks.get(KEEP_UNTIL) or None
    return SubscriptionCopy(
        stripe_subscription_id=item.id,
        stripe_item_id=line.id,
        stripe_price_id=line.price.id,
        plan=_plan_of(line.price, plans),
        keep_plan=plans.get(marks.get(KEEP_PLAN, "")) if keep_until else None,
        keep_until=_moment(int(keep_until)) if keep_until else None,
        status=item.status,
        started_at=_when(item.start_date),
        current_period_end=_when(line.current_period_end),
        trial_end=_moment(item.trial_end),
        cancel_at=_moment(item.cancel_at),
        canceled_at=_moment(item.canceled_at),
        ended_at=_moment(item.ended_at),
    )


def _plan_of(price: stripe.Price, plans: dict[str, Plan]) -> Plan:
    marks = price.metadata.to_dict() if price.metadata else {}
    plan = plans.get(marks.get("plan", "")) or next(
        (plan for plan in plans.values() if plan.stripe_price_id == price.id), None
    )
    if plan is None:
        raise UnknownPriceError(f"price {price.id} belongs to no plan")
    return plan


def _invoice(item: stripe.Invoice) -> InvoiceCopy:
    details = item.parent.subscription_details if item.parent else None
    changes = item.status_transitions
    return InvoiceCopy(
        stripe_invoice_id=str(item.id),
        stripe_subscription_id=str(details.subscription) if details else "",
        number=item.number or "",
        status=str(item.status),
        currency=item.currency,
        amount_due=item.amount_due,
        amount_paid=item.amount_paid,
        attempt_count=item.attempt_count,
        created_at=_when(item.created),
        finalized_at=_moment(changes.finalized_at),
        paid_at=_moment(changes.paid_at),
        hosted_url=item.hosted_invoice_url or "",
        pdf_url=item.invoice_pdf or "",
    )


def _moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else _when(seconds)


def _when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
