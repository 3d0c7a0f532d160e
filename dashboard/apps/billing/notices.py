"""Messages that follow from a change of state, written in its transaction."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Plan, Role
from apps.billing.consequences import consequences
from apps.billing.entitlement import grace_end
from apps.billing.models import BillingCustomer, Invoice, Subscription
from apps.emails import links
from apps.emails.content import Content
from apps.emails.messages import billing
from apps.emails.services.outbox import emails_enqueue_for

_TRIAL_WARNING = timedelta(days=3)


def about_subscription(
    customer: BillingCustomer, before: Subscription | None, now: Subscription
) -> None:
    """Writes messages about a scheduled cancellation, a trial that ends within three days, and an
    end because of missing payment. If the plan itself ends only now, ``about_plan`` writes the
    message instead.
    """
    was_ending = before is not None and before.cancel_at is not None
    if now.cancel_at and now.ended_at is None and not was_ending:
        content = billing.cancellation_scheduled(
            organization=customer.organization.name,
            plan=now.plan_in_force(timezone.now()).name,
            until=day(now.cancel_at),
            billing_url=billing_url(customer),
        )
        _tell(customer, content, f"cancellation:{now.pk}:{now.canceled_at}")
    if now.status == "trialing":
        trial_notice(customer, now)
    overdue = before is not None and before.status in {"past_due", "unpaid"}
    if overdue and now.ended_at and customer.applied_plan.price_cents == 0:
        content = billing.subscription_ended(
            organization=customer.organization.name,
            plan=now.plan.name,
            billing_url=billing_url(customer),
        )
        _tell(customer, content, f"subscription_ended:{now.pk}")


def trial_notice(customer: BillingCustomer, subscription: Subscription) -> None:
    """Once for each end of a trial, from three days before it on, unless it was cancelled."""
    end = subscription.trial_end
    if end is None or subscription.cancel_at or timezone.now() < end - _TRIAL_WARNING:
        return
    content = billing.trial_ending(
        organization=customer.organization.name,
        plan=subscription.plan.name,
        ends=day(end),
        amount=money(subscription.plan.price_cents),
        billing_url=billing_url(customer),
    )
    _tell(customer, content, f"trial_ending:{subscription.pk}:{end:%Y-%m-%d}")


def about_invoice(customer: BillingCustomer, before: Invoice | None, now: Invoice) -> None:
    """Writes messages about a failed payment, a refund, and a payment that succeeds after its
    failure was reported."""
    subscription = customer.subscriptions.filter(pk=now.stripe_subscription_id).first()
    plan = subscription.plan if subscription else customer.applied_plan
    organization = customer.organization.name
    if now.status == "open" and now.payment_failed_at:
        end = grace_end(customer, subscription) if subscription else None
        content = billing.payment_failed(
            organization=organization,
            amount=money(now.amount_due),
            plan=plan.name,
            service_until=day(end or timezone.now()),
            pay_url=now.hosted_url or billing_url(customer),
        )
        _tell(customer, content, f"payment_failed:{now.pk}")
    if now.status == "paid" and now.payment_failed_at:
        content = billing.payment_recovered(
            organization=organization, amount=money(now.amount_paid), plan=plan.name
        )
        _tell(customer, content, f"payment_recovered:{now.pk}")
    refunded_before = before.amount_refunded if before else 0
    if now.amount_refunded > refunded_before:
        content = billing.refund_issued(
            organization=organization, amount=money(now.amount_refunded), invoice=str(now)
        )
        _tell(customer, content, f"refund:{now.pk}:{now.amount_refunded}")


def about_plan(customer: BillingCustomer, before: Plan, after: Plan, reason: str) -> None:
    """To all members who may act on it."""
    content = billing.plan_changed(
        organization=customer.organization.name,
        before=before.name,
        after=after.name,
        reason=reason,
        consequences=consequences(customer.organization, after),
        billing_url=billing_url(customer),
    )
    _tell(customer, content, f"plan_changed:{customer.pk}:{customer.generation}:{after.slug}")


def billing_url(customer: BillingCustomer) -> str:
    """The organization's billing page."""
    return links.absolute(reverse("billing", args=[customer.organization.slug]))


def money(cents: int) -> str:
    """US dollars."""
    return f"${cents / 100:,.2f}"


def day(moment: datetime) -> str:
    """As in ``12 March 2026``."""
    return f"{moment.day} {moment:%B %Y}"


def _tell(customer: BillingCustomer, content: Content, dedupe_key: str) -> None:
    emails_enqueue_for(
        organization=customer.organization,
        roles=(Role.OWNER, Role.ADMIN),
        content=content,
        dedupe_key=dedupe_key,
    )
