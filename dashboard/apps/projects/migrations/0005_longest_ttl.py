import django.core.validators
from django.db import migrations, models

LONGEST = 30 * 24 * 60 * 60


def shorten(apps, schema_editor):
    """The edge never kept an entry longer: the settings say now what was so before."""
    projects = apps.get_model("projects", "Project").objects
    for name in ("ttl_seconds", "embeddings_ttl_seconds"):
        projects.filter(**{f"{name}__gt": LONGEST}).update(**{name: LONGEST})


class Migration(migrations.Migration):
    dependencies = [("projects", "0004_semantic_check_share")]

    operations = [
        migrations.AlterField(
            model_name="project",
            name="ttl_seconds",
            field=models.PositiveIntegerField(
                default=3600,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(LONGEST),
                ],
                verbose_name="completion TTL (s)",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="embeddings_ttl_seconds",
            field=models.PositiveIntegerField(
                default=86400,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(LONGEST),
                ],
                verbose_name="embedding TTL (s)",
            ),
        ),
        migrations.RunPython(shorten, migrations.RunPython.noop),
    ]
