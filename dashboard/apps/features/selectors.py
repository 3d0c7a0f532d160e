"""Whether a feature is on. Views ask many times a minute, so the few rows are cached for a
moment."""

from uuid import UUID

from django.core.cache import cache
from django.db.models import Q

from apps.accounts.models import Organization
from apps.features.catalogue import BY_NAME
from apps.features.models import FeatureOverride

CACHE_KEY = "features.overrides"
CACHE_SECONDS = 10
"""Within this a change reaches every process of the dashboard; the one that made it, at once."""

Overrides = dict[tuple[str, UUID | None], bool]


def enabled(name: str, organization: Organization | None = None) -> bool:
    """The organization's own switch, else everybody's, else the default of the catalogue."""
    overrides = _overrides()
    if organization is not None and (name, organization.pk) in overrides:
        return overrides[name, organization.pk]
    return overrides.get((name, None), BY_NAME[name].default)


def switched_off(name: str) -> tuple[bool, set[UUID]]:
    """For queries over all tenants: whether the switch is off by default, and the ids of the
    organizations whose own row says otherwise.
    """
    overrides = _overrides()
    everybody = overrides.get((name, None), BY_NAME[name].default)
    different = {
        organization
        for (feature, organization), on in overrides.items()
        if feature == name and organization is not None and on != everybody
    }
    return not everybody, different


def fresh(name: str, organization_id: UUID) -> bool:
    """Like ``enabled`` but without the memory, for the edge's key record, which must not lag."""
    rows = FeatureOverride.objects.filter(
        Q(organization_id=organization_id) | Q(organization_id=None), feature=name
    )
    found: dict[UUID | None, bool] = dict(rows.values_list("organization_id", "enabled"))
    return found.get(organization_id, found.get(None, BY_NAME[name].default))


def _overrides() -> Overrides:
    found: Overrides | None = cache.get(CACHE_KEY)
    if found is None:
        rows = FeatureOverride.objects.values_list("feature", "organization_id", "enabled")
        found = {(feature, organization): on for feature, organization, on in rows}
        cache.set(CACHE_KEY, found, CACHE_SECONDS)
    return found
