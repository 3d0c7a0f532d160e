"""The key record: what the edge is told about an API key.

``resolve_api_key`` in ``apps/edge_api/sql/resolve_api_key.sql`` answers the same on Supabase; the
contract suite holds the two together.
"""

from datetime import datetime
from typing import Any

from django.db.models import Prefetch
from django.utils import timezone

from apps.features.catalogue import SEMANTIC_CACHE
from apps.features.prices import price_overrides
from apps.features.selectors import fresh
from apps.projects.models import ApiKey, Project, ProviderCredential


def key_record(key_hash: str) -> dict[str, Any] | None:
    """The JSON object of ``rpc/resolve_api_key``, or None for an unknown hash."""
    credentials = ProviderCredential.objects.filter(disabled_at=None).order_by("priority", "id")
    api_key = (
        ApiKey.objects.select_related("project__organization__plan")
        .prefetch_related(Prefetch("project__provider_credentials", credentials))
        .filter(key_hash=key_hash)
        .first()
    )
    if api_key is None:
        return None
    project = api_key.project
    limits = project.organization.limits
    return {
        "key_id": str(api_key.pk),
        "project_id": str(project.pk),
        "organization_id": str(project.organization_id),
        "revision": project.edge_revision,
        "status": key_status(api_key, timezone.now()),
        "expires_at": api_key.expires_at.timestamp() if api_key.expires_at else None,
        "plan": {
            "slug": limits.slug,
            "monthly_requests": limits.monthly_requests,
            "requests_per_minute": limits.requests_per_minute,
            "tokens_per_minute": limits.tokens_per_minute,
            "concurrent_streams": limits.concurrent_streams,
            "overage": limits.overage,
        },
        "key_limits": {
            "requests_per_minute": api_key.requests_per_minute,
            "tokens_per_minute": api_key.tokens_per_minute,
            "monthly_budget_nanousd": api_key.monthly_budget_nanousd,
        },
        "project": _project(project),
        "credentials": [
            {
                "id": str(credential.pk),
                "provider": credential.provider,
                "envelope": credential.envelope,
                "priority": credential.priority,
                "base_url": credential.base_url,
            }
            for credential in project.provider_credentials.all()
        ],
        "prices": price_overrides(),
    }


def key_status(api_key: ApiKey, now: datetime) -> str:
    """``active``, or why the key may not be used; the reason that is hardest to fix comes first."""
    if api_key.revoked_at is not None:
        return "revoked"
    if api_key.expires_at is not None and api_key.expires_at <= now:
        return "expired"
    project = api_key.project
    if project.archived_at is not None or project.organization.disabled_at is not None:
        return "suspended"
    return "active"


def _project(project: Project) -> dict[str, Any]:
    return {
        "slug": project.slug,
        "cache_enabled": project.cache_enabled,
        "ttl_seconds": project.ttl_seconds,
        "embeddings_ttl_seconds": project.embeddings_ttl_seconds,
        "max_temperature": project.max_temperature,
        "max_body_bytes": project.max_body_bytes,
        "namespace": project.namespace,
        "semantic_mode": project.semantic_mode,
        "semantic_allowed": fresh(SEMANTIC_CACHE, project.organization_id),
        "semantic_opened": project.semantic_opened,
        "semantic_check_share": project.semantic_check_share,
        "plain_user_labels": project.plain_user_labels,
        "prompt_cache": project.prompt_cache,
        "label_limits": project.label_limits,
        "cache_on_disconnect": project.cache_on_disconnect,
        "default_provider": project.default_provider,
        "log_prompts": project.log_prompts,
        "data_key_salt": project.data_key_salt,
        "monthly_budget_nanousd": project.monthly_budget_nanousd,
        "routes": project.routes,
    }
