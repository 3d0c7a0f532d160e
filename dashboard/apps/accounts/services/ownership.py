"""Transferring the ownership of an organization."""

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Membership, Organization, Role, User
from apps.audit.services import audit_record


@transaction.atomic
def ownership_transfer(*, organization: Organization, to: Membership, actor: User) -> None:
    """``to`` becomes an owner, the acting owner an admin. Other owners stay.

    Raises ``ValidationError`` unless the acting person owns the organization and ``to`` is another
    member of it.
    """
    members = {
        member.user_id: member
        for member in Membership.objects.select_for_update().filter(
            organization=organization, user_id__in=[actor.pk, to.user_id]
        )
    }
    own, new = members.get(actor.pk), members.get(to.user_id)
    if own is None or new is None or own == new or own.role != Role.OWNER:
        raise ValidationError("Only an owner can hand over, and only to another member.")
    Membership.objects.filter(pk=new.pk).update(role=Role.OWNER)
    Membership.objects.filter(pk=own.pk).update(role=Role.ADMIN)
    audit_record(
        action="organization.transfer",
        actor=actor,
        target=organization,
        organization=organization,
        data={"from": actor.email, "to": to.user.email},
    )
