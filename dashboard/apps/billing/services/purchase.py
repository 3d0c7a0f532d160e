"""What owners and admins do: buy, change plan, cancel, open the portal."""

import logging
from dataclasses import dataclass

import stripe
from django.conf import settings
from django.utils import timezone
from stripe.params import SubscriptionUpdateParams

from apps.accounts.models import Organization, Plan, User
from apps.audit.services import audit_record
from apps.billing.models import BillingCustomer, Subscription
from apps.billing.services.catalog import portal_configuration
from apps.billing.services.customers import customer_ensure
from apps.billing.services.sync import customer_sync
from apps.billing.snapshot import KEEP_PLAN, KEEP_UNTIL
from apps.billing.stripe_client import stripe_client

logger = logging.getLogger(__name__)


class PurchaseError(Exception):
    """The message is for the customer."""


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """Where Stripe sends the browser back to; absolute."""

    done: str
    back: str


def live_subscription(organization: Organization) -> Subscription | None:
    """The subscription that a change applies to: the newest one that has not ended."""
    rows = Subscription.objects.filter(
        customer__organization=organization, ended_at=None
    ).select_related("plan", "keep_plan", "customer__organization")
    return next((row for row in rows if row.is_live), None)


def customer_refresh(*, organization: Organization) -> None:
    """Syncs with Stripe before a decision, because an event may still be under way.

    Raises ``stripe.StripeError``.
    """
    customer = BillingCustomer.objects.filter(organization=organization).first()
    if customer is not None:
        with stripe_client() as client:
            customer_sync(client=client, customer=customer)


def checkout_start(
    *, organization: Organization, plan: Plan, actor: User, addresses: ReturnAddresses
) -> str:
    """The address of a Checkout page for ``plan``; call ``customer_refresh`` before.

    Raises ``PurchaseError`` when there is a subscription already (that one is changed instead) or
    the plan is not for sale, and ``stripe.StripeError``.
    """
    _refuse_unsold(plan)
    with stripe_client() as client:
        _refuse_another_price(client, plan)
        customer = customer_ensure(client=client, organization=organization, actor=actor)
        if _checkouts_close(client, customer):
            customer_sync(client=client, customer=customer)
        if live_subscription(organization) is not None:
            raise PurchaseError("There is a subscription already: change its plan instead.")
        session = client.v1.checkout.sessions.create(
            params=_checkout_params(customer, plan, addresses)  # type: ignore[arg-type]
        )
    audit_record(
        action="billing.checkout",
        actor=actor,
        target=organization,
        organization=organization,
        data={"plan": plan.slug, "session": session.id},
    )
    return str(session.url)


def plan_change(*, organization: Organization, plan: Plan, actor: User) -> None:
    """An upgrade takes effect at once; the rest of the period is billed as configured, and if that
    charge is due now and fails, nothing changes. A downgrade takes effect after the paid period.

    A downgrade changes the price at once, so that the next invoice is the smaller one, and keeps
    the larger plan in force until the end of the paid period (``snapshot.KEEP_PLAN``). Choosing
    the larger plan again before then cancels the downgrade without a charge. Raises
    ``PurchaseError`` and ``stripe.StripeError``.
    """
    _refuse_unsold(plan)
    subscription = _require_live(organization)
    in_force = subscription.plan_in_force(timezone.now())
    if subscription.status in {"past_due", "unpaid"} and plan.price_cents > in_force.price_cents:
        # The customer would pay the difference and still get no plan while the older invoice is
        # open.
        raise PurchaseError(f"Please pay the open invoice first, then change to {plan.name}.")
    with stripe_client() as client:
        _refuse_another_price(client, plan)
        if plan.price_cents < in_force.price_cents:
            until = str(int(subscription.current_period_end.timestamp()))
            marks = {KEEP_PLAN: in_force.slug, KEEP_UNTIL: until}
            if subscription.status == "trialing":
                marks = {KEEP_PLAN: "", KEEP_UNTIL: ""}
            _set_price(client, subscription, plan, "none", marks)
        else:
            if in_force != subscription.plan:
                _set_price(client, subscription, in_force, "none", {KEEP_PLAN: "", KEEP_UNTIL: ""})
            if plan != in_force:
                marks = {KEEP_PLAN: "", KEEP_UNTIL: ""}
                _set_price(client, subscription, plan, settings.STRIPE_PRORATION, marks)
        customer_sync(client=client, customer=subscription.customer)
    _audit(subscription, actor, "billing.change_plan", {"plan": plan.slug})


def subscription_cancel(*, organization: Organization, actor: User) -> None:
    """At the end of the paid period; cancelling twice changes nothing."""
    _set_ending(organization, actor, ending=True)


def subscription_resume(*, organization: Organization, actor: User) -> None:
    """Takes a cancellation back while the period lasts."""
    _set_ending(organization, actor, ending=False)


def portal_open(*, organization: Organization, return_url: str) -> str:
    """The address of Stripe's customer portal: card, address, tax ids, invoices, cancelling."""
    customer = BillingCustomer.objects.filter(organization=organization).first()
    if customer is None:
        raise PurchaseError("There is nothing to manage before the first purchase.")
    with stripe_client() as client:
        params = {"customer": customer.stripe_customer_id, "return_url": return_url}
        if configuration := portal_configuration(client):
            params["configuration"] = configuration
        return client.v1.billing_portal.sessions.create(params=params).url  # type: ignore[arg-type]


def _checkouts_close(client: stripe.StripeClient, customer: BillingCustomer) -> bool:
    """Closes open Checkout pages, as two of them could both be paid; True if any was open."""
    opened = client.v1.checkout.sessions.list(
        params={"customer": customer.stripe_customer_id, "status": "open", "limit": 100}
    )
    sessions = list(opened.auto_paging_iter())
    for session in sessions:
        client.v1.checkout.sessions.expire(session.id)
    return bool(sessions)


def _checkout_params(
    customer: BillingCustomer, plan: Plan, addresses: ReturnAddresses
) -> dict[str, object]:
    organization_id = str(customer.organization_id)
    subscription_data: dict[str, object] = {"metadata": {"organization_id": organization_id}}
    # A trial is for those who have never paid.
    if settings.STRIPE_TRIAL_DAYS and not customer.subscriptions.exists():
        subscription_data["trial_period_days"] = settings.STRIPE_TRIAL_DAYS
    params: dict[str, object] = {
        "mode": "subscription",
        "customer": customer.stripe_customer_id,
        "client_reference_id": organization_id,
        "line_items": [{"price": plan.stripe_price_id, "quantity": 1}],
        "success_url": addresses.done,
        "cancel_url": addresses.back,
        "subscription_data": subscription_data,
        "allow_promotion_codes": settings.STRIPE_PROMOTION_CODES,
    }
    if settings.STRIPE_TAX_IDS:
        params["tax_id_collection"] = {"enabled": True}
        params["customer_update"] = {"name": "auto", "address": "auto"}
    if settings.STRIPE_AUTOMATIC_TAX:
        params["automatic_tax"] = {"enabled": True}
        params["customer_update"] = {"name": "auto", "address": "auto"}
    return params


def _set_price(
    client: stripe.StripeClient,
    subscription: Subscription,
    plan: Plan,
    proration: str,
    marks: dict[str, str],
) -> None:
    client.v1.subscriptions.update(
        subscription.pk,
        params={
            "items": [{"id": subscription.stripe_item_id, "price": plan.stripe_price_id}],
            "proration_behavior": proration,
            # An upgrade starts only if its difference can be charged.
            "payment_behavior": "error_if_incomplete",
            "metadata": marks,
            **_not_ending(client, subscription),
        },
    )


def _not_ending(
    client: stripe.StripeClient, subscription: Subscription
) -> SubscriptionUpdateParams:
    """The parameters that undo a cancellation, by the way it was made: our page sets
    ``cancel_at_period_end``, the customer portal ``cancel_at``, and Stripe refuses both together.
    """
    fresh = client.v1.subscriptions.retrieve(subscription.pk)
    if fresh.cancel_at_period_end:
        return {"cancel_at_period_end": False}
    return {"cancel_at": ""} if fresh.cancel_at else {}


def _set_ending(organization: Organization, actor: User, *, ending: bool) -> None:
    subscription = _require_live(organization)
    with stripe_client() as client:
        wanted: SubscriptionUpdateParams = (
            {"cancel_at_period_end": True} if ending else _not_ending(client, subscription)
        )
        if wanted and not (ending and subscription.cancel_at):
            client.v1.subscriptions.update(subscription.pk, params=wanted)
        customer_sync(client=client, customer=subscription.customer)
    _audit(subscription, actor, "billing.cancel" if ending else "billing.resume", {})


def _require_live(organization: Organization) -> Subscription:
    subscription = live_subscription(organization)
    if subscription is None:
        raise PurchaseError("There is no subscription to change.")
    return subscription


def _refuse_unsold(plan: Plan) -> None:
    if not plan.public or not plan.price_cents or not plan.stripe_price_id:
        raise PurchaseError(f"{plan.name} is not for sale.")


def _refuse_another_price(client: stripe.StripeClient, plan: Plan) -> None:
    """Raises when Stripe's price differs from the one that the page showed."""
    price = client.v1.prices.retrieve(plan.stripe_price_id)
    if not price.active or price.unit_amount != plan.price_cents:
        logger.error(
            "the price of plan %s differs from Stripe's: run manage.py stripe_sync", plan.slug
        )
        raise PurchaseError(f"{plan.name} is not for sale just now. Please try later.")


def _audit(subscription: Subscription, actor: User, action: str, data: dict[str, str]) -> None:
    audit_record(
        action=action,
        actor=actor,
        target=subscription,
        organization=subscription.customer.organization,
        data={**data, "at": timezone.now().isoformat()},
    )
