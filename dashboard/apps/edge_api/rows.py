"""Usage rows from JSON, with the refusals PostgreSQL would give.

The columns are those granted to the edge's role: the row contract of ``shared.usage_events``.
"""

from __future__ import annotations  # Field[…] exists in the stubs only

import json
from datetime import UTC
from typing import Any, NoReturn
from uuid import UUID

from django.db import models
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from apps.edge_api import errors
from apps.edge_api.errors import PostgrestError
from apps.projects.models import ApiKey
from apps.usage.models import UsageLog
from shared import usage_events

_FIELDS: dict[str, models.Field[Any, Any]] = {
    field.attname: field
    for field in UsageLog._meta.concrete_fields
    if field.attname in usage_events.COLUMNS
}
_INTEGER_LIMITS = {
    "PositiveSmallIntegerField": ("smallint", 2**15),
    "PositiveIntegerField": ("integer", 2**31),
    "BigIntegerField": ("bigint", 2**63),
}


def parse_rows(payload: Any, *, columns: list[str] | None) -> list[UsageLog]:
    """``payload`` is one object or an array of objects; ``columns`` is PostgREST's parameter.

    Raises ``PostgrestError`` for the first thing that is wrong; then no row is to be inserted.
    """
    items = payload if isinstance(payload, list) else [payload]
    if not all(isinstance(item, dict) for item in items):
        raise errors.bad_body()
    if columns is None:
        if any(item.keys() != items[0].keys() for item in items):
            raise errors.bad_body("All object keys must match")
        columns = list(items[0]) if items else []
    for name in columns:
        if name not in _FIELDS:
            raise errors.unknown_column(name)
    return [_row(item, frozenset(columns)) for item in items]


def refuse_foreign_rows(rows: list[UsageLog]) -> None:
    """The insert policy: project, organization and key of a row must belong together."""
    known = set(
        ApiKey.objects.filter(id__in={row.api_key_id for row in rows}).values_list(
            "id", "project_id", "project__organization_id"
        )
    )
    if any((row.api_key_id, row.project_id, row.organization_id) not in known for row in rows):
        raise PostgrestError(
            403, "42501", 'new row violates row-level security policy for table "usage_logs"'
        )


def _row(item: dict[str, Any], columns: frozenset[str]) -> UsageLog:
    values: dict[str, Any] = {}
    for name, field in _FIELDS.items():
        raw = item.get(name) if name in columns else None
        if raw is None and not field.null:
            raise PostgrestError(
                400,
                "23502",
                f'null value in column "{name}" of relation "usage_logs" violates not-null '
                "constraint",
            )
        values[name] = None if raw is None else _convert(field, raw)
    if values["cache_status"] not in usage_events.CACHE_STATUSES:
        raise _check_violated("usage_logs_cache_status_check")
    return UsageLog(**values)


def _convert(field: models.Field[Any, Any], raw: Any) -> Any:
    kind = field.get_internal_type()
    if kind == "ForeignKey":
        return _uuid(raw)
    if kind == "DateTimeField":
        return _timestamp(raw)
    if kind in _INTEGER_LIMITS:
        return _integer(field, raw)
    if kind == "BooleanField":
        return raw if isinstance(raw, bool) else _invalid("boolean", raw)
    if kind == "FloatField":
        number = isinstance(raw, int | float) and not isinstance(raw, bool)
        return float(raw) if number else _invalid("double precision", raw)
    if kind == "JSONField":
        return raw
    return _text(field, raw)


def _uuid(raw: Any) -> UUID:
    try:
        return UUID(raw)
    except (ValueError, TypeError, AttributeError):
        _invalid("uuid", raw)


def _timestamp(raw: Any) -> Any:
    try:
        value = parse_datetime(raw)
    except (ValueError, TypeError):
        value = None
    if value is None:
        _invalid("timestamp with time zone", raw, code="22007")
    return value if timezone.is_aware(value) else timezone.make_aware(value, UTC)


def _integer(field: models.Field[Any, Any], raw: Any) -> int:
    type_name, limit = _INTEGER_LIMITS[field.get_internal_type()]
    if not isinstance(raw, int) or isinstance(raw, bool):
        _invalid(type_name, raw)
    if not -limit <= raw < limit:
        raise PostgrestError(400, "22003", f'value "{raw}" is out of range for type {type_name}')
    if raw < 0 and type_name != "bigint":
        raise _check_violated(f"usage_logs_{field.attname}_check")
    return raw


def _text(field: models.Field[Any, Any], raw: Any) -> str:
    value = raw if isinstance(raw, str) else json.dumps(raw)
    if "\x00" in value:
        raise PostgrestError(400, "22P05", "unsupported Unicode escape sequence")
    if field.max_length is not None and len(value) > field.max_length:
        raise PostgrestError(
            400, "22001", f"value too long for type character varying({field.max_length})"
        )
    return value


def _invalid(type_name: str, raw: Any, *, code: str = "22P02") -> NoReturn:
    shown = raw if isinstance(raw, str) else json.dumps(raw)
    raise PostgrestError(400, code, f'invalid input syntax for type {type_name}: "{shown}"')


def _check_violated(constraint: str) -> PostgrestError:
    return PostgrestError(
        400,
        "23514",
        f'new row for relation "usage_logs" violates check constraint "{constraint}"',
    )
