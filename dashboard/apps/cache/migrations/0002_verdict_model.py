from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F, OuterRef, Subquery, TextField, Value
from django.db.models.functions import Coalesce, Substr


def read_from_the_log(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Verdicts are given by hand, so they are few; each finds its row by its unique request id."""
    del schema_editor
    rows = apps.get_model("usage", "UsageLog").objects.filter(
        request_id=OuterRef("request_id"), project_id=OuterRef("project_id")
    )
    model = Subquery(rows.values("model")[:1], output_field=TextField())
    verdicts = apps.get_model("cache", "SemanticVerdict").objects.alias(found=model)
    verdicts.update(model=Substr(Coalesce(F("found"), Value("")), 1, 128))


class Migration(migrations.Migration):
    dependencies = [
        ("cache", "0001_semantic_evidence"),
        ("usage", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="semanticverdict",
            name="model",
            field=models.CharField(blank=True, default="", max_length=128),
            preserve_default=False,
        ),
        migrations.RunPython(read_from_the_log, migrations.RunPython.noop),
    ]
