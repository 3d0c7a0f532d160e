"""A project's own provider keys, sealed with AES-256-GCM (``apps.projects.encryption``)."""

import uuid

from django.conf import settings
from django.core.validators import URLValidator
from django.db import models

from apps.projects.models.project import Project
from apps.projects.providers import LABELS


class ProviderCredential(models.Model):
    """Lower ``priority`` is tried first. The plaintext never reaches the database."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="provider_credentials"
    )
    provider = models.CharField(max_length=32)
    label = models.CharField(max_length=120, blank=True)
    envelope = models.TextField(editable=False)
    last4 = models.CharField(max_length=4, editable=False)
    priority = models.PositiveSmallIntegerField(default=0)
    base_url = models.CharField(
        max_length=200,
        null=True,
        blank=True,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text="Empty: the provider's own address.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    disabled_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        db_table = "provider_credentials"
        ordering = ["project", "provider", "priority", "id"]

    def __str__(self) -> str:
        return f"{self.provider} {self.masked}"

    @property
    def masked(self) -> str:
        """What may be shown of the key."""
        return f"…{self.last4}"

    @property
    def provider_name(self) -> str:
        """As people write it."""
        return LABELS.get(self.provider, self.provider)
