"""Counting evidence from the log, and restoring counters that Redis has lost.

Each log row and each verdict is counted once: ``evidence_count`` follows the rollup's watermark
with one of its own, moved in the transaction of the counts. Counters in Redis and here only grow,
and neither exceeds the true count. So raising each counter in Redis to the one here restores what
was lost; it may run at any time and any number of times and never counts twice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Sum

from apps.cache.models import EvidenceState, SemanticEvidence, SemanticVerdict
from apps.projects import redis_calls
from apps.projects.models import ApiKey, Project
from apps.projects.redis import redis_client, redis_configured
from apps.usage.models import RollupState, UsageLog
from shared import redis_keys
from shared.decision.evidence import EDGES
from shared.usage_events import HIT_SEMANTIC

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from upstash_redis import Redis

logger = logging.getLogger(__name__)

_BATCH_IDS = 50_000
_KEYS_PER_TRIP = 100

_BinCounts = tuple[int, int, int]
"""Bin, pairs checked, wrong ones among them."""


class EvidenceKey(NamedTuple):
    """Evidence is counted by these four."""

    project_id: UUID
    namespace: str
    model: str
    bin: int


@dataclass(slots=True)
class Counts:
    """See ``SemanticEvidence``."""

    served: int = 0
    checked: int = 0
    wrong: int = 0


def evidence_count(*, batch_ids: int = _BATCH_IDS, max_ids: int | None = None) -> int:
    """Counts log rows since the last run, as far as the rollup has read them.

    Returns how many ids it moved past; ``max_ids`` stops earlier.
    """
    moved = 0
    while max_ids is None or moved < max_ids:
        step = _count_batch(batch_ids)
        if not step:
            break
        moved += step
    return moved


@transaction.atomic
def _count_batch(batch_ids: int) -> int:
    EvidenceState.objects.get_or_create(id=1)
    state = EvidenceState.objects.select_for_update().get(id=1)
    rollup = RollupState.objects.first()
    last = min(rollup.last_log_id if rollup else 0, state.last_log_id + batch_ids)
    first = state.last_log_id
    if last <= first:
        return 0
    rows = UsageLog.objects.filter(
        Q(cache_status=HIT_SEMANTIC) | Q(decision__has_key="agreed") | Q(decision__has_key="hit"),
        id__gt=first,
        id__lte=last,
    )
    found: defaultdict[EvidenceKey, Counts] = defaultdict(Counts)
    columns = ("project_id", "api_key_id", "ts", "model", "cache_status", "decision")
    for project_id, api_key_id, ts, model, status, decision in rows.values_list(*columns):
        told = decision or {}
        if not isinstance(told.get("bin"), int) or not 0 <= told["bin"] < len(EDGES):
            continue
        if "hit" in told:
            _api_verdict(project_id, api_key_id, ts, told, found)
            continue
        key = EvidenceKey(project_id, told.get("namespace", ""), (model or "")[:128], told["bin"])
        found[key].served += status == HIT_SEMANTIC
        if "agreed" in told:
            found[key].checked += 1
            found[key].wrong += not told["agreed"]
    evidence_add(found)
    state.last_log_id = last
    state.save()
    return last - first


def _api_verdict(
    project_id: UUID,
    api_key_id: UUID,
    ts: datetime,
    told: Mapping[str, Any],
    found: defaultdict[EvidenceKey, Counts],
) -> None:
    """Counts a row of ``POST /v1/cache/feedback``, unless the hit was already judged in the
    dashboard: that verdict is then the one that both sides have counted.
    """
    if not Project.objects.filter(pk=project_id).exists():
        return
    hit = UsageLog.objects.filter(request_id=told["hit"], project_id=project_id).first()
    model = ((hit.model if hit else None) or "")[:128]
    wrong = told.get("verdict") == "wrong"
    key = ApiKey.objects.filter(pk=api_key_id).first()
    _, new = SemanticVerdict.objects.get_or_create(
        project_id=project_id,
        request_id=told["hit"],
        defaults={
            "cache_key": told.get("candidate", ""),
            "namespace": told.get("namespace", ""),
            "model": model,
            "bin": told["bin"],
            "wrong": wrong,
            "given_at": ts,
            "actor_label": f"API key {key}"[:254],
            "api_key_id": api_key_id,
        },
    )
    if new:
        counted = EvidenceKey(project_id, told.get("namespace", ""), model, told["bin"])
        found[counted].checked += 1
        found[counted].wrong += wrong


def evidence_add(found: Mapping[EvidenceKey, Counts]) -> None:
    """Adds to the counts, within the caller's transaction. Counts of deleted projects are
    dropped."""
    ids = {key.project_id for key in found}
    alive = set(Project.objects.filter(pk__in=ids).values_list("pk", flat=True))
    for key in sorted(found):
        if key.project_id not in alive:
            continue
        counts, fields = found[key], key._asdict()
        SemanticEvidence.objects.get_or_create(**fields)
        SemanticEvidence.objects.filter(**fields).update(
            served=F("served") + counts.served,
            checked=F("checked") + counts.checked,
            wrong=F("wrong") + counts.wrong,
        )


def semantic_evidence_restore() -> int:
    """Counts the log, then raises Redis's lower counters; returns how many were lower.

    Without Redis it only counts: the next run makes up for it.
    """
    evidence_count()
    if not redis_configured():
        return 0
    known = SemanticEvidence.objects.filter(project__archived_at=None, checked__gt=0)
    waiting = [*_by_namespace(known), *_by_project(known)]
    raised = 0
    for start in range(0, len(waiting), _KEYS_PER_TRIP):
        try:
            with redis_client() as redis:
                raised += _raise(redis, waiting[start : start + _KEYS_PER_TRIP])
        except Exception:
            logger.exception(
                "semantic evidence was not restored to Redis; the next run tries again"
            )
            break
    if raised:
        logger.warning(
            "%d counters of semantic evidence in Redis were too low and were restored", raised
        )
    return raised


def evidence_raise(redis: "Redis", project_id: UUID, namespace: str) -> None:
    """Raises Redis's lower counters of one namespace and its project, with an open client."""
    known = SemanticEvidence.objects.filter(project_id=project_id, checked__gt=0)
    _raise(redis, [*_by_namespace(known.filter(namespace=namespace)), *_by_project(known)])


def evidence_delete(project: Project) -> None:
    """Deletes the project's counters from Redis. Raises what the client does where Redis cannot be
    asked: the erasure is then tried again."""
    if not redis_configured():
        return
    tenant = str(project.pk)
    names = SemanticEvidence.objects.filter(project=project).values_list("namespace", flat=True)
    keys = [redis_keys.semantic_evidence(tenant, name) for name in names.distinct()]
    with redis_client() as redis:
        redis.delete(redis_keys.semantic_project_evidence(tenant), *keys)


def _by_namespace(known: "QuerySet[SemanticEvidence]") -> Iterator[tuple[str, list[_BinCounts]]]:
    """The counts that each key in Redis is to have."""
    sums = (
        known.values_list("project_id", "namespace", "bin")
        .annotate(Sum("checked"), Sum("wrong"))
        .order_by("project_id", "namespace", "bin")
    )
    for (project_id, namespace), rows in groupby(sums, key=itemgetter(0, 1)):
        key = redis_keys.semantic_evidence(str(project_id), namespace)
        yield key, [row[2:] for row in rows]


def _by_project(known: "QuerySet[SemanticEvidence]") -> Iterator[tuple[str, list[_BinCounts]]]:
    sums = (
        known.values_list("project_id", "bin")
        .annotate(Sum("checked"), Sum("wrong"))
        .order_by("project_id", "bin")
    )
    for project_id, rows in groupby(sums, key=itemgetter(0)):
        yield redis_keys.semantic_project_evidence(str(project_id)), [row[1:] for row in rows]


def _raise(redis: "Redis", known: Sequence[tuple[str, list[_BinCounts]]]) -> int:
    return redis_calls.raise_evidence(
        redis,
        evidence=[key for key, _ in known],
        counts=[
            (position, *counts)
            for position, (_, bins) in enumerate(known, start=1)
            for counts in bins
        ],
    )
