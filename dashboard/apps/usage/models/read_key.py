"""Keys of the Usage API. They read one project's numbers, and open nothing at the edge."""

import uuid

from django.db import models


class Scope(models.TextChoices):
    """What a key may read."""

    USAGE = "usage", "Sums"
    REQUESTS = "requests", "Requests, without texts"
    BUDGETS = "budgets", "Budgets, quota"


class ReadKey(models.Model):
    """``key_hash`` is the SHA-256 of a key of 256 random bits: nobody can read the key back."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="read_keys"
    )
    name = models.CharField(max_length=120)
    key_hash = models.CharField(max_length=64, unique=True)
    last4 = models.CharField(max_length=4)
    scopes = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "usage_read_keys"
        ordering = ["created_at", "id"]

    def __str__(self) -> str:
        return f"{self.name} (lgr_…{self.last4})"
