"""What the Cache page writes to Redis.

A purge advances a cutoff in the hash ``redis_keys.cutoffs``, exactly as ``POST /v1/cache/purge``
does at the edge; a contract test holds the two together. Entries created at or before it are dead
at once, everywhere. See docs/adr/0007.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from shared import redis_keys

logger = logging.getLogger(__name__)

# Longer than any project's entries live, so that none outlives the cutoff that killed it.
_CUTOFF_TTL_SECONDS = 366 * 24 * 3600
# By Redis's own clock, which also stamps the entries; a cutoff never moves back.
_ADVANCE = """
local t = redis.call('TIME')
local cut = t[1] * 1000 + math.floor(t[2] / 1000) - tonumber(ARGV[2])
local known = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0')
if cut > known then redis.call('HSET', KEYS[1], ARGV[1], cut) end
redis.call('EXPIRE', KEYS[1], ARGV[3])
return math.max(cut, known)
"""


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
        model = f"model:{self.model}" if self.model else ""
        namespace = f"ns:{self.namespace}" if self.namespace else ""
        return model + namespace or "all"


def cache_purge(*, project: Project, scope: Scope, actor: User | None) -> datetime:
    """Entries of ``scope`` created until the moment returned are never served again.

    Raises ``CacheUnreachableError``, and then nothing has changed.
    """
    _require_redis()
    age_ms = round(scope.older_than.total_seconds() * 1000)
    try:
        with redis_client() as redis:
            until_ms = redis.eval(
                _ADVANCE,
                keys=[redis_keys.cutoffs(str(project.pk))],
                args=[scope.field, str(age_ms), str(_CUTOFF_TTL_SECONDS)],
            )
    except Exception as error:
        raise unreachable(error) from error
    until = datetime.fromtimestamp(int(until_ms) / 1000, UTC)
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
