from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("projects", "0001_initial"),
        ("usage", "0003_quota_and_semantic_sums"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="usagelog",
            index=models.Index(
                condition=models.Q(("cache_status", "HIT-SEMANTIC")),
                fields=["project", "ts", "id"],
                name="usage_logs_semantic",
            ),
        ),
        migrations.AddIndex(
            model_name="usagelog",
            index=models.Index(
                condition=models.Q(
                    ("cache_status", "HIT-SEMANTIC"), ("decision__has_key", "agreed")
                ),
                fields=["project", "ts", "id"],
                name="usage_logs_checked",
            ),
        ),
        migrations.AddIndex(
            model_name="usagelog",
            index=models.Index(
                condition=models.Q(("cache_status", "MISS"), ("decision__has_key", "agreed")),
                fields=["project", "ts", "id"],
                name="usage_logs_near",
            ),
        ),
        migrations.AddIndex(
            model_name="usagelog",
            index=models.Index(
                condition=models.Q(("cache_status__in", ("HIT", "HIT-SEMANTIC", "HIT-COALESCED"))),
                fields=["project", "ts"],
                include=("cache_key", "saved_nanousd"),
                name="usage_logs_hits",
            ),
        ),
    ]
