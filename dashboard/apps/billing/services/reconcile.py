"""Comparing all our copies with Stripe and correcting them, for events that never arrived."""

import logging
from collections.abc import Iterator
from datetime import timedelta

import stripe
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps.billing.handlers import HANDLERS
from apps.billing.models import BillingCustomer, StripeEvent
from apps.billing.services.events import event_handle, event_store
from apps.billing.services.sync import BusyError, customer_sync, unpaid_void
from apps.billing.snapshot import UnknownPriceError
from apps.billing.stripe_client import billing_enabled, stripe_client

logger = logging.getLogger(__name__)

_LOOK_BACK = timedelta(days=25)  # Stripe lists events of the last 30 days


def reconcile(*, dry_run: bool) -> Iterator[str]:
    """Yields a line for each difference. A dry run stores nothing and sends no messages."""
    with stripe_client() as client:
        yield from _missed_events(client, dry_run=dry_run)
        for customer in BillingCustomer.objects.select_related("organization", "applied_plan"):
            yield from _customer(client, customer, dry_run=dry_run)


def reconcile_daily() -> str:
    """``reconcile`` as ``settings.STRIPE_RECONCILE`` says. The differences go to the log, their
    number to the job's row.
    """
    policy = settings.STRIPE_RECONCILE
    if policy == "off" or not billing_enabled():
        return "off"
    count = 0
    for line in reconcile(dry_run=policy == "report"):
        logger.warning("Stripe and our records differ: %s", line)
        count += 1
    return f"{count} differences, {'nothing was kept' if policy == 'report' else 'mended or told'}"


def _missed_events(client: stripe.StripeClient, *, dry_run: bool) -> Iterator[str]:
    since = timezone.now() - _LOOK_BACK
    listed = client.v1.events.list(params={"types": list(HANDLERS)[:20], "limit": 100})
    for event in listed.auto_paging_iter():
        if event.created < since.timestamp():
            return
        if StripeEvent.objects.filter(pk=event.id).exists():
            continue
        yield f"event {event.id} ({event.type}) had not arrived"
        if not dry_run:
            event_store(payload=event.to_dict(for_json=True))
            event_handle(event=StripeEvent.objects.get(pk=event.id))


def _customer(
    client: stripe.StripeClient, customer: BillingCustomer, *, dry_run: bool
) -> Iterator[str]:
    name = customer.organization.name
    try:
        with transaction.atomic():
            changes = customer_sync(client=client, customer=customer)
            transaction.set_rollback(dry_run)
        if not dry_run:
            changes += unpaid_void(client=client, customer=customer)
    except (stripe.StripeError, UnknownPriceError, BusyError) as error:
        yield f"{name}: {error}"
        return
    for change in changes:
        yield f"{name}: {change}"
    live = [row for row in customer.subscriptions.all() if row.is_live and row.ended_at is None]
    if len(live) > 1:
        yield f"{name}: {len(live)} live subscriptions, refund all but one"
    customer.organization.refresh_from_db()
    customer.refresh_from_db()
    if customer.organization.plan != customer.applied_plan:
        plan, paid = customer.organization.plan, customer.applied_plan
        yield f"{name}: on {plan.slug}, given by staff; {paid.slug} is paid for"
