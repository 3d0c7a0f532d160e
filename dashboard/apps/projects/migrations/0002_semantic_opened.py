from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="project",
            name="semantic_opened",
            field=models.BooleanField(
                default=False,
                help_text=(
                    "At the owner's risk: serve by meaning before checks have bounded the error."
                ),
                verbose_name="semantic hits before there is evidence",
            ),
        ),
        migrations.AlterField(
            model_name="project",
            name="semantic_mode",
            field=models.CharField(
                choices=[("off", "Off"), ("strict", "Strict"), ("balanced", "Balanced")],
                default="strict",
                max_length=16,
            ),
        ),
    ]
