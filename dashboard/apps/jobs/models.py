"""When each job ran, and who is running it."""

from django.db import models


class JobRun(models.Model):
    """One row for each job. While ``lease_until`` is in the future, a machine is running it."""

    name = models.CharField(max_length=40, primary_key=True)
    lease_until = models.DateTimeField(null=True)
    last_started_at = models.DateTimeField(null=True)
    last_succeeded_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    last_result = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "job_runs"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
