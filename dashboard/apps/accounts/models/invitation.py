"""Asking somebody by e-mail to join an organization."""

import hashlib
import uuid

from django.db import models
from django.db.models import Q

from apps.accounts.models.organization import Organization, Role
from apps.accounts.models.user import User


def token_hash(token: str) -> str:
    """What is stored of a link's token. The token is random, so a plain SHA-256 will do."""
    return hashlib.sha256(token.encode()).hexdigest()


class Invitation(models.Model):
    """The link's token is stored as a hash only: reading the table is not enough to accept an
    invitation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="invitations"
    )
    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role, default=Role.MEMBER)
    token_hash = models.CharField(max_length=64, editable=False)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "invitations"
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["token_hash"], name="invitations_token_hash_key"),
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitations_one_open",
            ),
        ]

    def __str__(self) -> str:
        return self.email
