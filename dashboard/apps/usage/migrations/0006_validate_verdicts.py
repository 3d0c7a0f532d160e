from django.db import migrations


def validate(apps, schema_editor):
    """In a transaction of its own: the lock that it takes lets inserts pass."""
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "ALTER TABLE usage_logs VALIDATE CONSTRAINT usage_logs_cache_status_check"
        )


class Migration(migrations.Migration):
    dependencies = [("usage", "0005_verdict_refused")]

    operations = [migrations.RunPython(validate, migrations.RunPython.noop)]
