from django.db import migrations, models

_SUMS = (
    *("cache_write_tokens", "cache_write_hour_tokens"),
    *("prompt_cache_saved_nanousd", "prompt_cache_overpaid_nanousd"),
)


class Migration(migrations.Migration):
    """Before the edge writes the columns: a database without them refuses its rows, and the edge
    then keeps them. The release before adds sums without them, so they have a default.
    """

    dependencies = [("usage", "0009_index_of_labels")]

    operations = [
        migrations.AddField(
            "UsageLog", "cache_write_tokens", models.PositiveIntegerField(null=True)
        ),
        migrations.AddField(
            "UsageLog", "cache_write_hour_tokens", models.PositiveIntegerField(null=True)
        ),
        migrations.AddField("UsageLog", "prompt_cache_nanousd", models.BigIntegerField(null=True)),
        *(
            migrations.AddField(model, name, models.BigIntegerField(db_default=0))
            for model in ("UsageHourly", "UsageDaily")
            for name in _SUMS
        ),
    ]
