"""One row per request, written by the edge (``shared.usage_events`` is the row contract)."""

from django.db import models

from shared import usage_events

CACHE_STATUS_CHOICES = [(status, status) for status in usage_events.CACHE_STATUSES]


class UsageLog(models.Model):
    """Built for many millions of rows, so each index is paid for by a page that needs it.

    - the primary key: the rollup's watermark, and staff paging over all tenants;
    - ``request_id``: the edge may send a row twice;
    - ``(project, ts, id)``: a project's log, paged by key in time order, and retention;
    - the same of semantic hits, of those that were checked, and of near misses, alone: the page on
      semantic quality, which shows the latest of what is rare;
    - ``(project, ts)`` of hits with their cache key and saving: the most used entries, read from
      the index alone;
    - on PostgreSQL, labels by name and value (GIN): the requests of one user or session.

    The foreign keys carry no constraint and no index: the insert policy checks once that project,
    organization and key belong together, and a project is deleted in batches over the third index.
    Texts are null where the contract says so; those that a client or a provider chooses have no
    maximum length, because one long name would refuse the edge's whole batch.
    """

    id = models.BigAutoField(primary_key=True)
    request_id = models.CharField(max_length=128)
    ts = models.DateTimeField()
    project = models.ForeignKey(
        "projects.Project",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    organization = models.ForeignKey(
        "accounts.Organization",
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
    provider = models.CharField(max_length=32, null=True)
    model = models.TextField(null=True)
    stream = models.BooleanField()
    cache_status = models.CharField(max_length=16, choices=CACHE_STATUS_CHOICES)
    cache_key = models.CharField(max_length=64, null=True)
    similarity = models.FloatField(null=True)
    prompt_tokens = models.PositiveIntegerField(null=True)
    completion_tokens = models.PositiveIntegerField(null=True)
    cached_tokens = models.PositiveIntegerField(null=True)
    cache_write_tokens = models.PositiveIntegerField(null=True)
    cache_write_hour_tokens = models.PositiveIntegerField(null=True)
    cost_nanousd = models.BigIntegerField(null=True)
    saved_nanousd = models.BigIntegerField(null=True)
    prompt_cache_nanousd = models.BigIntegerField(null=True)
    latency_ms = models.PositiveIntegerField()
    upstream_ms = models.PositiveIntegerField(null=True)
    ttfb_ms = models.PositiveIntegerField(null=True)
    status = models.PositiveSmallIntegerField()
    error_code = models.TextField(null=True)
    decision = models.JSONField(null=True)
    prompt = models.TextField(null=True)
    response = models.TextField(null=True)
    labels = models.JSONField(null=True)

    class Meta:
        db_table = "usage_logs"
        verbose_name = "request"
        constraints = [
            # Not unique=True: on PostgreSQL that adds a second index for LIKE.
            models.UniqueConstraint(fields=["request_id"], name="usage_logs_request_id_key"),
            models.CheckConstraint(
                condition=models.Q(cache_status__in=usage_events.CACHE_STATUSES),
                name="usage_logs_cache_status_check",
            ),
        ]
        indexes = [
            models.Index(fields=["project", "ts", "id"], name="usage_logs_project_ts"),
            models.Index(
                fields=["project", "ts", "id"],
                condition=models.Q(cache_status=usage_events.HIT_SEMANTIC),
                name="usage_logs_semantic",
            ),
            models.Index(
                fields=["project", "ts", "id"],
                condition=models.Q(
                    cache_status=usage_events.HIT_SEMANTIC, decision__has_key="agreed"
                ),
                name="usage_logs_checked",
            ),
            models.Index(
                fields=["project", "ts", "id"],
                condition=models.Q(cache_status=usage_events.MISS, decision__has_key="agreed"),
                name="usage_logs_near",
            ),
            models.Index(
                fields=["project", "ts"],
                include=["cache_key", "saved_nanousd"],
                condition=models.Q(cache_status__in=usage_events.HITS),
                name="usage_logs_hits",
            ),
        ]

    def __str__(self) -> str:
        return self.request_id
