"""API keys. Only a peppered hash is stored: the key itself is shown once, when it is made."""

import uuid

from django.conf import settings
from django.db import models

from apps.projects.models.project import Project


class ApiKey(models.Model):
    """``key_hash`` is ``shared.api_keys.key_hash``; prefix and last four tell keys apart."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120)
    prefix = models.CharField(max_length=16, editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    key_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    requests_per_minute = models.PositiveIntegerField(
        null=True, blank=True, help_text="Beside the plan's limit. Empty: none."
    )
    tokens_per_minute = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Beside the plan's limit. Empty: none."
    )
    monthly_budget_nanousd = models.PositiveBigIntegerField(null=True, blank=True)

    class Meta:
        db_table = "api_keys"
        verbose_name = "API key"
        ordering = ["-created_at", "id"]
        constraints = [
            # Not unique=True: on PostgreSQL that adds a second index for LIKE, of no use here.
            models.UniqueConstraint(fields=["key_hash"], name="api_keys_key_hash_key"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.masked})"

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        return f"{self.prefix}…{self.last4}"
