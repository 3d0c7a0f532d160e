from django.conf import settings
from django.db import migrations

from apps.projects.encryption import seal_credential, unseal_credential
from shared.envelope import FIRST, EnvelopeError

_FIRST = f"{FIRST}."


def bind(apps, schema_editor):
    """Seals each provider key again, bound to provider and base URL beside the project.

    What does not open is left: it did not open before, and the doctor names it.
    """
    credentials = apps.get_model("projects", "ProviderCredential").objects
    for credential in list(credentials.filter(envelope__startswith=_FIRST)):
        place = {
            "project_id": str(credential.project_id),
            "provider": credential.provider,
            "base_url": credential.base_url,
            "keys": settings.ENCRYPTION_KEYS,
        }
        try:
            secret = unseal_credential(credential.envelope, **place)
        except EnvelopeError:
            continue
        # Only as it was read: a credential that a person edits meanwhile is bound by that.
        credentials.filter(pk=credential.pk, envelope=credential.envelope).update(
            envelope=seal_credential(secret, **place)
        )


class Migration(migrations.Migration):
    dependencies = [("projects", "0005_longest_ttl")]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
