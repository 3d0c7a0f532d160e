"""Where the bound on wrong semantic hits has crossed its target."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_initial"),
        ("projects", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="SemanticBound",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("mode", models.CharField(max_length=16)),
                ("exceeded", models.BooleanField(default=False)),
                ("crossings", models.PositiveIntegerField(default=0)),
                ("changed_at", models.DateTimeField(auto_now=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="semantic_bounds",
                        to="projects.project",
                    ),
                ),
            ],
            options={
                "db_table": "semantic_bounds",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "mode"), name="semantic_bounds_unique"
                    )
                ],
            },
        ),
    ]
