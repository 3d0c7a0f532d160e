"""Sums of what counts against the quota, and of what checks of semantic hits found."""

import django.db.models.deletion
from django.db import migrations, models

# As ``apps.usage.quota`` had it then.
_REFUSED = """upstream_ms IS NULL AND error_code IN ('rate_limit_exceeded', 'quota_exceeded',
        'invalid_request', 'invalid_json', 'invalid_header', 'request_too_large', 'unknown_url',
        'method_not_allowed')"""

_TABLES = {
    "usage_hourly": (
        "hour",
        {
            "postgresql": "date_trunc('hour', ts, 'UTC')",
            "sqlite": "strftime('%Y-%m-%d %H:00:00', ts)",
        },
    ),
    "usage_daily": (
        "day",
        {
            "postgresql": "date_trunc('day', ts, 'UTC')",
            "sqlite": "strftime('%Y-%m-%d 00:00:00', ts)",
        },
    ),
}
_KEY = "project_id, api_key_id, endpoint, provider, model, cache_status, organization_id"

_SUBTRACT = """
UPDATE {table} SET quota_requests = {table}.requests - refused.requests
FROM (
    SELECT {start} AS start, project_id, api_key_id, endpoint,
        COALESCE(provider, '') AS provider, SUBSTR(COALESCE(model, ''), 1, 128) AS model,
        cache_status, organization_id, COUNT(*) AS requests
    FROM usage_logs
    WHERE {refused} AND id <= (SELECT COALESCE(MAX(last_log_id), 0) FROM usage_rollup_state)
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
) refused
WHERE {table}.{unit} = refused.start AND {same}
"""


def count_what_was_summed(apps, schema_editor):
    """All requests, but for the refused ones that the log still has."""
    for table, (unit, start) in _TABLES.items():
        schema_editor.execute(f"UPDATE {table} SET quota_requests = requests")  # noqa: S608
        schema_editor.execute(
            _SUBTRACT.format(
                table=table,
                unit=unit,
                start=start[schema_editor.connection.vendor],
                refused=_REFUSED,
                same=" AND ".join(f"{table}.{name} = refused.{name}" for name in _KEY.split(", ")),
            ),
            params=None,
        )


class Migration(migrations.Migration):
    dependencies = [
        ("projects", "0001_initial"),
        ("usage", "0002_usage_daily"),
    ]

    operations = [
        migrations.CreateModel(
            name="SemanticDaily",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("day", models.DateTimeField()),
                ("mode", models.CharField(max_length=16)),
                ("hits", models.BigIntegerField()),
                ("checked", models.BigIntegerField()),
                ("wrong", models.BigIntegerField()),
                (
                    "project",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "daily semantic hits",
                "db_table": "usage_semantic_daily",
                "indexes": [models.Index(fields=["day"], name="usage_semantic_daily_day")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "day", "mode"), name="usage_semantic_daily_key"
                    )
                ],
            },
        ),
        migrations.AddField(
            "usagehourly",
            "quota_requests",
            models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(
            "usagedaily",
            "quota_requests",
            models.BigIntegerField(default=0),
            preserve_default=False,
        ),
        migrations.RunPython(count_what_was_summed, migrations.RunPython.noop),
    ]
