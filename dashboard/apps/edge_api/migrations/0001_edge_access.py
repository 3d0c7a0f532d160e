from django.db import migrations

from apps.edge_api import postgres


def install(apps, schema_editor):
    postgres.install(schema_editor.connection)


def uninstall(apps, schema_editor):
    postgres.uninstall(schema_editor.connection)


class Migration(migrations.Migration):
    """PostgreSQL only: the edge's role, functions and row-level security."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("projects", "0002_semantic_opened"),
        ("usage", "0001_initial"),
    ]

    operations = [migrations.RunPython(install, uninstall)]
