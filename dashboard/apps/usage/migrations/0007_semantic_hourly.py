from django.db import migrations, models

_KEY = "usage_semantic_daily_key"
_INDEX = "usage_semantic_daily_day"


class Migration(migrations.Migration):
    """Semantic hits are summed by the hour, so that a page can add them up to its visitor's days.

    Table and column keep their names, because the release before goes on using them while this one
    is deployed; days that it summed stay in the first hour of their UTC day. The database is left
    alone.
    """

    dependencies = [("usage", "0006_validate_verdicts")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint("SemanticDaily", _KEY),
                migrations.RemoveIndex("SemanticDaily", _INDEX),
                migrations.RenameModel("SemanticDaily", "SemanticHourly"),
                migrations.RenameField("SemanticHourly", "day", "hour"),
                migrations.AlterField(
                    "SemanticHourly", "hour", models.DateTimeField(db_column="day")
                ),
                migrations.AlterModelOptions(
                    "SemanticHourly", {"verbose_name_plural": "hourly semantic hits"}
                ),
                migrations.AddConstraint(
                    "SemanticHourly",
                    models.UniqueConstraint(fields=("project", "hour", "mode"), name=_KEY),
                ),
                migrations.AddIndex("SemanticHourly", models.Index(fields=["hour"], name=_INDEX)),
            ]
        )
    ]
