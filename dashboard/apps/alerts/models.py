"""Alerts that were sent, and differences between counters."""

from django.db import models

from apps.accounts.models import Organization


class Alert(models.Model):
    """An alert that an organization gets once; ``key`` names it, for instance
    ``quota:202603:250000:90``.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="alerts")
    key = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "alerts"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["organization", "key"], name="alerts_unique"),
        ]

    def __str__(self) -> str:
        return self.key


class SemanticBound(models.Model):
    """A project whose semantic hits of one mode have crossed the mode's target error.

    ``exceeded`` stays until the bound is back at the target or under it; ``crossings`` counts how
    often it went over; each crossing makes one alert.
    """

    project = models.ForeignKey(
        "projects.Project", on_delete=models.CASCADE, related_name="semantic_bounds"
    )
    mode = models.CharField(max_length=16)
    exceeded = models.BooleanField(default=False)
    crossings = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "semantic_bounds"
        constraints = [
            models.UniqueConstraint(fields=["project", "mode"], name="semantic_bounds_unique")
        ]

    def __str__(self) -> str:
        return f"{self.mode} of {self.project}"


class QuotaCheck(models.Model):
    """The last comparison of the edge's counter with the request log.

    ``excess``: by how much the edge counted more. Requests in flight are counted before they are
    logged, so an excess is believed only as far as the next check still finds it.
    """

    organization = models.OneToOneField(
        Organization, primary_key=True, on_delete=models.CASCADE, related_name="quota_check"
    )
    month = models.CharField(max_length=6)
    counted = models.BigIntegerField()
    logged = models.BigIntegerField()
    excess = models.BigIntegerField(default=0)
    repaired = models.BigIntegerField(default=0)
    checked_at = models.DateTimeField()

    class Meta:
        db_table = "quota_checks"

    def __str__(self) -> str:
        return f"{self.organization}: {self.counted} counted, {self.logged} logged"
