from django.db import migrations, models

from shared import plans


def limit_shipped(apps, schema_editor):
    """The shipped plans get the limit that they ship with; plans of the staff's own stay without."""
    plan_model = apps.get_model("accounts", "Plan")
    for plan in plans.SHIPPED:
        plan_model.objects.filter(slug=plan.slug).update(concurrent_streams=plan.concurrent_streams)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_invitations")]

    operations = [
        migrations.AddField(
            model_name="plan",
            name="concurrent_streams",
            field=models.PositiveIntegerField(
                blank=True,
                help_text="Open at the provider at once, per project. Empty: unlimited.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="organization",
            name="override_concurrent_streams",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.RunPython(limit_shipped, migrations.RunPython.noop),
    ]
