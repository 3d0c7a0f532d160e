"""Turning switches. Those that the edge reads are part of the key record, and reach it like any
other change."""

from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import Organization, User
from apps.accounts.signals import key_records_changed
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.features.catalogue import BY_NAME, SEMANTIC_CACHE
from apps.features.models import FeatureOverride
from apps.features.selectors import CACHE_KEY

AT_THE_EDGE = frozenset({SEMANTIC_CACHE})
"""Switches that are part of a key record (``apps.projects.selectors``)."""


@transaction.atomic
def feature_override_create(
    *,
    feature: str,
    organization: Organization | None,
    enabled: bool,
    actor: User | None,
    note: str = "",
) -> FeatureOverride:
    """Raises ``ValidationError`` for an unknown switch, one that is global, or a second row."""
    if feature not in BY_NAME:
        raise ValidationError({"feature": "There is no such switch."})
    if organization is not None and not BY_NAME[feature].per_organization:
        raise ValidationError({"organization": "This switch is for everybody or nobody."})
    override = FeatureOverride(
        feature=feature, organization=organization, enabled=enabled, note=note, changed_by=actor
    )
    override.full_clean()
    override.save()
    _changed(override, "create", actor, {"on": enabled, "note": note})
    return override


@transaction.atomic
def feature_override_update(
    *, override: FeatureOverride, actor: User | None, **values: Any
) -> FeatureOverride:
    """Sets ``enabled`` and ``note``."""
    changes = apply_changes(override, values)
    if changes:
        FeatureOverride.objects.filter(pk=override.pk).update(changed_by=actor)
        _changed(override, "update", actor, changes)
    return override


@transaction.atomic
def feature_override_delete(*, override: FeatureOverride, actor: User | None) -> None:
    """Back to the switch for everybody, or to the default."""
    _changed(override, "delete", actor, {"on": override.enabled})
    override.delete()


def _changed(
    override: FeatureOverride, verb: str, actor: User | None, data: dict[str, Any]
) -> None:
    audit_record(
        action=f"feature.{verb}",
        actor=actor,
        target=override,
        organization=override.organization,
        data=data,
    )
    if override.feature in AT_THE_EDGE:
        organizations = Organization.objects.all()
        if override.organization is not None:
            organizations = organizations.filter(pk=override.organization.pk)
        key_records_changed.send(sender=FeatureOverride, organizations=organizations)
    # Cleared now for later reads in this transaction, and again after the commit for other
    # processes.
    cache.delete(CACHE_KEY)
    transaction.on_commit(lambda: cache.delete(CACHE_KEY))
