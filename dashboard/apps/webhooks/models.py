"""Customers' webhook endpoints, and the deliveries to them."""

import hashlib
import uuid

from django.conf import settings
from django.db import models

from apps.accounts.models import Organization


class WebhookEndpoint(models.Model):
    """``sealed_secret`` signs; it is sealed like a provider key, bound to this row's id. The one
    it replaced signs beside it until ``retired_until``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="webhook_endpoints"
    )
    url = models.URLField(max_length=500)
    events = models.JSONField(default=list)
    sealed_secret = models.TextField(editable=False)
    retired_sealed_secret = models.TextField(blank=True, default="", editable=False)
    retired_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    disabled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "webhook_endpoints"
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return self.url

    @property
    def secret_name(self) -> str:
        """A name that distinguishes this secret from the next and reveals neither."""
        return hashlib.sha256(self.sealed_secret.encode()).hexdigest()[:16]


class DeliveryState(models.TextChoices):
    """An interrupted ``sending`` is sent again: receivers recognize repeats by ``webhook-id``."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    DELIVERED = "delivered", "Delivered"
    FAILED = "failed", "Failed"


class WebhookDelivery(models.Model):
    """One event for one endpoint. ``id`` is its ``webhook-id``, the same in every attempt."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    endpoint = models.ForeignKey(
        WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries"
    )
    event = models.CharField(max_length=60)
    body = models.TextField()
    state = models.CharField(max_length=12, choices=DeliveryState, default=DeliveryState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_deliveries"
        verbose_name_plural = "webhook deliveries"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="webhook_deliveries_due",
                condition=models.Q(state__in=["queued", "sending"]),
            ),
            models.Index(fields=["endpoint", "-created_at"], name="webhook_deliveries_log"),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint}"
