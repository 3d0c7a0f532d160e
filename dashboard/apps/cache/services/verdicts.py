"""A member's verdict on a semantic hit, with the effect of ``POST /v1/cache/feedback``.

``wrong`` deletes the stored answer at once and refuses this pair of prompts for a year. Either
verdict is counted once as evidence of its namespace. While Redis still remembers the hit, the
script that the edge runs counts it. Otherwise (after a week, after Redis lost it, or because
feedback came through the API a moment ago) the counters are raised to those of the database
(``apps.cache.services.evidence``).
"""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.cache.models import SemanticVerdict
from apps.cache.services.evidence import Counts, EvidenceKey, evidence_add, evidence_raise
from apps.projects import redis_calls
from apps.projects.cache_control import CacheUnreachableError, unreachable
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from apps.usage.models import UsageLog
from shared import redis_keys
from shared.decision.evidence import EDGES
from shared.semantic_verdict import REFUSED_SECONDS, SemanticHit, parse_hit
from shared.usage_events import HIT_SEMANTIC

_OUR_PART = 13  # ".", and 12 characters that the edge puts behind a caller's own request id


class NotJudgeableError(Exception):
    """The row is not a semantic hit, or lacks the fields that a verdict needs."""


class AlreadyJudgedError(Exception):
    """This hit already has its one verdict."""


def judgeable(log: UsageLog) -> SemanticHit | None:
    """The semantic hit of the row ``log``; None where no verdict can be given."""
    told = log.decision or {}
    number = told.get("bin")
    if log.cache_status != HIT_SEMANTIC or not log.cache_key:
        return None
    if not isinstance(number, int) or not 0 <= number < len(EDGES):
        return None
    asked, namespace = told.get("asked", ""), told.get("namespace", "")
    return SemanticHit(log.request_id, asked, log.cache_key, namespace, number)


def verdict_give(*, project: Project, log: UsageLog, wrong: bool, actor: User) -> SemanticVerdict:
    """Records the verdict and applies it.

    Raises ``NotJudgeableError``, ``AlreadyJudgedError``, and ``CacheUnreachableError``, after which
    nothing has changed and it may be tried again.
    """
    hit = judgeable(log)
    if hit is None or log.project_id != project.pk:
        raise NotJudgeableError
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")
    with transaction.atomic():
        key = EvidenceKey(project.pk, hit.namespace, (log.model or "")[:128], hit.bin)
        verdict = _record(project, hit, key.model, actor, wrong=wrong)
        evidence_add({key: Counts(checked=1, wrong=int(wrong))})
        audit_record(
            action="cache.verdict",
            actor=actor,
            target=project,
            organization=project.organization,
            project_id=project.pk,
            data={
                "request": hit.row,
                "verdict": "wrong" if wrong else "right",
                "cache_key": hit.entry,
                "namespace": hit.namespace,
            },
        )
        try:
            _apply(project, hit, wrong=wrong)
        except Exception as error:
            raise unreachable(error) from error
    return verdict


def _record(
    project: Project, hit: SemanticHit, model: str, actor: User, *, wrong: bool
) -> SemanticVerdict:
    try:
        with transaction.atomic():
            return SemanticVerdict.objects.create(
                project=project,
                request_id=hit.row,
                cache_key=hit.entry,
                namespace=hit.namespace,
                model=model,
                bin=hit.bin,
                wrong=wrong,
                given_at=timezone.now(),
                actor=actor,
                actor_label=actor.email,
            )
    except IntegrityError as error:
        raise AlreadyJudgedError from error


def _apply(project: Project, hit: SemanticHit, *, wrong: bool) -> None:
    tenant = str(project.pk)
    entry = redis_keys.entry(tenant, hit.entry)
    evidence = redis_keys.semantic_evidence(tenant, hit.namespace)
    refused = redis_keys.semantic_refused(tenant, hit.asked, hit.entry)
    names = [hit.row]
    if hit.row[-_OUR_PART : -_OUR_PART + 1] == ".":
        names.append(hit.row[:-_OUR_PART])
    with redis_client() as redis:
        keys = [redis_keys.semantic_hit(tenant, name) for name in names]
        remembered: list[Any] = redis.mget(*keys)
        for key, text in zip(keys, remembered, strict=True):
            known = parse_hit(text or "")
            # A caller may use its id again: then what is remembered is a later hit.
            if known is not None and known.row == hit.row:
                given = redis_calls.give_verdict(
                    redis,
                    hit=key,
                    entry=entry,
                    evidence=evidence,
                    project_evidence=redis_keys.semantic_project_evidence(tenant),
                    refused_pair=refused,
                    bin_number=hit.bin,
                    wrong=int(wrong),
                    refused_seconds=REFUSED_SECONDS,
                )
                if given:
                    return
        if wrong:
            redis.delete(entry)
            redis.set(refused, 1, ex=REFUSED_SECONDS)
        evidence_raise(redis, project.pk, hit.namespace)
