"""Telling the edge that a key record changed.

The revision is counted up in the transaction of the change and written to Redis after the commit.
Without Redis the edge still notices within 60 s, when its copy of the record expires, so a failure
here is logged and never reaches the person who made the change. A project of which Redis was not
told is marked, and told again every minute until Redis has taken it (``edge_publish_due``).

An edge that cannot ask the database serves a key by an older record for up to an hour. For that
time Redis is told which keys must not be served (``redis_keys.key_refused``): revocation wins over
an outage.
"""

import logging
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from apps.projects.models import ApiKey, Project
from apps.projects.redis import redis_client, redis_configured
from apps.projects.selectors import key_status
from shared import redis_keys, signed_value

if TYPE_CHECKING:
    from upstash_redis import Redis

logger = logging.getLogger(__name__)

# Longer than the hour for which an edge may serve an outdated record (``STALE_SECONDS`` there).
_REFUSAL_TTL_SECONDS = 3_900
# Must outlive the records it invalidates. A record is used for at most 60 s after Supabase sent it,
# time in Redis and in memory together.
_REVISION_TTL_SECONDS = 300
_PROJECTS_PER_PIPELINE = 200
_MOST_DUE = 10_000


def edge_revision_bump(projects: QuerySet[Project]) -> None:
    """Counts up the revision of ``projects``; Redis is told after the commit.

    Must be called inside the transaction that makes the change: else an edge may read
    the old settings under the new revision, and keep them.
    """
    with transaction.atomic():
        ids = list(projects.order_by("id").values_list("id", flat=True))
        if not ids:
            return
        projects.order_by().update(edge_revision=F("edge_revision") + 1, edge_untold=True)
        transaction.on_commit(partial(edge_publish, ids), robust=True)


def edge_publish_due() -> int:
    """Tells Redis of changes that it could not be told of; returns how many projects are told.

    A change of this moment may be among them: being told twice does no harm.
    """
    if not redis_configured():
        return 0
    untold = Project.objects.filter(edge_untold=True).order_by("id")
    ids = list(untold.values_list("id", flat=True)[:_MOST_DUE])
    edge_publish(ids)
    return len(ids) - Project.objects.filter(id__in=ids, edge_untold=True).count() if ids else 0


def edge_publish(project_ids: list[UUID]) -> None:
    """Writes the revisions to Redis and drops the cached records of the projects' keys.

    Never raises. After the first failure the rest is left to expire, so that a dead Redis costs one
    timeout and not one per batch.
    """
    if not redis_configured():
        return
    try:
        with redis_client() as redis:
            for start in range(0, len(project_ids), _PROJECTS_PER_PIPELINE):
                _publish_batch(redis, project_ids[start : start + _PROJECTS_PER_PIPELINE])
    except Exception:
        logger.exception(
            "Redis was not told of %d changed projects, and will be; the edge notices within 60 s",
            len(project_ids),
        )


def _publish_batch(redis: "Redis", project_ids: list[UUID]) -> None:
    pipeline = redis.pipeline()
    projects = Project.objects.filter(id__in=project_ids)
    revisions = list(projects.values_list("id", "edge_revision"))
    for project_id, revision in revisions:
        pipeline.set(redis_keys.revision(str(project_id)), revision, ex=_REVISION_TTL_SECONDS)
    now = timezone.now()
    # No edge serves a key that was revoked longer ago: even an outdated record has expired.
    recently = now - timedelta(seconds=_REFUSAL_TTL_SECONDS)
    api_keys = ApiKey.objects.filter(
        Q(revoked_at=None) | Q(revoked_at__gte=recently), project_id__in=project_ids
    ).select_related("project__organization")
    outdated = []
    for api_key in api_keys:
        outdated.append(redis_keys.key_record(api_key.key_hash))
        name = redis_keys.key_refused(api_key.key_hash)
        status = key_status(api_key, now)
        if status in ("revoked", "suspended"):
            value = signed_value.sign(settings.API_KEY_PEPPER, name, status)
            pipeline.set(name, value, ex=_REFUSAL_TTL_SECONDS)
        else:
            outdated.append(name)
    if outdated:
        pipeline.delete(*outdated)
    pipeline.exec()
    # Not of a revision that was made meanwhile: whoever made it tells of it.
    told = Q()
    for project_id, revision in revisions:
        told |= Q(id=project_id, edge_revision=revision)
    if told:
        Project.objects.filter(told).update(edge_untold=False)
