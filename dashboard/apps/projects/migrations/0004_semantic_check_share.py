import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0003_log_retention_and_deletion")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="semantic_check_share",
            field=models.FloatField(
                blank=True,
                help_text=(
                    "From 0 to 1; a check asks the provider too. Empty: as the evidence needs it."
                ),
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(0),
                    django.core.validators.MaxValueValidator(1),
                ],
                verbose_name="share of semantic hits that are checked",
            ),
        ),
    ]
