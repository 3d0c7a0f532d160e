import django.db.models.deletion
from django.db import migrations, models

_KEY = ("project", "name", "hour", "value", "cache_status")


class Migration(migrations.Migration):
    """Before the edge writes labels: a database without the column refuses its rows, and the edge
    then keeps them. An edge that knows no labels leaves the column empty.
    """

    dependencies = [
        ("projects", "0007_labels"),
        ("usage", "0007_semantic_hourly"),
    ]

    operations = [
        migrations.AddField("UsageLog", "labels", models.JSONField(null=True)),
        migrations.CreateModel(
            name="LabelHourly",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("hour", models.DateTimeField()),
                ("name", models.CharField(max_length=64)),
                ("value", models.CharField(max_length=256)),
                (
                    "cache_status",
                    models.CharField(
                        choices=[
                            (status, status)
                            for status in (
                                *("HIT", "HIT-SEMANTIC", "HIT-COALESCED"),
                                *("MISS", "BYPASS", "REFUSED"),
                            )
                        ],
                        max_length=16,
                    ),
                ),
                *(
                    (name, models.BigIntegerField())
                    for name in (
                        *("requests", "errors", "unpriced_requests"),
                        *("prompt_tokens", "completion_tokens"),
                        *("cost_nanousd", "saved_nanousd", "latency_ms_sum"),
                    )
                ),
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
                "db_table": "usage_label_hourly",
                "verbose_name_plural": "hourly usage by label",
                "constraints": [
                    models.UniqueConstraint(fields=_KEY, name="usage_label_hourly_key")
                ],
                "indexes": [
                    models.Index(
                        fields=["project", "name", "value"], name="usage_label_hourly_value"
                    )
                ],
            },
        ),
    ]
