"""Setting fields and remembering what they were."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Model


def apply_changes(instance: Model, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Sets ``values`` on ``instance`` and saves what differs.

    Returns ``{field: {"from": …, "to": …}}`` of the real changes in JSON-ready form; empty when
    there were none, and then nothing was saved. Raises ``ValidationError`` before writing.
    """
    changed: dict[str, dict[str, Any]] = {}
    for name, new in values.items():
        old = getattr(instance, name)
        if old != new:
            setattr(instance, name, new)
            changed[name] = {"from": _plain(old), "to": _plain(new)}
    if changed:
        instance.full_clean()
        instance.save(update_fields=list(changed))
    return changed


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return str(value)
