"""Everything a project has, for its owners to take away. Secrets are masked as on the pages."""

import csv
from collections.abc import Iterator
from typing import Any

from apps.audit.models import AuditLog
from apps.projects.models import Project
from apps.usage.models import UsageLog
from shared import usage_events

_SETTINGS = (
    "name",
    "slug",
    "created_at",
    "cache_enabled",
    "ttl_seconds",
    "embeddings_ttl_seconds",
    "max_temperature",
    "max_body_bytes",
    "namespace",
    "semantic_mode",
    "semantic_opened",
    "semantic_check_share",
    "cache_on_disconnect",
    "default_provider",
    "log_prompts",
    "log_retention_days",
    "monthly_budget_nanousd",
    "routes",
)
_KEY = (
    "name",
    "masked",
    "created_at",
    "expires_at",
    "revoked_at",
    "last_used_at",
    "requests_per_minute",
    "tokens_per_minute",
    "monthly_budget_nanousd",
)
_CREDENTIAL = (
    "provider",
    "label",
    "masked",
    "priority",
    "base_url",
    "created_at",
    "disabled_at",
)
_COLUMNS = usage_events.COLUMNS
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def project_document(project: Project) -> dict[str, Any]:
    """Settings, keys, provider keys and the project's audit log, ready for JSON."""
    changes = AuditLog.objects.filter(project_id=project.pk).order_by("id")
    return {
        "project": _row(project, _SETTINGS),
        "api_keys": [_row(key, _KEY) for key in project.api_keys.all()],
        "provider_keys": [_row(item, _CREDENTIAL) for item in project.provider_credentials.all()],
        "audit_log": list(changes.values("ts", "action", "actor_label", "target_label", "data")),
    }


def request_lines(project: Project) -> Iterator[str]:
    """The request log as CSV, line by line, oldest first."""
    writer = csv.writer(_Echo())
    yield writer.writerow(_COLUMNS)
    rows = UsageLog.objects.filter(project=project).order_by("ts", "id")
    for row in rows.values_list(*_COLUMNS).iterator(chunk_size=2_000):
        yield writer.writerow([_cell(value) for value in row])


def _row(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}


def _cell(value: object) -> object:
    """Spreadsheets run a text that starts like a formula; clients choose some of these texts."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


class _Echo:
    """What ``csv.writer`` writes to; ``writerow`` then answers the line."""

    def write(self, line: str) -> str:
        return line
