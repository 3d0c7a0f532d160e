from django.db import migrations, models

_SUMS = ("prompt_cache_saved_nanousd", "prompt_cache_overpaid_nanousd")


class Migration(migrations.Migration):
    """The release before adds sums without the columns, so they have a default."""

    dependencies = [("usage", "0011_read_keys")]

    operations = [
        migrations.AddField("LabelHourly", name, models.BigIntegerField(db_default=0))
        for name in _SUMS
    ]
