"""Writing an alert only once."""

from django.db import transaction

from apps.accounts.models import Organization
from apps.alerts.models import Alert


def first_time(organization: Organization, key: str) -> bool:
    """True for one caller only; call it in the transaction that writes the messages."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("an alert and its messages belong into one transaction")
    _, created = Alert.objects.get_or_create(organization=organization, key=key)
    return created
