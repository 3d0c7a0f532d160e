"""Beginning and ending a visit, and recording what was done in it.

An entry goes to the audit log of every organization of the person, so that each customer sees who
looked at their pages, why, and what was changed.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Literal

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.audit.services import audit_record
from apps.impersonation.models import Impersonation
from apps.impersonation.rules import WRITE, refusal

LASTS = timedelta(minutes=60)
SHORTEST_REASON = 10

End = Literal["stopped", "expired", "signed out", "no longer permitted", "replaced"]


@transaction.atomic
def impersonation_start(*, staff: User, user: User, reason: str, may_write: bool) -> Impersonation:
    """Starts a visit of one hour. A running visit of the same staff member ends.

    Raises ``PermissionDenied`` with the reason when ``rules`` forbid it, ``ValidationError`` for a
    reason that says nothing.
    """
    if why_not := refusal(staff, user):
        raise PermissionDenied(why_not)
    if may_write and not staff.has_perm(WRITE):
        raise PermissionDenied("You may look, but not change anything.")
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise ValidationError("Say why, so that the customer understands: a ticket, a question.")
    for running in Impersonation.objects.filter(staff=staff, ended_at=None):
        impersonation_end(impersonation=running, how="replaced")
    now = timezone.now()
    impersonation = Impersonation(
        staff=staff,
        user=user,
        reason=reason,
        may_write=may_write,
        started_at=now,
        expires_at=now + LASTS,
    )
    impersonation.full_clean()
    impersonation.save()
    _record(
        impersonation,
        "start",
        {
            "reason": reason,
            "access": "read and write" if may_write else "read only",
            "until": impersonation.expires_at.isoformat(timespec="minutes"),
        },
    )
    return impersonation


@transaction.atomic
def impersonation_end(*, impersonation: Impersonation, how: End) -> bool:
    """False when it had already ended; nothing is recorded then."""
    ended = Impersonation.objects.filter(pk=impersonation.pk, ended_at=None).update(
        ended_at=timezone.now()
    )
    if ended:
        _record(impersonation, "stop", {"how": how})
    return bool(ended)


def impersonations_expire_due() -> int:
    """Ends visits whose hour is over although nobody came back to notice."""
    over = Impersonation.objects.filter(ended_at=None, expires_at__lte=timezone.now())
    return sum(
        impersonation_end(impersonation=found, how="expired")
        for found in over.select_related("staff", "user")
    )


def impersonation_record_change(
    *,
    impersonation: Impersonation,
    method: str,
    path: str,
    status: int,
    organization: Organization | None,
) -> None:
    """Records a request that could change something. ``organization``: the page's, or None."""
    _record(
        impersonation,
        "change",
        {"request": f"{method} {path}"[:500], "status": status},
        [organization] if organization else None,
    )


def _record(
    impersonation: Impersonation,
    verb: str,
    data: dict[str, Any],
    organizations: Iterable[Organization] | None = None,
) -> None:
    if organizations is None:
        organizations = impersonation.user.organizations.all()
    # Somebody without an organization still leaves a trace for staff.
    recorded: list[Organization | None] = [*organizations]
    for organization in recorded or [None]:
        audit_record(
            action=f"impersonation.{verb}",
            actor=impersonation.staff,
            target=impersonation.user,
            organization=organization,
            data=data,
        )
