from dataclasses import asdict

from django.db import migrations

from shared import plans


def create(apps, schema_editor):
    """Seeds the table once; afterwards staff edit the rows."""
    plan_model = apps.get_model("accounts", "Plan")
    for sort, plan in enumerate(plans.SHIPPED):
        plan_model.objects.get_or_create(slug=plan.slug, defaults={**asdict(plan), "sort": sort})


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
