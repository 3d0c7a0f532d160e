from django.db import migrations

_NAME = "usage_logs_labels"


def index(apps, schema_editor):
    """PostgreSQL only: SQLite has no index of a JSON object's members. Of rows with labels alone,
    and beside the edge's inserts, which it does not hold up."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_NAME} ON usage_logs "
            "USING gin (labels jsonb_path_ops) WHERE labels IS NOT NULL"
        )


def drop(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {_NAME}")


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("usage", "0008_labels")]

    operations = [migrations.RunPython(index, drop)]
