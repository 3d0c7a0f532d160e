"""Who changed what. Rows are written by ``apps.audit.services`` and never edited."""

from django.conf import settings
from django.db import models


class AuditLog(models.Model):
    """One change. ``data`` holds old and new values of what changed, never a secret.

    Organization and project are plain ids, because the record outlives them.
    """

    ts = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    actor_label = models.CharField(max_length=254)
    organization_id = models.UUIDField(null=True)
    project_id = models.UUIDField(null=True)
    target_type = models.CharField(max_length=32)
    target_id = models.CharField(max_length=64)
    target_label = models.CharField(max_length=254)
    data = models.JSONField(default=dict)

    class Meta:
        db_table = "audit_log"
        verbose_name = "audit entry"
        verbose_name_plural = "audit log"
        indexes = [
            models.Index(fields=["organization_id", "id"], name="audit_log_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}"
