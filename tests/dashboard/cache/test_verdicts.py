"""A member's verdict does what feedback through the API does, and both count once between them."""

from datetime import UTC, datetime

import pytest

from apps.accounts.models import User
from apps.audit.models import AuditLog
from apps.cache.models import SemanticVerdict
from apps.cache.services.evidence import semantic_evidence_restore
from apps.cache.services.verdicts import AlreadyJudgedError, NotJudgeableError, verdict_give
from apps.projects.cache_control import CacheUnreachableError
from apps.projects.models import Project
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import redis_keys
from tests.dashboard.cache.test_evidence import counted, in_redis, of_project, semantic_row
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant

pytestmark = pytest.mark.django_db

ASKED = "How do I reverse a list in Python?"
PARAPHRASE = "How can I reverse a list in Python?"
OWN_ID = {"x-watchllm-request-id": "mine"}


def ask(edge: Edge, tenant: Tenant, text: str, headers: dict[str, str] | None = None) -> str:
    """The verdict, once the row is written: what the edge owes to Redis comes before that."""
    before = sum(row["project_id"] == tenant.project_id for row in edge.supabase.usage_logs)
    status: str = tenant.chat(text, headers).headers["x-watchllm-cache"]
    tenant.rows(before + 1)
    return status


def semantic_hit(edge: Edge, tenant: Tenant, headers: dict[str, str] | None = None) -> UsageLog:
    """The row of a real hit, where the dashboard reads it."""
    assert ask(edge, tenant, ASKED) == "MISS"
    assert ask(edge, tenant, PARAPHRASE, headers) == "HIT-SEMANTIC"
    return delivered(tenant, 2)[-1]


def delivered(tenant: Tenant, count: int) -> list[UsageLog]:
    """The tenant's rows, all of them in the dashboard's database."""
    for row in tenant.rows(count):
        moment = datetime.fromisoformat(row["ts"]).astimezone(UTC)
        UsageLog.objects.get_or_create(request_id=row["request_id"], defaults={**row, "ts": moment})
    return list(UsageLog.objects.filter(project=tenant.project_id).order_by("ts", "id"))


@pytest.mark.parametrize("headers", [None, OWN_ID])
def test_wrong_removes_the_answer_and_counts_against_its_scope(
    edge: Edge, tenant: Tenant, project: Project, owner: User, headers: dict[str, str] | None
) -> None:
    hit = semantic_hit(edge, tenant, headers)
    number = (hit.decision or {})["bin"]
    verdict = verdict_give(project=project, log=hit, wrong=True, actor=owner)
    assert (verdict.wrong, verdict.actor, verdict.cache_key) == (True, owner, hit.cache_key)
    assert ask(edge, tenant, PARAPHRASE) == "MISS"
    assert in_redis(project.pk)[number] == (1, 1)
    told = AuditLog.objects.get(action="cache.verdict")
    assert told.data["verdict"] == "wrong"
    assert (told.actor, told.project_id) == (owner, project.pk)
    # The hit has had its verdict: the API takes no second one, and nor do we.
    asked = {"request_id": "mine" if headers else hit.request_id, "verdict": "right"}
    assert tenant.post("/v1/cache/feedback", asked).status_code == 404
    with pytest.raises(AlreadyJudgedError):
        verdict_give(project=project, log=hit, wrong=False, actor=owner)
    usage_rollup()
    semantic_evidence_restore()
    assert in_redis(project.pk)[number] == (1, 1)
    assert [row[4:] for row in counted()] == [(1, 1)]


def test_right_counts_for_it_and_keeps_the_answer(
    edge: Edge, tenant: Tenant, project: Project, owner: User
) -> None:
    hit = semantic_hit(edge, tenant)
    verdict_give(project=project, log=hit, wrong=False, actor=owner)
    assert in_redis(project.pk) == {(hit.decision or {})["bin"]: (1, 0)}
    assert of_project(project.pk) == in_redis(project.pk)
    assert ask(edge, tenant, PARAPHRASE) == "HIT-SEMANTIC"


def test_feedback_through_the_api_and_a_verdict_here_are_one(
    edge: Edge, tenant: Tenant, project: Project, owner: User
) -> None:
    """Before the API's row has arrived, the dashboard cannot know of it."""
    hit = semantic_hit(edge, tenant)
    asked = {"request_id": hit.request_id, "verdict": "wrong"}
    assert tenant.post("/v1/cache/feedback", asked).status_code == 200
    verdict_give(project=project, log=hit, wrong=True, actor=owner)
    delivered(tenant, 3)
    usage_rollup()
    semantic_evidence_restore()
    assert in_redis(project.pk) == {(hit.decision or {})["bin"]: (1, 1)}
    assert SemanticVerdict.objects.count() == 1


def test_a_verdict_that_came_through_the_api_is_the_one(
    edge: Edge, tenant: Tenant, project: Project, owner: User
) -> None:
    hit = semantic_hit(edge, tenant)
    asked = {"request_id": hit.request_id, "verdict": "right"}
    assert tenant.post("/v1/cache/feedback", asked).status_code == 200
    delivered(tenant, 3)
    usage_rollup()
    semantic_evidence_restore()
    assert SemanticVerdict.objects.get().wrong is False
    with pytest.raises(AlreadyJudgedError):
        verdict_give(project=project, log=hit, wrong=True, actor=owner)


def test_a_caller_that_uses_its_id_again_is_not_confused(
    edge: Edge, tenant: Tenant, project: Project, owner: User
) -> None:
    first = semantic_hit(edge, tenant, OWN_ID)
    assert ask(edge, tenant, PARAPHRASE, OWN_ID) == "HIT-SEMANTIC"
    second = delivered(tenant, 3)[-1]
    number = (first.decision or {})["bin"]
    verdict_give(project=project, log=first, wrong=False, actor=owner)
    verdict_give(project=project, log=second, wrong=False, actor=owner)
    assert in_redis(project.pk) == {number: (2, 0)}


def test_a_verdict_long_after_the_edge_has_forgotten(
    created_key: CreatedApiKey, redis: UpstashDouble, project: Project, owner: User
) -> None:
    hit = semantic_row(created_key.api_key, decision={"asked": "a" * 64})
    hit.save()
    verdict_give(project=project, log=hit, wrong=True, actor=owner)
    assert in_redis(project.pk) == {5: (1, 1)}
    assert of_project(project.pk) == {5: (1, 1)}
    assert hit.decision is not None
    assert hit.cache_key is not None
    pair = redis_keys.semantic_refused(str(project.pk), hit.decision["asked"], hit.cache_key)
    with redis_client() as client:
        assert client.get(pair) == "1"


def test_without_redis_nothing_is_recorded(
    created_key: CreatedApiKey, project: Project, owner: User, settings: object
) -> None:
    """A wrong answer that is still served must not look judged."""
    hit = semantic_row(created_key.api_key)
    hit.save()
    for url in ("", "http://127.0.0.1:9"):
        settings.UPSTASH_REDIS_REST_URL = url  # type: ignore[attr-defined]
        with pytest.raises(CacheUnreachableError):
            verdict_give(project=project, log=hit, wrong=True, actor=owner)
    assert not SemanticVerdict.objects.exists()
    assert not AuditLog.objects.filter(action="cache.verdict").exists()
    assert counted() == []


def test_only_semantic_hits_that_tell_enough(
    created_key: CreatedApiKey, redis: UpstashDouble, project: Project, owner: User
) -> None:
    key = created_key.api_key
    for row in (
        usage_row(key, cache_status="HIT", cache_key="c" * 64),
        semantic_row(key, cache_status="MISS"),
        semantic_row(key, decision={"bin": None}),
    ):
        with pytest.raises(NotJudgeableError):
            verdict_give(project=project, log=row, wrong=True, actor=owner)
