"""Making and revoking API keys."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.projects.edge_sync import edge_revision_bump
from apps.projects.models import ApiKey, Project
from apps.ui.made_once import AlreadyMadeError
from shared import api_keys


@dataclass(frozen=True, slots=True)
class CreatedApiKey:
    """``plaintext`` exists only here: show it once and do not store it."""

    api_key: ApiKey
    plaintext: str = field(repr=False)


@transaction.atomic
def api_key_create(
    *,
    project: Project,
    name: str,
    actor: User | None,
    new_id: UUID | None = None,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
    tokens_per_minute: int | None = None,
    monthly_budget_nanousd: int | None = None,
) -> CreatedApiKey:
    """A new key with its own limits beside the plan's (None: no limit of its own).

    Raises ``AlreadyMadeError`` where there is a key with ``new_id``.
    """
    new_id = new_id or uuid4()
    check_not_made(new_id)
    plaintext = api_keys.generate()
    api_key = ApiKey(
        id=new_id,
        project=project,
        name=name,
        prefix=api_keys.prefix(plaintext),
        last4=api_keys.last4(plaintext),
        key_hash=api_keys.key_hash(plaintext, settings.API_KEY_PEPPER),
        created_by=actor,
        expires_at=expires_at,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        monthly_budget_nanousd=monthly_budget_nanousd,
    )
    api_key.full_clean()
    try:
        with transaction.atomic():
            api_key.save(force_insert=True)
    except IntegrityError as error:  # made by another request since the check
        raise AlreadyMadeError from error
    _changed(api_key, actor, "api_key.create", {"masked": api_key.masked})
    return CreatedApiKey(api_key, plaintext)


def check_not_made(new_id: UUID) -> None:
    """Raises ``AlreadyMadeError``."""
    if ApiKey.objects.filter(pk=new_id).exists():
        raise AlreadyMadeError


@transaction.atomic
def api_key_update(*, api_key: ApiKey, actor: User | None, **values: Any) -> ApiKey:
    """Sets name, expiry or limits."""
    changes = apply_changes(api_key, values)
    if changes:
        _changed(api_key, actor, "api_key.update", changes)
    return api_key


@transaction.atomic
def api_key_revoke(*, api_key: ApiKey, actor: User | None) -> ApiKey:
    """The key stops working, for good. Revoking twice changes nothing."""
    if api_key.revoked_at is None:
        api_key.revoked_at = timezone.now()
        api_key.save(update_fields=["revoked_at"])
        _changed(api_key, actor, "api_key.revoke", {"masked": api_key.masked})
    return api_key


def _changed(api_key: ApiKey, actor: User | None, action: str, data: dict[str, Any]) -> None:
    edge_revision_bump(Project.objects.filter(pk=api_key.project_id))
    audit_record(
        action=action,
        actor=actor,
        target=api_key,
        organization=api_key.project.organization,
        project_id=api_key.project_id,
        data=data,
    )
