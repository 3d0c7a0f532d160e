"""What the Cache page writes to Redis.

A purge advances a cutoff (``shared.purge_cutoffs``), as ``POST /v1/cache/purge`` does at the edge.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects import redis_calls
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from shared import purge_cutoffs, redis_keys

logger = logging.getLogger(__name__)


class CacheUnreachableError(Exception):
    """Redis is not configured here, or did not answer."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a purge is about: everything, or one model and namespace of those named."""

    model: str = ""
    namespace: str = ""
    older_than: timedelta = timedelta()

    @property
    def field(self) -> str:
        """The cutoff's field in the hash."""
        return purge_cutoffs.scope_field(self.model or None, self.namespace or None)


def cache_purge(*, project: Project, scope: Scope, actor: User | None) -> datetime:
    """Entries of ``scope`` created until the moment returned are never served again.

    Raises ``CacheUnreachableError``, and then nothing has changed.
    """
    _require_redis()
    age_ms = round(scope.older_than.total_seconds() * 1000)
    try:
        with redis_client() as redis:
            until_ms = redis_calls.advance_cutoff(
                redis,
                cutoffs=redis_keys.cutoffs(str(project.pk)),
                field=scope.field,
                age_ms=age_ms,
                ttl_seconds=purge_cutoffs.KEPT_SECONDS,
            )
    except Exception as error:
        raise unreachable(error) from error
    until = datetime.fromtimestamp(until_ms / 1000, UTC)
    audit_record(
        action="cache.purge",
        actor=actor,
        target=project,
        organization=project.organization,
        project_id=project.pk,
        data={"scope": scope.field, "created_until": until.isoformat(timespec="seconds")},
    )
    return until


def _require_redis() -> None:
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")


def unreachable(error: Exception) -> CacheUnreachableError:
    """The one error for whatever went wrong on the way to Redis; the log has the reason."""
    logger.warning("the cache could not be asked: %s", error)
    return CacheUnreachableError(str(error))
