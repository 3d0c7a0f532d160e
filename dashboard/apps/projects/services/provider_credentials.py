"""A project's own provider keys."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.projects.edge_sync import edge_revision_bump
from apps.projects.encryption import seal_credential
from apps.projects.models import Project, ProviderCredential


@transaction.atomic
def provider_credential_create(
    *,
    project: Project,
    provider: str,
    secret: str,
    actor: User | None,
    label: str = "",
    priority: int = 0,
    base_url: str | None = None,
) -> ProviderCredential:
    """Seals ``secret`` for the edge; it cannot be read back here. Raises ``ValidationError``."""
    credential = ProviderCredential(
        project=project,
        provider=provider,
        label=label,
        envelope=_sealed(secret, project, provider, base_url),
        last4=secret[-4:],
        priority=priority,
        base_url=base_url,
        created_by=actor,
    )
    credential.full_clean()
    credential.save()
    _changed(credential, actor, "provider_credential.create", {"provider": provider})
    return credential


@transaction.atomic
def provider_credential_update(
    *, credential: ProviderCredential, actor: User | None, secret: str = "", **values: Any
) -> ProviderCredential:
    """Sets label, priority or base URL, and the key if ``secret`` is one.

    A new base URL needs the key again: whoever may edit a credential could otherwise have a key
    that they cannot read sent to a server of theirs. Raises ``ValidationError``.
    """
    moved = "base_url" in values and values["base_url"] != credential.base_url
    if moved and not secret:
        raise ValidationError({"secret": "A new base URL needs the key again."})
    changes = apply_changes(credential, values)
    if secret:
        credential.envelope = _sealed(
            secret, credential.project, credential.provider, credential.base_url
        )
        credential.last4 = secret[-4:]
        credential.save(update_fields=["envelope", "last4"])
        changes["secret"] = {"to": credential.masked}
    if changes:
        _changed(credential, actor, "provider_credential.update", changes)
    return credential


def provider_credential_disable(
    *, credential: ProviderCredential, actor: User | None
) -> ProviderCredential:
    """The edge stops using it. Disabling twice changes nothing."""
    if credential.disabled_at is not None:
        return credential
    return provider_credential_update(
        credential=credential, actor=actor, disabled_at=timezone.now()
    )


def _sealed(secret: str, project: Project, provider: str, base_url: str | None) -> str:
    return seal_credential(
        secret,
        project_id=str(project.pk),
        provider=provider,
        base_url=base_url,
        keys=settings.ENCRYPTION_KEYS,
    )


def _changed(
    credential: ProviderCredential, actor: User | None, action: str, data: dict[str, Any]
) -> None:
    edge_revision_bump(Project.objects.filter(pk=credential.project_id))
    audit_record(
        action=action,
        actor=actor,
        target=credential,
        organization=credential.project.organization,
        project_id=credential.project_id,
        data=data,
    )
