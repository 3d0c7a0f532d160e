from django.db import migrations, models

import apps.projects.models.project


class Migration(migrations.Migration):
    dependencies = [("projects", "0006_bind_base_url")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="plain_user_labels",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Keep the ids of your users in the request log as they come, not as "
                "pseudonyms.",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="charted_labels",
            field=models.JSONField(
                blank=True,
                db_default=["user", "app"],
                default=apps.projects.models.project.default_charted_labels,
            ),
        ),
    ]
