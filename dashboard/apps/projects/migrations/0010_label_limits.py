from django.db import migrations, models

import apps.projects.label_limits


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_edge_untold")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="label_limits",
            field=models.JSONField(
                blank=True,
                null=True,
                validators=[apps.projects.label_limits.validate_label_limits],
            ),
        ),
    ]
