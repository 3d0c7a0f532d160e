"""A staff member's visit to the dashboard as a customer."""

import uuid
from datetime import datetime

from django.db import models
from django.db.models import Q

from apps.accounts.models import User


class Impersonation(models.Model):
    """The staff member's session holds its ``id``; whether it still runs is decided by this row.

    ``may_write`` false: every request that could change something is refused.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    staff = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    may_write = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        db_table = "impersonations"
        ordering = ["-started_at", "id"]
        default_permissions = ("view",)
        permissions = [
            ("impersonate", "Can see the dashboard as a customer"),
            ("impersonate_write", "Can change things while seeing the dashboard as a customer"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="impersonations_running", condition=Q(ended_at=None)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.staff} as {self.user}"

    def runs(self, now: datetime) -> bool:
        """Whether it was neither stopped nor is over an hour old."""
        return self.ended_at is None and now < self.expires_at
