from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0007_labels")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="prompt_cache",
            field=models.CharField(
                choices=[
                    ("off", "Off"),
                    ("auto", "Place markers"),
                    ("tune", "Place markers, and choose the lifetime of those in the request"),
                ],
                db_default="off",
                default="off",
                max_length=8,
                verbose_name="providers' prompt caches",
            ),
        ),
    ]
