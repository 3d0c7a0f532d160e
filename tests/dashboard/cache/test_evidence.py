"""Evidence from the log equals what the edge counted, and brings back what Redis lost."""

import uuid
from collections import Counter
from typing import Any

import pytest
from django.core.management import call_command
from django.test import override_settings
from django.utils import timezone
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from upstash_redis import Redis

from apps.accounts.services.organizations import organization_create
from apps.cache.models import SemanticEvidence, SemanticVerdict
from apps.cache.services.evidence import evidence_count, semantic_evidence_restore
from apps.projects.models import ApiKey
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey, api_key_create
from apps.projects.services.projects import project_archive, project_create
from apps.usage.erasure import GRACE, projects_erase_due
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import redis_keys
from shared.decision.evidence import read_counts
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble


def semantic_row(key: ApiKey, *, agreed: bool | None = None, **values: Any) -> UsageLog:
    """An unsaved row of a semantic hit, or of whatever ``cache_status`` says."""
    decision = {"mode": "strict", "namespace": "default", "probability": 0.91, "bin": 5}
    decision |= {"candidate": "c" * 64, "distance": 12, "served": True, "threshold": 0.7}
    if agreed is not None:
        decision["agreed"] = agreed
    decision |= values.pop("decision", {})
    named = {"cache_status": "HIT-SEMANTIC", "cache_key": "c" * 64, "model": "gpt-4o-mini"}
    return usage_row(key, **{**named, **values}, decision=decision)


def in_redis(project_id: object, namespace: str = "default") -> dict[int, tuple[int, int]]:
    with redis_client() as redis:
        return _read(redis, redis_keys.semantic_evidence(str(project_id), namespace))


def of_project(project_id: object) -> dict[int, tuple[int, int]]:
    with redis_client() as redis:
        return _read(redis, redis_keys.semantic_project_evidence(str(project_id)))


def _read(redis: Redis, key: str) -> dict[int, tuple[int, int]]:
    found: Any = redis.hgetall(key)
    return read_counts([part for pair in found.items() for part in pair])


def counted() -> list[tuple[Any, ...]]:
    columns = ("namespace", "model", "bin", "served", "checked", "wrong")
    return sorted(SemanticEvidence.objects.values_list(*columns))


@pytest.mark.django_db
def test_each_row_counts_once(created_key: CreatedApiKey) -> None:
    key = created_key.api_key
    rows = [
        semantic_row(key),
        semantic_row(key, agreed=True),
        semantic_row(key, agreed=False, decision={"namespace": "blue", "bin": 2}),
        semantic_row(key, agreed=True, cache_status="MISS", decision={"served": False}),
        usage_row(key, cache_status="MISS", decision={"eligible": False, "reason": "code"}),
        # Of an edge that did not tell the bin yet, and of one that is out of its mind.
        semantic_row(key, agreed=True, decision={"bin": None}),
        semantic_row(key, agreed=True, decision={"bin": 99}),
        usage_row(key, cache_status="HIT"),
    ]
    for part in (rows[:3], rows[3:]):
        UsageLog.objects.bulk_create(part)
        usage_rollup()
        evidence_count(batch_ids=2)
        evidence_count()
    assert counted() == [
        ("blue", "gpt-4o-mini", 2, 1, 1, 1),
        ("default", "gpt-4o-mini", 5, 2, 2, 0),
    ]


@pytest.mark.django_db
def test_only_what_the_rollup_has_read(created_key: CreatedApiKey) -> None:
    """Behind its watermark no insert is in flight any more."""
    semantic_row(created_key.api_key, agreed=True).save()
    assert evidence_count() == 0
    usage_rollup()
    assert evidence_count() > 0
    assert [row[3:] for row in counted()] == [(1, 1, 0)]


@pytest.mark.django_db
def test_a_verdict_through_the_api_is_known_here(created_key: CreatedApiKey) -> None:
    key = created_key.api_key
    hit = semantic_row(key)
    told = {"verdict": "wrong", "hit": hit.request_id, "candidate": hit.cache_key}
    told |= {"namespace": "default", "bin": 5}
    feedback = {"endpoint": "/v1/cache/feedback", "cache_status": "BYPASS"}
    UsageLog.objects.bulk_create(
        [hit, *(usage_row(key, **feedback, decision=told) for _ in range(2))]
    )
    usage_rollup()
    evidence_count()
    verdict = SemanticVerdict.objects.get()
    assert (verdict.request_id, verdict.wrong, verdict.actor) == (hit.request_id, True, None)
    assert (verdict.actor_label, verdict.api_key_id) == (f"API key {key}", key.pk)
    assert counted() == [("default", "gpt-4o-mini", 5, 1, 1, 1)]


@pytest.mark.django_db
def test_rows_of_a_project_that_is_gone_stop_nothing(created_key: CreatedApiKey) -> None:
    gone = {"project_id": uuid.uuid4()}
    UsageLog.objects.bulk_create(
        [
            semantic_row(created_key.api_key, agreed=True, **gone),
            semantic_row(created_key.api_key, decision={"hit": "x", "verdict": "wrong"}, **gone),
            semantic_row(created_key.api_key, agreed=True),
        ]
    )
    usage_rollup()
    evidence_count()
    assert [row[3:] for row in counted()] == [(1, 1, 0)]


@pytest.mark.django_db
def test_what_redis_lost_comes_back(
    created_key: CreatedApiKey, redis: UpstashDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    key = created_key.api_key
    UsageLog.objects.bulk_create(
        [
            *(semantic_row(key, agreed=True) for _ in range(3)),
            semantic_row(key, agreed=False),
            semantic_row(key, agreed=True, model="gpt-4o"),
            semantic_row(key, agreed=True, decision={"namespace": "blue", "bin": 6}),
        ]
    )
    usage_rollup()
    call_command("semantic_evidence_restore")
    assert "6 counters were behind" in capsys.readouterr().out
    assert in_redis(key.project_id) == {5: (5, 1)}
    assert in_redis(key.project_id, "blue") == {6: (1, 0)}
    assert of_project(key.project_id) == {5: (5, 1), 6: (1, 0)}
    redis.forget()
    assert semantic_evidence_restore() == 0
    assert len(redis.requests) == 1
    assert in_redis(key.project_id) == {5: (5, 1)}


@pytest.mark.django_db
def test_an_archived_project_gets_nothing_back(
    created_key: CreatedApiKey, redis: UpstashDouble
) -> None:
    semantic_row(created_key.api_key, agreed=True).save()
    usage_rollup()
    project_archive(project=created_key.api_key.project, actor=None)
    assert semantic_evidence_restore() == 0
    assert in_redis(created_key.api_key.project_id) == {}


@pytest.mark.django_db
def test_an_erased_project_leaves_no_counters(
    created_key: CreatedApiKey, redis: UpstashDouble
) -> None:
    erased = created_key.api_key.project
    organization = organization_create(name="B", owner=None, actor=None)
    other = project_create(organization=organization, name="B", actor=None)
    foreign_key = api_key_create(project=other, name="B", actor=None).api_key
    for key in (created_key.api_key, foreign_key):
        semantic_row(key, agreed=True).save()
        semantic_row(key, agreed=True, decision={"namespace": "blue"}).save()
    usage_rollup()
    semantic_evidence_restore()
    pk = erased.pk
    UsageLog.objects.all().delete()
    erased.deletion_requested_at = timezone.now() - GRACE
    erased.save()
    assert projects_erase_due() == 1
    assert (in_redis(pk), in_redis(pk, "blue"), of_project(pk)) == ({}, {}, {})
    assert (in_redis(other.pk), of_project(other.pk)) == ({5: (1, 0)}, {5: (2, 0)})


@pytest.mark.django_db
def test_without_redis_the_log_is_counted_all_the_same(
    created_key: CreatedApiKey, settings: object
) -> None:
    settings.UPSTASH_REDIS_REST_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    semantic_row(created_key.api_key, agreed=True).save()
    usage_rollup()
    assert semantic_evidence_restore() == 0
    assert [row[3:] for row in counted()] == [(1, 1, 0)]


@pytest.mark.usefixtures("redis_for_class")
class RestoreProperty(TestCase):
    """hypothesis' TestCase: each example runs in a transaction of its own."""

    rest: UpstashDouble

    @limits(max_examples=15, deadline=None)
    @given(
        steps=st.lists(
            st.sampled_from(
                ["right", "wrong", "late", "arrive", "lose", "lose one", "lose project", "restore"]
            ),
            max_size=14,
        )
    )
    def test_never_more_than_the_truth_and_in_the_end_all_of_it(self, steps: list[str]) -> None:
        organization = organization_create(name="A", owner=None, actor=None)
        project = project_create(organization=organization, name="A", actor=None)
        key = api_key_create(project=project, name="A", actor=None).api_key
        truth: Counter[str] = Counter()
        waiting: list[UsageLog] = []
        name = redis_keys.semantic_evidence(str(project.pk), "default")
        every = redis_keys.semantic_project_evidence(str(project.pk))
        redis_settings = {
            "UPSTASH_REDIS_REST_URL": self.rest.url,
            "UPSTASH_REDIS_REST_TOKEN": self.rest.token,
        }
        with override_settings(**redis_settings), redis_client() as redis:
            for step in [*steps, "arrive", "restore"]:
                if step in ("right", "wrong", "late"):  # as the edge counts and writes
                    wrong = step == "wrong"
                    truth.update(checked=1, wrong=int(wrong))
                    for counters in (name, every):
                        redis.hincrby(counters, "checked:5", 1)
                        redis.hincrby(counters, "wrong:5", int(wrong))
                    row = semantic_row(key, agreed=not wrong)
                    waiting.append(row) if step == "late" else row.save()
                elif step == "lose":
                    redis.delete(name)
                elif step == "lose one":
                    redis.hdel(name, "checked:5")
                elif step == "lose project":
                    redis.delete(every)
                elif step == "arrive":
                    UsageLog.objects.bulk_create(waiting)
                    waiting.clear()
                else:
                    usage_rollup()
                    semantic_evidence_restore()
                for counters in (name, every):
                    checked, wrongs = _read(redis, counters).get(5, (0, 0))
                    assert checked <= truth["checked"]
                    assert wrongs <= truth["wrong"]
            for counters in (name, every):
                found = _read(redis, counters).get(5, (0, 0))
                assert found == (truth["checked"], truth["wrong"])


@pytest.fixture(scope="class")
def redis_for_class(request: pytest.FixtureRequest, redis_rest: UpstashDouble) -> None:
    """The REST API as an attribute: hypothesis' TestCase takes no fixtures by name."""
    request.cls.rest = redis_rest
