"""Making, finding and ending keys of the Usage API."""

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects.models import Project
from apps.ui.made_once import AlreadyMadeError
from apps.usage.models import ReadKey

PREFIX = "lgr_"
MOST_KEYS = 20
_USED_EVERY = timedelta(minutes=1)


class TooManyReadKeysError(Exception):
    """The project has as many keys as it may have."""


@transaction.atomic
def read_key_create(
    *, project: Project, new_id: UUID, name: str, scopes: list[str], actor: User | None
) -> tuple[ReadKey, str]:
    """The key's row and the key itself, which is shown once.

    Raises ``AlreadyMadeError`` where there is a key with ``new_id``, and ``TooManyReadKeysError``.
    """
    if ReadKey.objects.filter(pk=new_id).exists():
        raise AlreadyMadeError
    live = ReadKey.objects.filter(project=project, revoked_at=None)
    if live.count() >= MOST_KEYS:
        raise TooManyReadKeysError
    text = PREFIX + secrets.token_urlsafe(32)
    made = ReadKey(
        id=new_id,
        project=project,
        name=name,
        key_hash=_hash(text),
        last4=text[-4:],
        scopes=scopes,
    )
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:  # made by another request since the check
        raise AlreadyMadeError from error
    audit_record(
        action="read_key.create",
        actor=actor,
        target=made,
        organization=project.organization,
        project_id=project.pk,
        data={"scopes": ", ".join(scopes)},
    )
    return made, text


@transaction.atomic
def read_key_revoke(*, project: Project, read_key_id: UUID, actor: User | None) -> ReadKey | None:
    """The key, which opens nothing any more; None where the project has no such working key."""
    found = (
        ReadKey.objects.select_for_update()
        .filter(project=project, pk=read_key_id, revoked_at=None)
        .first()
    )
    if found is None:
        return None
    found.revoked_at = timezone.now()
    found.save(update_fields=["revoked_at"])
    audit_record(
        action="read_key.revoke",
        actor=actor,
        target=found,
        organization=project.organization,
        project_id=project.pk,
    )
    return found


def read_key_find(text: str) -> ReadKey | None:
    """The working key of a live project; notes, to the minute, that it was used."""
    if not text.startswith(PREFIX):
        return None
    found = (
        ReadKey.objects.select_related("project__organization__plan")
        .filter(
            key_hash=_hash(text),
            revoked_at=None,
            project__archived_at=None,
            project__organization__disabled_at=None,
        )
        .first()
    )
    now = timezone.now()
    if found and (found.last_used_at is None or now - found.last_used_at > _USED_EVERY):
        ReadKey.objects.filter(pk=found.pk).update(last_used_at=now)
    return found


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
