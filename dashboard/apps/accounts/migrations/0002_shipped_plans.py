from dataclasses import asdict

from django.db import migrations

from shared import plans


def create(apps, schema_editor):
    """Seeds the table once; afterwards staff edit the rows."""
    plan_model = apps.get_model("accounts", "Plan")
    # The table of this migration's time: later columns bring their own values.
    columns = {field.name for field in plan_model._meta.get_fields()}
    for sort, plan in enumerate(plans.SHIPPED):
        values = {name: value for name, value in asdict(plan).items() if name in columns}
        plan_model.objects.get_or_create(slug=plan.slug, defaults={**values, "sort": sort})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
