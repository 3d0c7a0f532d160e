"""Adding members to an organization and changing their roles."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Membership, Organization, Role, User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record


@transaction.atomic
def membership_create(
    *, organization: Organization, user: User, role: str, actor: User | None
) -> Membership:
    """Raises ``ValidationError`` when the person is a member already."""
    membership = Membership(organization=organization, user=user, role=role)
    membership.full_clean()
    membership.save()
    audit_record(
        action="membership.create",
        actor=actor,
        target=membership,
        organization=organization,
        data={"email": user.email, "role": role},
    )
    return membership


@transaction.atomic
def membership_update(*, membership: Membership, role: str, actor: User | None) -> Membership:
    """Raises ``ValidationError`` when it would leave the organization without an owner."""
    if role != Role.OWNER:
        _refuse_last_owner(membership)
    changes = apply_changes(membership, {"role": role})
    if changes:
        audit_record(
            action="membership.update",
            actor=actor,
            target=membership,
            organization=membership.organization,
            data={"email": membership.user.email, **changes},
        )
    return membership


@transaction.atomic
def membership_delete(*, membership: Membership, actor: User | None) -> None:
    """Raises ``ValidationError`` when it would leave the organization without an owner."""
    _refuse_last_owner(membership)
    audit_record(
        action="membership.delete",
        actor=actor,
        target=membership,
        organization=membership.organization,
        data={"email": membership.user.email, "role": membership.role},
    )
    membership.delete()


def _refuse_last_owner(membership: Membership) -> None:
    # The owners' rows are locked, so that two owners cannot remove each other at the same time.
    owners = list(
        Membership.objects.select_for_update()
        .filter(organization=membership.organization_id, role=Role.OWNER)
        .values_list("pk", flat=True)
    )
    if owners == [membership.pk]:
        raise ValidationError("An organization needs an owner.")
