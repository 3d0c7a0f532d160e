from django.db import migrations, models

STATUSES = ("HIT", "HIT-SEMANTIC", "HIT-COALESCED", "MISS", "BYPASS", "REFUSED")
_CHECK = models.CheckConstraint(
    condition=models.Q(("cache_status__in", STATUSES)), name="usage_logs_cache_status_check"
)


def widen(apps, schema_editor):
    """On PostgreSQL without reading the table: what was allowed before is allowed now, and the
    next migration has the database find that out while the edge goes on writing.
    """
    model = apps.get_model("usage", "UsageLog")
    old = next(one for one in model._meta.constraints if one.name == _CHECK.name)
    if schema_editor.connection.vendor == "postgresql":
        listed = ", ".join(f"'{status}'" for status in STATUSES)
        schema_editor.execute(
            f"ALTER TABLE usage_logs DROP CONSTRAINT {_CHECK.name}, "
            f"ADD CONSTRAINT {_CHECK.name} CHECK (cache_status IN ({listed})) NOT VALID"
        )
        return
    schema_editor.remove_constraint(model, old)
    model._meta.constraints.remove(old)
    schema_editor.add_constraint(model, _CHECK)


class Migration(migrations.Migration):
    """Before the edge writes the verdict: a database without it refuses such rows, and the edge
    then keeps them in Redis and tries again each hour.

    Nothing goes back: rows with the verdict may be there.
    """

    dependencies = [("usage", "0004_indexes_of_hits")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(widen, migrations.RunPython.noop)],
            state_operations=[
                migrations.RemoveConstraint("UsageLog", _CHECK.name),
                migrations.AddConstraint("UsageLog", _CHECK),
            ],
        ),
        *(
            migrations.AlterField(
                name,
                "cache_status",
                models.CharField(max_length=16, choices=[(one, one) for one in STATUSES]),
            )
            for name in ("UsageLog", "UsageHourly", "UsageDaily", "UsageLatencyHourly")
        ),
    ]
