"""A project's settings, keys and audit log as a document for its owners. Secrets are masked as on
the pages.

Its request log is ``apps.usage.export``.
"""

from typing import Any

from apps.audit.models import AuditLog
from apps.projects.models import Project

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
    "prompt_cache",
    "cache_on_disconnect",
    "default_provider",
    "log_prompts",
    "log_retention_days",
    "plain_user_labels",
    "charted_labels",
    "label_limits",
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


def project_document(project: Project) -> dict[str, Any]:
    """Settings, keys, provider keys and the project's audit log, ready for JSON."""
    changes = AuditLog.objects.filter(project_id=project.pk).order_by("id")
    return {
        "project": _row(project, _SETTINGS),
        "api_keys": [_row(key, _KEY) for key in project.api_keys.all()],
        "provider_keys": [_row(item, _CREDENTIAL) for item in project.provider_credentials.all()],
        "audit_log": list(changes.values("ts", "action", "actor_label", "target_label", "data")),
    }


def _row(item: object, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(item, name) for name in names}
