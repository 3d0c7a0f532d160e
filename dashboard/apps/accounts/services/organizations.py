"""Changes to organizations and their members."""

import secrets
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.signals import key_records_changed
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record

DEFAULT_PLAN = "free"


@transaction.atomic
def organization_create(
    *,
    name: str,
    owner: User | None,
    actor: User | None,
    plan: Plan | None = None,
    slug: str | None = None,
) -> Organization:
    """Without ``plan`` it starts on Free; without ``slug`` a free one is made from the name.

    An organization without an owner is made by staff or a seed. Raises ``ValidationError``.
    """
    organization = Organization(
        name=name,
        slug=slug or _free_slug(name),
        plan=plan or Plan.objects.get(slug=DEFAULT_PLAN),
    )
    organization.full_clean()
    organization.save()
    if owner is not None:
        Membership.objects.create(organization=organization, user=owner, role=Role.OWNER)
    audit_record(
        action="organization.create",
        actor=actor,
        target=organization,
        organization=organization,
        data={"plan": organization.plan.slug},
    )
    return organization


@transaction.atomic
def organization_update(
    *, organization: Organization, actor: User | None, **values: Any
) -> Organization:
    """Sets fields of the organization: name, plan, overrides, ``disabled_at``."""
    changes = apply_changes(organization, values)
    if changes:
        key_records_changed.send(
            sender=Organization, organizations=Organization.objects.filter(pk=organization.pk)
        )
        audit_record(
            action="organization.update",
            actor=actor,
            target=organization,
            organization=organization,
            data=changes,
        )
    return organization


def _free_slug(name: str) -> str:
    base = slugify(name)[:50] or "organization"
    if not Organization.objects.filter(slug=base).exists():
        return base
    return f"{base}-{secrets.token_hex(3)}"
