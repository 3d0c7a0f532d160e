import django.core.validators
from django.db import migrations, models


def _rate(**more):
    return models.DecimalField(
        decimal_places=6,
        max_digits=12,
        validators=[django.core.validators.MinValueValidator(0)],
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [("features", "0001_overrides")]

    operations = [
        migrations.CreateModel(
            name="PriceOverride",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=32)),
                ("model", models.CharField(help_text="As the provider names it.", max_length=128)),
                ("input", _rate()),
                ("output", _rate()),
                ("cached_input", _rate(blank=True, null=True)),
                ("cache_write", _rate(blank=True, null=True)),
                ("cache_write_hour", _rate(blank=True, null=True)),
                (
                    "note",
                    models.CharField(blank=True, help_text="Why, for other staff.", max_length=200),
                ),
            ],
            options={
                "verbose_name": "price",
                "db_table": "price_overrides",
                "ordering": ["provider", "model"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "model"),
                        name="price_overrides_of_model",
                        violation_error_message=(
                            "This model has a price already: change that one."
                        ),
                    )
                ],
            },
        ),
    ]
