"""Replacing an API key without a moment in which none works."""

from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.projects.models import ApiKey
from apps.projects.services.api_keys import (
    CreatedApiKey,
    api_key_create,
    api_key_revoke,
    api_key_update,
    check_not_made,
)


@transaction.atomic
def api_key_rotate(
    *, api_key: ApiKey, overlap: timedelta, actor: User | None, new_id: UUID | None = None
) -> CreatedApiKey:
    """A new key of the same name and limits; the old one ends after ``overlap``.

    A key that was to live for some time has a successor that lives as long from now on. Without an
    overlap the old key is revoked. Raises ``ValidationError`` for a key that no longer works, and
    ``AlreadyMadeError`` where there is a key with ``new_id``.
    """
    if new_id is not None:
        check_not_made(new_id)
    now = timezone.now()
    old = (
        ApiKey.objects.select_for_update()
        .select_related("project__organization")
        .get(pk=api_key.pk)
    )
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise ValidationError("This key no longer works: create a new one.")
    lifetime = old.expires_at - old.created_at if old.expires_at else None
    created = api_key_create(
        project=old.project,
        name=old.name,
        actor=actor,
        new_id=new_id,
        expires_at=now + lifetime if lifetime else None,
        requests_per_minute=old.requests_per_minute,
        tokens_per_minute=old.tokens_per_minute,
        monthly_budget_nanousd=old.monthly_budget_nanousd,
    )
    if not overlap:
        api_key_revoke(api_key=old, actor=actor)
    elif old.expires_at is None or old.expires_at > now + overlap:
        api_key_update(api_key=old, actor=actor, expires_at=now + overlap)
    return created
