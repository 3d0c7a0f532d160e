"""Sums of the usage log, kept by ``apps.usage.rollup``. Pages read these, not the log."""

from django.db import models

from apps.usage.models.log import CACHE_STATUS_CHOICES


class UsageSums(models.Model):
    """Sums for one combination of what the usage page filters by.

    ``unpriced_requests`` counts rows whose cost is unknown; they add nothing to the money columns,
    so that a page can say how complete its sum is. ``quota_requests`` are those that count against
    the plan's quota (``apps.usage.quota``). Unknown provider and model are empty strings. The
    provider's prompt cache saved ``prompt_cache_saved_nanousd`` on the requests that it made
    cheaper, and cost ``prompt_cache_overpaid_nanousd`` on those that it made dearer.
    """

    organization = models.ForeignKey(
        "accounts.Organization",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    api_key = models.ForeignKey(
        "projects.ApiKey",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    endpoint = models.CharField(max_length=64)
    provider = models.CharField(max_length=32)
    model = models.CharField(max_length=128)
    cache_status = models.CharField(max_length=16, choices=CACHE_STATUS_CHOICES)
    requests = models.BigIntegerField()
    quota_requests = models.BigIntegerField()
    errors = models.BigIntegerField()
    unpriced_requests = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cached_tokens = models.BigIntegerField()
    cache_write_tokens = models.BigIntegerField(db_default=0)
    cache_write_hour_tokens = models.BigIntegerField(db_default=0)
    cost_nanousd = models.BigIntegerField()
    saved_nanousd = models.BigIntegerField()
    prompt_cache_saved_nanousd = models.BigIntegerField(db_default=0)
    prompt_cache_overpaid_nanousd = models.BigIntegerField(db_default=0)
    latency_ms_sum = models.BigIntegerField()

    class Meta:
        abstract = True


_DIMENSIONS = ["api_key", "endpoint", "provider", "model", "cache_status", "organization"]


class UsageHourly(UsageSums):
    """One UTC hour: what charts are drawn from."""

    hour = models.DateTimeField()

    class Meta:
        db_table = "usage_hourly"
        verbose_name = "hour of usage"
        verbose_name_plural = "hourly usage"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", *_DIMENSIONS], name="usage_hourly_key"
            )
        ]
        indexes = [
            models.Index(fields=["organization", "hour"], name="usage_hourly_organization"),
            models.Index(fields=["hour"], name="usage_hourly_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.model} {self.cache_status}"


class UsageDaily(UsageSums):
    """One UTC day, ``day`` being its first instant: the bulk of every total over more than a day.

    A span in any time zone is its full UTC days from here and its edges from the hours.
    """

    day = models.DateTimeField()

    class Meta:
        db_table = "usage_daily"
        verbose_name = "day of usage"
        verbose_name_plural = "daily usage"
        constraints = [
            models.UniqueConstraint(fields=["project", "day", *_DIMENSIONS], name="usage_daily_key")
        ]
        indexes = [models.Index(fields=["organization", "day"], name="usage_daily_organization")]

    def __str__(self) -> str:
        return f"{self.day:%Y-%m-%d} {self.model} {self.cache_status}"


class UsageLatencyHourly(models.Model):
    """A histogram of latency per hour and cache status, for percentiles that can be added up.

    ``bucket`` indexes ``apps.usage.latency.BOUNDS_MS``.
    """

    hour = models.DateTimeField()
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    cache_status = models.CharField(max_length=16, choices=CACHE_STATUS_CHOICES)
    bucket = models.PositiveSmallIntegerField()
    requests = models.BigIntegerField()

    class Meta:
        db_table = "usage_latency_hourly"
        verbose_name_plural = "hourly latency"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", "cache_status", "bucket"],
                name="usage_latency_hourly_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.cache_status} bucket {self.bucket}"


class LabelHourly(models.Model):
    """Sums of one UTC hour for one value of a label that the project has chosen to be charted.

    Requests without the label are in no row. The second index finds all of one value, to show or
    to delete it.
    """

    hour = models.DateTimeField()
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    name = models.CharField(max_length=64)
    value = models.CharField(max_length=256)
    cache_status = models.CharField(max_length=16, choices=CACHE_STATUS_CHOICES)
    requests = models.BigIntegerField()
    errors = models.BigIntegerField()
    unpriced_requests = models.BigIntegerField()
    prompt_tokens = models.BigIntegerField()
    completion_tokens = models.BigIntegerField()
    cost_nanousd = models.BigIntegerField()
    saved_nanousd = models.BigIntegerField()
    prompt_cache_saved_nanousd = models.BigIntegerField(db_default=0)
    prompt_cache_overpaid_nanousd = models.BigIntegerField(db_default=0)
    latency_ms_sum = models.BigIntegerField()

    class Meta:
        db_table = "usage_label_hourly"
        verbose_name_plural = "hourly usage by label"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "name", "hour", "value", "cache_status"],
                name="usage_label_hourly_key",
            )
        ]
        indexes = [
            models.Index(fields=["project", "name", "value"], name="usage_label_hourly_value")
        ]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.name}={self.value} {self.cache_status}"


class SemanticHourly(models.Model):
    """Semantic hits of one UTC hour, and how those of them that were checked turned out.

    ``mode`` is that of the request, whose target error the hits are held against. ``wrong`` of
    ``checked``: the provider's fresh answer differed from the cached one. Days that an earlier
    release summed, whence the table's name, are in the first hour of their UTC day.
    """

    hour = models.DateTimeField(db_column="day")
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    mode = models.CharField(max_length=16)
    hits = models.BigIntegerField()
    checked = models.BigIntegerField()
    wrong = models.BigIntegerField()

    class Meta:
        db_table = "usage_semantic_daily"
        verbose_name_plural = "hourly semantic hits"
        constraints = [
            models.UniqueConstraint(
                fields=["project", "hour", "mode"], name="usage_semantic_daily_key"
            )
        ]
        indexes = [models.Index(fields=["hour"], name="usage_semantic_daily_day")]

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}:00 {self.mode}: {self.wrong} of {self.checked} wrong"


class RollupState(models.Model):
    """How far the rollup has read: all log rows up to ``last_log_id`` are counted, none after."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_log_id = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "usage_rollup_state"

    def __str__(self) -> str:
        return f"counted up to {self.last_log_id}"
