"""Prices that staff have set in place of the shipped table's. They are a part of every key record,
so the edge has them within a minute."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import User
from apps.audit.changes import apply_changes
from apps.audit.services import audit_record
from apps.features.models import PriceOverride

MOST_PRICES = 100
"""Each is a part of every key record."""
RATES = ("input", "output", "cached_input", "cache_write", "cache_write_hour")


def price_overrides() -> list[dict[str, Any]]:
    """One query: as the key record has them, US dollars per million tokens."""
    rows = PriceOverride.objects.order_by("provider", "model").values("provider", "model", *RATES)
    return [
        {
            "provider": row["provider"],
            "model": row["model"],
            **{name: None if row[name] is None else float(row[name]) for name in RATES},
        }
        for row in rows
    ]


@transaction.atomic
def price_override_create(*, actor: User | None, **values: Any) -> PriceOverride:
    """Raises ``ValidationError`` for a second price of a model, and for one price too many."""
    if PriceOverride.objects.count() >= MOST_PRICES:
        raise ValidationError(f"There are {MOST_PRICES} prices already: delete one first.")
    override = PriceOverride(**values)
    override.full_clean()
    override.save()
    _record("create", override, actor)
    return override


@transaction.atomic
def price_override_update(
    *, override: PriceOverride, actor: User | None, **values: Any
) -> PriceOverride:
    """Sets rates and note."""
    if apply_changes(override, values):
        _record("update", override, actor)
    return override


@transaction.atomic
def price_override_delete(*, override: PriceOverride, actor: User | None) -> None:
    """Back to the shipped table."""
    _record("delete", override, actor)
    override.delete()


def _record(verb: str, override: PriceOverride, actor: User | None) -> None:
    rates = {name: str(getattr(override, name)) for name in RATES}
    audit_record(action=f"price.{verb}", actor=actor, target=override, data=rates)
