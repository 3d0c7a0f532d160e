"""Filters of the request log that a person keeps under a name."""

import uuid

from django.conf import settings
from django.db import models


class SavedView(models.Model):
    """``query``: the address's filters, as ``apps.usage.saved_views`` writes them. Its person alone
    sees it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    project = models.ForeignKey("projects.Project", on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    query = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "usage_saved_views"
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "user", "name"], name="usage_saved_views_name"
            )
        ]

    def __str__(self) -> str:
        return self.name
