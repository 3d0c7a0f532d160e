"""Copying a customer's state from Stripe, and updating plan, messages and audit log from it.

Every event ends here, even one that is late, repeated or out of order: the current state is read
from Stripe, and everything else follows from that state, not from what the event said. So the last
copy is right whatever came before it.

Two workers may read at the same time and write in reverse order. ``generation`` is the version of
an optimistic lock: a worker that finds that another one wrote since it began to read discards its
copy and reads again. No lock is held while Stripe is asked.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

import stripe
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models import Plan
from apps.accounts.services.organizations import organization_update
from apps.audit.services import audit_record
from apps.billing import notices
from apps.billing.entitlement import entitlement_of
from apps.billing.models import BillingCustomer, Invoice, Subscription
from apps.billing.snapshot import InvoiceCopy, Snapshot, SubscriptionCopy, read_snapshot

_ATTEMPTS = 10


class BusyError(Exception):
    """Other workers wrote during every attempt to read; the caller tries again later."""


@dataclass(frozen=True, slots=True)
class ChargeFacts:
    """Facts about invoices, by invoice id, that only charges and disputes contain."""

    refunded: Mapping[str, int] = field(default_factory=dict)
    disputes: Mapping[str, str] = field(default_factory=dict)


_NO_FACTS = ChargeFacts()


def customer_sync(
    *, client: stripe.StripeClient, customer: BillingCustomer, facts: ChargeFacts = _NO_FACTS
) -> list[str]:
    """Returns what changed, in words; a second call in a row returns an empty list.

    Raises ``stripe.StripeError``, ``UnknownPriceError`` and ``BusyError``.
    """
    for _ in range(_ATTEMPTS):
        seen = BillingCustomer.objects.values_list("generation", flat=True).get(pk=customer.pk)
        snapshot = read_snapshot(client, customer.stripe_customer_id)
        with transaction.atomic():
            locked = _lock(customer)
            if locked.generation == seen:
                return _apply(locked, snapshot, facts)
    raise BusyError(f"{customer.stripe_customer_id} is being written by others")


def unpaid_void(*, client: stripe.StripeClient, customer: BillingCustomer) -> list[str]:
    """Voids open invoices of subscriptions that have ended: paying them would restore no plan.
    Returns what changed, in words. Raises what ``customer_sync`` raises.
    """
    ended = customer.subscriptions.exclude(ended_at=None)
    owed = customer.invoices.filter(status="open", stripe_subscription_id__in=ended.values("pk"))
    identifiers = list(owed.values_list("pk", flat=True))
    for identifier in identifiers:
        client.v1.invoices.void_invoice(identifier)
    return customer_sync(client=client, customer=customer) if identifiers else []


@transaction.atomic
def entitlement_apply(*, customer: BillingCustomer) -> bool:
    """Applies a change of plan that only time has caused (grace or a paid period ended)."""
    return bool(_apply_entitlement(_lock(customer)))


def entitlements_apply_due() -> int:
    """Runs ``entitlement_apply`` for every customer whose plan may change with time; returns how
    many plans changed."""
    on_the_clock = Q(subscriptions__status="past_due") | Q(
        subscriptions__keep_until__lte=timezone.now(), subscriptions__ended_at=None
    )
    customers = BillingCustomer.objects.filter(on_the_clock).distinct()
    return sum(entitlement_apply(customer=customer) for customer in customers)


def trial_notices_due() -> int:
    """Sends trial notices whose Stripe event did not arrive; returns how many trials it checked."""
    trials = Subscription.objects.filter(status="trialing", cancel_at=None).select_related(
        "customer__organization", "plan"
    )
    for subscription in trials:
        with transaction.atomic():
            notices.trial_notice(subscription.customer, subscription)
    return len(trials)


def _lock(customer: BillingCustomer) -> BillingCustomer:
    """Locks the row, without joins: after waiting for a lock, PostgreSQL would compare the new
    version with the old joined rows, and not find a customer whose plan has changed meanwhile.
    """
    return BillingCustomer.objects.select_for_update().get(pk=customer.pk)


def _apply(customer: BillingCustomer, snapshot: Snapshot, facts: ChargeFacts) -> list[str]:
    changes = [_write_subscription(customer, copy) for copy in snapshot.subscriptions]
    changes += [_write_invoice(customer, copy, facts) for copy in snapshot.invoices]
    customer.generation += 1
    customer.synced_at = timezone.now()
    customer.save(update_fields=["generation", "synced_at"])
    changes.append(_apply_entitlement(customer))
    return [change for change in changes if change]


def _write_subscription(customer: BillingCustomer, copy: SubscriptionCopy) -> str:
    values = {name: getattr(copy, name) for name in copy.__dataclass_fields__}
    identifier = values.pop("stripe_subscription_id")
    before = Subscription.objects.filter(pk=identifier).first()
    if before is not None and all(getattr(before, name) == new for name, new in values.items()):
        return ""
    row, _ = Subscription.objects.update_or_create(
        pk=identifier, defaults={**values, "customer": customer}
    )
    _record(customer, row, "subscription", before.status if before else None, row.status)
    notices.about_subscription(customer, before, row)
    return f"subscription {identifier}: {before.status if before else 'new'} → {row.status}"


def _write_invoice(customer: BillingCustomer, copy: InvoiceCopy, facts: ChargeFacts) -> str:
    values = asdict(copy)
    identifier = values.pop("stripe_invoice_id")
    if identifier in facts.refunded:
        values["amount_refunded"] = facts.refunded[identifier]
    if identifier in facts.disputes:
        values["dispute_status"] = facts.disputes[identifier]
    before = Invoice.objects.filter(pk=identifier).first()
    if before is not None and all(getattr(before, name) == new for name, new in values.items()):
        return ""
    failing = copy.status == "open" and copy.attempt_count > 0 and copy.amount_due > 0
    if failing and (before is None or before.payment_failed_at is None):
        values["payment_failed_at"] = timezone.now()
    row, _ = Invoice.objects.update_or_create(
        pk=identifier, defaults={**values, "customer": customer}
    )
    _record(customer, row, "invoice", _invoice_state(before), _invoice_state(row))
    notices.about_invoice(customer, before, row)
    return f"invoice {row}: {_invoice_state(before) or 'new'} → {_invoice_state(row)}"


def _invoice_state(invoice: Invoice | None) -> str | None:
    if invoice is None:
        return None
    if invoice.dispute_status:
        return f"disputed ({invoice.dispute_status})"
    if invoice.amount_refunded:
        return f"refunded ({invoice.amount_refunded})"
    if invoice.status == "open" and invoice.payment_failed_at:
        return "failed"
    return invoice.status


def _record(
    customer: BillingCustomer,
    row: Subscription | Invoice,
    kind: str,
    before: str | None,
    after: str | None,
) -> None:
    """One audit entry for each change of state; a sync that changes nothing writes none."""
    if before != after:
        audit_record(
            action=f"{kind}.{'create' if before is None else 'update'}",
            actor=None,
            target=row,
            organization=customer.organization,
            data={"status": {"from": before, "to": after}},
        )


def _apply_entitlement(customer: BillingCustomer) -> str:
    """Changes the plan only when the entitled plan differs from the one that was last applied."""
    owed = entitlement_of(customer, timezone.now())
    if owed.plan == customer.applied_plan:
        return ""
    before: Plan = customer.organization.plan
    customer.applied_plan = owed.plan
    customer.save(update_fields=["applied_plan"])
    if before == owed.plan:
        return ""
    organization_update(organization=customer.organization, actor=None, plan=owed.plan)
    notices.about_plan(customer, before, owed.plan, owed.reason)
    return f"plan: {before.slug} → {owed.plan.slug}"
