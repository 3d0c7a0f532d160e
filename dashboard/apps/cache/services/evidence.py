"""Counting evidence from the log, and restoring counters that Redis has lost.

Each log row and each verdict is counted once: ``evidence_count`` follows the rollup's watermark
with one of its own, moved in the transaction of the counts. Counters in Redis and here only grow,
and neither exceeds the true count. So raising each counter in Redis to the one here restores what
was lost; it may run at any time and any number of times and never counts twice.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, Sum

from apps.cache.models import EvidenceState, SemanticEvidence, SemanticVerdict
from apps.projects.models import ApiKey, Project
from apps.projects.redis import redis_client, redis_configured
from apps.usage.models import RollupState, UsageLog
from shared import redis_keys
from shared.decision.evidence import EDGES
from shared.usage_events import HIT_SEMANTIC

logger = logging.getLogger(__name__)

_BATCH_IDS = 50_000
_SCOPES_PER_TRIP = 100
_RAISE = """
-- KEYS: evidence   ARGV: bin, checked, wrong of each bin   Answer: how many counters were behind
local raised = 0
for i = 1, #ARGV, 3 do
  for offset, name in ipairs({'checked:', 'wrong:'}) do
    local field, value = name .. ARGV[i], tonumber(ARGV[i + offset])
    if value > tonumber(redis.call('HGET', KEYS[1], field) or '0') then
      redis.call('HSET', KEYS[1], field, value)
      raised = raised + 1
    end
  end
end
return raised
"""


class Place(NamedTuple):
    """What evidence is counted by."""

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
    """Adds what the log tells since the last run, as far as the rollup has read it.

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
    found: defaultdict[Place, Counts] = defaultdict(Counts)
    columns = ("project_id", "api_key_id", "ts", "model", "cache_status", "decision")
    for project_id, api_key_id, ts, model, status, decision in rows.values_list(*columns):
        told = decision or {}
        if not isinstance(told.get("bin"), int) or not 0 <= told["bin"] < len(EDGES):
            continue
        if "hit" in told:
            _api_verdict(project_id, api_key_id, ts, told, found)
            continue
        place = Place(project_id, told.get("namespace", ""), (model or "")[:128], told["bin"])
        found[place].served += status == HIT_SEMANTIC
        if "agreed" in told:
            found[place].checked += 1
            found[place].wrong += not told["agreed"]
    evidence_add(found)
    state.last_log_id = last
    state.save()
    return last - first


def _api_verdict(
    project_id: UUID,
    api_key_id: UUID,
    ts: datetime,
    told: Mapping[str, Any],
    found: defaultdict[Place, Counts],
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
        place = Place(project_id, told.get("namespace", ""), model, told["bin"])
        found[place].checked += 1
        found[place].wrong += wrong


def evidence_add(found: Mapping[Place, Counts]) -> None:
    """Adds to the counts, within the caller's transaction. Of projects that are gone, nothing."""
    ids = {place.project_id for place in found}
    alive = set(Project.objects.filter(pk__in=ids).values_list("pk", flat=True))
    for place in sorted(found):
        if place.project_id not in alive:
            continue
        counts = found[place]
        key = place._asdict()
        SemanticEvidence.objects.get_or_create(**key)
        SemanticEvidence.objects.filter(**key).update(
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
    sums = (
        SemanticEvidence.objects.filter(project__archived_at=None, checked__gt=0)
        .values_list("project_id", "namespace", "bin")
        .annotate(Sum("checked"), Sum("wrong"))
        .order_by("project_id", "namespace", "bin")
    )
    scopes: defaultdict[tuple[UUID, str], list[int]] = defaultdict(list)
    for project_id, namespace, number, checked, wrong in sums:
        scopes[project_id, namespace] += [number, checked, wrong]
    raised = 0
    waiting = list(scopes.items())
    for start in range(0, len(waiting), _SCOPES_PER_TRIP):
        try:
            raised += _raise_all(waiting[start : start + _SCOPES_PER_TRIP])
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


def _raise_all(scopes: Iterable[tuple[tuple[UUID, str], list[int]]]) -> int:
    with redis_client() as redis:
        pipeline = redis.pipeline()
        for (project_id, namespace), counts in scopes:
            key = redis_keys.semantic_evidence(str(project_id), namespace)
            pipeline.eval(_RAISE, keys=[key], args=[str(number) for number in counts])
        answers: Any = pipeline.exec()
    return sum(answers)


def scope_raise(redis: Any, project_id: UUID, namespace: str) -> None:
    """The same for one namespace, with an open client."""
    sums = (
        SemanticEvidence.objects.filter(project_id=project_id, namespace=namespace, checked__gt=0)
        .values_list("bin")
        .annotate(Sum("checked"), Sum("wrong"))
        .order_by("bin")
    )
    key = redis_keys.semantic_evidence(str(project_id), namespace)
    redis.eval(_RAISE, keys=[key], args=[str(number) for row in sums for number in row])
