"""Deleting an organization. Its members are removed at once, its projects as when each is deleted
by itself. The organization's row, invoices and audit log are kept for accounting. Sums of usage go
with the projects a day later (``apps.usage.erasure``), as nobody is left whose month must add up.
"""

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Organization, User
from apps.accounts.services.organizations import organization_update
from apps.accounts.signals import organization_deleting
from apps.audit.services import audit_record


@transaction.atomic
def organization_delete(*, organization: Organization, actor: User) -> None:
    """Raises ``ValidationError`` while a subscription would go on to charge."""
    organization_deleting.send(sender=Organization, organization=organization, actor=actor)
    now = timezone.now()
    Invitation.objects.filter(organization=organization, accepted_at=None, revoked_at=None).update(
        revoked_at=now
    )
    organization_update(organization=organization, actor=actor, disabled_at=now)
    audit_record(
        action="organization.delete",
        actor=actor,
        target=organization,
        organization=organization,
    )
    Membership.objects.filter(organization=organization).delete()
