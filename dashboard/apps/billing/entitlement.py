"""The plan an organization is entitled to, from our copies of subscriptions and invoices alone."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from apps.accounts.models import Plan
from apps.accounts.services.organizations import DEFAULT_PLAN
from apps.billing.models import BillingCustomer, Subscription

_PAID = frozenset({"active", "trialing"})
_NOT_PAID = {
    "past_due": "An invoice was not paid in time.",
    "unpaid": "An invoice was not paid in time.",
    "paused": "The trial ended without a card, so the subscription is paused.",
}


@dataclass(frozen=True, slots=True)
class Entitlement:
    """``reason`` is a sentence for the customer."""

    plan: Plan
    reason: str


def entitlement_of(customer: BillingCustomer, now: datetime) -> Entitlement:
    """The most expensive plan that is paid for, on trial or within the grace period; else Free."""
    subscriptions = list(customer.subscriptions.select_related("plan", "keep_plan"))
    granted = [
        (subscription.plan_in_force(now), subscription.status)
        for subscription in subscriptions
        if _grants(customer, subscription, now)
    ]
    if granted:
        best, status = max(granted, key=lambda grant: grant[0].price_cents)
        on_trial = status == "trialing"
        return Entitlement(best, "The trial has begun." if on_trial else "It is paid for.")
    states = {subscription.status for subscription in subscriptions}
    reason = next(
        (said for status, said in _NOT_PAID.items() if status in states),
        "The subscription has ended.",
    )
    return Entitlement(Plan.objects.get(slug=DEFAULT_PLAN), reason)


def grace_end(customer: BillingCustomer, subscription: Subscription) -> datetime | None:
    """When an overdue subscription loses its plan: the grace period after its oldest open invoice.

    None when no invoice is open.
    """
    oldest = (
        customer.invoices.filter(
            stripe_subscription_id=subscription.pk, status="open", finalized_at__isnull=False
        )
        .order_by("finalized_at")
        .values_list("finalized_at", flat=True)
        .first()
    )
    return oldest + settings.BILLING_GRACE if oldest else None


def _grants(customer: BillingCustomer, subscription: Subscription, now: datetime) -> bool:
    if subscription.status in _PAID:
        return True
    if subscription.status != "past_due":
        return False
    end = grace_end(customer, subscription)
    return end is None or now < end
