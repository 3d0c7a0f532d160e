"""Copies of Stripe's objects. Stripe is authoritative; each row says when it was copied.

Amounts are integers in the currency's minor unit (US cents), as Stripe gives them.
"""

import uuid
from datetime import datetime

from django.db import models

from apps.accounts.models import Organization, Plan


class BillingCustomer(models.Model):
    """An organization's customer at Stripe.

    ``generation`` counts the writes of ``customer_sync``, so that a copy read before another was
    written is dropped instead of replacing it. ``applied_plan`` is the plan that billing applied
    last: a plan that staff set by hand afterwards stays until the paid plan changes.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.OneToOneField(
        Organization, on_delete=models.PROTECT, related_name="billing_customer"
    )
    stripe_customer_id = models.CharField(max_length=64, unique=True)
    applied_plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    generation = models.PositiveBigIntegerField(default=0)
    synced_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "billing_customers"
        verbose_name = "Stripe customer"

    def __str__(self) -> str:
        return f"{self.organization} ({self.stripe_customer_id})"


_STATE_LABELS = {
    "active": "paid for",
    "trialing": "on trial",
    "past_due": "payment overdue",
    "unpaid": "not paid",
    "paused": "paused",
    "incomplete": "waiting for the first payment",
}
"""Stripe's status of a subscription that has not ended → the words that customers read."""


class Subscription(models.Model):
    """``keep_plan`` until ``keep_until``: paid for before a downgrade, so still in force."""

    stripe_subscription_id = models.CharField(max_length=64, primary_key=True)
    customer = models.ForeignKey(
        BillingCustomer, on_delete=models.PROTECT, related_name="subscriptions"
    )
    stripe_item_id = models.CharField(max_length=64)
    stripe_price_id = models.CharField(max_length=64)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    keep_plan = models.ForeignKey(Plan, null=True, on_delete=models.PROTECT, related_name="+")
    keep_until = models.DateTimeField(null=True)
    status = models.CharField(max_length=20)
    started_at = models.DateTimeField()
    current_period_end = models.DateTimeField()
    trial_end = models.DateTimeField(null=True)
    cancel_at = models.DateTimeField(null=True)
    canceled_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "subscriptions"
        ordering = ["-started_at", "stripe_subscription_id"]

    def __str__(self) -> str:
        return f"{self.plan} ({self.status})"

    @property
    def state_label(self) -> str:
        """The status in words."""
        return _STATE_LABELS.get(self.status, "ended")

    def kept_plan(self, now: datetime) -> Plan | None:
        """``keep_plan`` while it is in force: until its period ends or, where Stripe's clock is
        ahead, has been renewed. Stripe's metadata keeps the note after that.
        """
        if self.keep_until is None or now >= self.keep_until:
            return None
        return self.keep_plan if self.current_period_end <= self.keep_until else None

    def plan_in_force(self, now: datetime) -> Plan:
        """The plan that was paid for last."""
        return self.kept_plan(now) or self.plan

    @property
    def is_live(self) -> bool:
        """Stripe may still renew it or collect for it."""
        return self.status in {"active", "trialing", "past_due", "unpaid", "paused"}


class Invoice(models.Model):
    """``payment_failed_at``: when we first saw it unpaid, which is also when the message went out.

    ``amount_refunded`` and ``dispute_status`` come from the charge that paid it.
    """

    stripe_invoice_id = models.CharField(max_length=64, primary_key=True)
    customer = models.ForeignKey(BillingCustomer, on_delete=models.PROTECT, related_name="invoices")
    stripe_subscription_id = models.CharField(max_length=64, blank=True)
    number = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    amount_due = models.BigIntegerField()
    amount_paid = models.BigIntegerField()
    amount_refunded = models.BigIntegerField(default=0)
    dispute_status = models.CharField(max_length=32, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    finalized_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    payment_failed_at = models.DateTimeField(null=True)
    hosted_url = models.URLField(max_length=1000, blank=True)
    pdf_url = models.URLField(max_length=1000, blank=True)

    class Meta:
        db_table = "invoices"
        ordering = ["-created_at", "stripe_invoice_id"]
        indexes = [models.Index(fields=["customer", "-created_at"], name="invoices_customer")]

    def __str__(self) -> str:
        return self.number or self.stripe_invoice_id

    @property
    def is_unpaid(self) -> bool:
        """A payment failed and the invoice is still open."""
        return self.status == "open" and self.payment_failed_at is not None


class StripeEventState(models.TextChoices):
    """An event that stays ``started`` (its worker died) is handled again after a while."""

    RECEIVED = "received", "Received"
    STARTED = "started", "Started"
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"
    IGNORED = "ignored", "Ignored"


class StripeEvent(models.Model):
    """An event as it arrived, stored before anything is done about it."""

    id = models.CharField(max_length=64, primary_key=True)
    type = models.CharField(max_length=80)
    stripe_created = models.DateTimeField()
    payload = models.JSONField()
    state = models.CharField(
        max_length=12, choices=StripeEventState, default=StripeEventState.RECEIVED
    )
    error = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField(auto_now_add=True)
    next_attempt_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    handled_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "stripe_events"
        ordering = ["-received_at", "id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="stripe_events_due",
                condition=models.Q(state__in=["received", "started", "failed"]),
            ),
            models.Index(fields=["received_at"], name="stripe_events_received"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
