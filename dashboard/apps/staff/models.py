"""The doctor's last examination, kept so that looking at it asks no outside service."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class HealthReport(models.Model):
    """One row (``key`` is always 1): when it was asked for, and what was found.

    ``findings`` is a list of ``apps.staff.doctor.findings.Finding`` as objects. A report asked for
    after ``checked_at`` is still to come.
    """

    key = models.PositiveSmallIntegerField(primary_key=True, default=1)
    requested_at = models.DateTimeField()
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    checked_at = models.DateTimeField(null=True)
    took_ms = models.PositiveIntegerField(null=True)
    findings = models.JSONField(default=list)

    class Meta:
        db_table = "health_report"
        verbose_name = "health"
        verbose_name_plural = "health"
        default_permissions = ("view",)
        permissions = [("run_doctor", "Can examine outside services")]
        constraints = [
            models.CheckConstraint(condition=Q(key=1), name="health_report_one_row"),
        ]

    def __str__(self) -> str:
        return "Health"

    @property
    def pending(self) -> bool:
        """Asked for and not yet answered."""
        return self.checked_at is None or self.checked_at < self.requested_at
