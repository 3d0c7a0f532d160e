"""Prevents the deletion of an organization that still pays."""

from typing import Any

from django.core.exceptions import ValidationError

from apps.accounts.models import Organization
from apps.accounts.signals import organization_deleting
from apps.billing.models import Subscription


def connect() -> None:
    """Called once, when the apps are ready."""
    organization_deleting.connect(_refuse, dispatch_uid="billing.organization_deleting")


def _refuse(organization: Organization, **_details: Any) -> None:
    """Raises ``ValidationError`` while a subscription would go on to charge."""
    running = Subscription.objects.filter(customer__organization=organization, ended_at=None)
    if any(row.is_live and row.cancel_at is None for row in running):
        raise ValidationError("Cancel the subscription first, on the Billing page.")
