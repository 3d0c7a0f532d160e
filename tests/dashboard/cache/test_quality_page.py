"""The page on semantic quality: bounds, decisions, and who may judge them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from apps.cache import freshness
from apps.cache.models import SemanticEvidence, SemanticVerdict
from apps.cache.selectors.namespaces import MOST_NAMESPACES, quality, standings
from apps.cache.selectors.pairs import PAGE, pair_page
from apps.cache.services.evidence import semantic_evidence_restore
from apps.projects.models import Project
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_update
from apps.usage import freshness as usage_freshness
from apps.usage.models import UsageLog
from apps.usage.request_log import parse_cursor
from apps.usage.rollup import usage_rollup
from shared import redis_keys
from shared.decision.evidence import CLOSED, standing
from shared.decision.modes import STRICT
from tests.dashboard.cache.test_evidence import in_redis, semantic_row
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant

pytestmark = pytest.mark.django_db

ASKED = json.dumps({"messages": [{"role": "user", "content": "How can I <swim>?"}]})
HTMX = {"HX-Request": "true"}


def plain(response: Any) -> str:
    return " ".join(response.content.decode().split())


def given(project: Project, counters: dict[str, int], namespace: str = "default") -> None:
    with redis_client() as client:
        client.hset(redis_keys.semantic_evidence(str(project.pk), namespace), values=counters)


def test_nothing_yet(cast: Cast, home: str, redis: UpstashDouble) -> None:
    page = plain(cast.viewer.get(f"{home}cache/quality/"))
    assert "No semantic hit yet" in page
    assert "open by the shipped prior, from P ≥ 0.70" in page
    assert "nothing checked yet" in page


def test_the_charts_days_are_the_visitors(
    cast: Cast, home: str, created_key: CreatedApiKey, redis: UpstashDouble
) -> None:
    """23:30 of the 18th and 0:30 of the 19th in Auckland are one day in UTC, and two there."""
    for hour, agreed in ((10, True), (11, False)):
        ts = datetime(2026, 11, 18, hour, 30, tzinfo=UTC)
        semantic_row(created_key.api_key, ts=ts, agreed=agreed).save()
    usage_rollup()
    cast.viewer.cookies["tz"] = "Pacific/Auckland"
    with time_machine.travel(datetime(2026, 11, 19, 2, tzinfo=UTC), tick=False):
        chart = cast.viewer.get(f"{home}cache/quality/").context["chart"]
    assert [bar.label for bar in chart.bars[-2:]] == ["Nov 18", "Nov 19"]
    assert [list(series.values)[-2:] for series in chart.series] == [[0, 0], [1, 0], [0, 1]]


def test_the_bound_is_the_edges(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    given(project, {"checked:6": 600, "wrong:6": 1})
    given(project, {"checked:6": 100, "wrong:6": 20}, "blue")
    SemanticEvidence.objects.create(project=project, namespace="blue", bin=6, checked=1)
    found = quality(project)
    assert found.live
    by_name = {each.namespace: each for each in found.namespaces}
    strict, balanced = by_name["default"].modes
    assert (strict.standing.checked, strict.standing.wrong) == (600, 1)
    assert strict.standing == standing({6: (600, 1)}, STRICT, project={}, forced_open=False)
    assert (strict.standing.state, balanced.standing.state) == ("evidence", "evidence")
    assert by_name["default"].line == strict
    assert by_name["blue"].modes[0].needed > 100
    page = plain(cast.viewer.get(f"{home}cache/quality/"))
    assert f"{strict.standing.bound * 100:.1f}%" in page
    assert "open by evidence, from P ≥ 0.70" in page


@pytest.mark.parametrize(
    ("others", "threshold"),
    [
        ({"checked:6": 400, "wrong:6": 4}, STRICT.threshold),
        ({"checked:2": 100, "wrong:2": 60, "checked:6": 600, "wrong:6": 6}, None),
        ({"checked:6": 400, "wrong:6": 200}, CLOSED),
    ],
)
def test_what_is_served_by_the_projects_evidence_is_the_edges(
    edge: Edge, project: Project, tenant: Tenant, others: dict[str, int], threshold: float | None
) -> None:
    project_update(project=project, actor=None, semantic_opened=False)
    tenant.record["project"]["semantic_opened"] = False
    with redis_client() as client:
        client.hset(redis_keys.semantic_project_evidence(str(project.pk)), values=others)
    tenant.chat("How do I reverse a list in Python?")
    tenant.rows(1)
    (shown,) = quality(project).namespaces
    expected = shown.modes[0].standing.threshold
    assert standings(project)["strict"].threshold == expected
    tenant.chat("How can I reverse a list in Python?")
    assert tenant.rows(2)[1]["decision"]["threshold"] == expected
    if threshold is None:
        assert STRICT.threshold < expected <= 1
    else:
        assert expected == threshold


def test_opened_at_the_owners_risk_is_shown_as_such(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    project_update(project=project, actor=None, semantic_opened=True)
    given(project, {"checked:6": 60, "wrong:6": 6})
    assert "open at the owner’s risk, from P ≥ 0.70" in plain(
        cast.viewer.get(f"{home}cache/quality/")
    )
    given(project, {"checked:6": 100, "wrong:6": 20})
    page = plain(cast.viewer.get(f"{home}cache/quality/"))
    assert "closed again: wrong too often" in page
    project_update(project=project, actor=None, semantic_mode="off")
    assert "Paraphrases are off" in plain(cast.viewer.get(f"{home}cache/quality/"))


def test_without_redis_the_log_is_what_is_known(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    UsageLog.objects.bulk_create(semantic_row(created_key.api_key, agreed=True) for _ in range(7))
    page = plain(cast.viewer.get(f"{home}cache/quality/"))
    assert "Redis cannot be reached. The evidence below" in page
    found = quality(created_key.api_key.project)
    assert (found.live, found.served, found.checked, found.wrong) == (False, 7, 7, 0)
    assert found.namespaces[0].bins[1].checked == 7
    assert [line.model for line in found.namespaces[0].models] == ["gpt-4o-mini"]


def test_a_loss_in_redis_shows(
    cast: Cast, home: str, created_key: CreatedApiKey, redis: UpstashDouble
) -> None:
    semantic_row(created_key.api_key, agreed=True).save()
    assert "Redis has lost some" in plain(cast.viewer.get(f"{home}cache/quality/"))
    semantic_evidence_restore()
    assert "Redis has lost some" not in plain(cast.viewer.get(f"{home}cache/quality/"))


def test_many_namespaces(project: Project, redis: UpstashDouble) -> None:
    SemanticEvidence.objects.bulk_create(
        SemanticEvidence(project=project, namespace=f"n{number}", bin=6, checked=number)
        for number in range(MOST_NAMESPACES + 5)
    )
    found = quality(project)
    assert [each.namespace for each in found.namespaces][:2] == ["n24", "n23"]
    assert found.namespaces[-1].namespace == project.namespace
    assert found.more == 5
    assert len(redis.requests) >= 1


@pytest.fixture
def decisions(created_key: CreatedApiKey) -> dict[str, UsageLog]:
    """One row of each kind, of the same minute."""
    key = created_key.api_key
    rows = {
        "hit": semantic_row(key),
        "agreed": semantic_row(key, agreed=True),
        "differed": semantic_row(key, agreed=False),
        "near": semantic_row(key, agreed=True, cache_status="MISS", decision={"served": False}),
        "miss": usage_row(key, cache_status="MISS"),
        "hot": usage_row(key, cache_status="HIT", cache_key="d" * 64),
    }
    for row in rows.values():
        row.save()
    return rows


@pytest.mark.parametrize(
    ("show", "shown"),
    [
        ("hits", ["differed", "agreed", "hit"]),
        ("checks", ["differed", "agreed"]),
        ("differed", ["differed"]),
        ("near", ["near"]),
    ],
)
def test_the_lists(
    project: Project, decisions: dict[str, UsageLog], show: str, shown: list[str]
) -> None:
    names = {row.pk: name for name, row in decisions.items()}
    page = pair_page(project, show, None)
    assert [names[pair.log.pk] for pair in page.pairs] == shown
    assert page.older is None


def test_pages_follow_one_another(created_key: CreatedApiKey) -> None:
    key = created_key.api_key
    start = timezone.now()
    UsageLog.objects.bulk_create(
        semantic_row(key, ts=start - timedelta(minutes=number // 3))
        for number in range(2 * PAGE + 5)
    )
    seen: list[int] = []
    cursor = None
    while True:
        page = pair_page(key.project, "hits", cursor)
        seen += [pair.log.pk for pair in page.pairs]
        if page.older is None:
            break
        cursor = parse_cursor(page.older.dump())
    assert len(seen) == len(set(seen)) == 2 * PAGE + 5


def test_prompts_only_where_they_are_logged(
    cast: Cast, home: str, created_key: CreatedApiKey, redis: UpstashDouble
) -> None:
    key = created_key.api_key
    semantic_row(key, prompt=ASKED, decision={"matched": "How do I swim?"}).save()
    semantic_row(key, prompt='{"messages": [{"cut').save()
    page = plain(cast.viewer.get(f"{home}cache/quality/"))
    assert "How can I &lt;swim&gt;?" in page
    assert "How do I swim?" in page
    assert "this project does not log them" in page
    # What is matched is kept with the asker's prompt or not at all.
    UsageLog.objects.update(prompt=None)
    assert "How do I swim?" not in plain(cast.viewer.get(f"{home}cache/quality/"))


def test_a_member_judges_and_the_row_says_who(
    cast: Cast, home: str, project: Project, decisions: dict[str, UsageLog], redis: UpstashDouble
) -> None:
    url = f"{home}cache/quality/{decisions['hit'].pk}/verdict/"
    part = cast.member.post(url, {"verdict": "wrong"}, headers=HTMX)
    text = plain(part)
    assert "wrong hit" in text
    assert "member@example.com" in text
    assert "Right</button>" not in text
    assert "removed from the cache" in part.headers["HX-Trigger"]
    assert in_redis(project.pk) == {5: (1, 1)}
    again = cast.admin.post(url, {"verdict": "right"}, headers=HTMX)
    assert "has had its verdict" in again.headers["HX-Trigger"]
    assert SemanticVerdict.objects.get().wrong is True


def test_without_javascript_too(
    cast: Cast, home: str, decisions: dict[str, UsageLog], redis: UpstashDouble
) -> None:
    url = f"{home}cache/quality/{decisions['agreed'].pk}/verdict/"
    page = cast.member.post(url, {"verdict": "right"}, follow=True)
    assert "Counted as right." in plain(page)
    assert cast.member.post(url, {"verdict": "maybe"}).status_code == 400
    refused = cast.member.post(
        f"{home}cache/quality/{decisions['miss'].pk}/verdict/", {"verdict": "wrong"}, follow=True
    )
    assert "not a semantic hit" in plain(refused)


def test_redis_away_is_told_and_may_be_tried_again(
    cast: Cast, home: str, decisions: dict[str, UsageLog]
) -> None:
    url = f"{home}cache/quality/{decisions['hit'].pk}/verdict/"
    part = cast.member.post(url, {"verdict": "wrong"}, headers=HTMX)
    assert "nothing was counted or removed" in part.headers["HX-Trigger"]
    assert "Wrong hit</button>" in plain(part)


def test_who_may_judge(
    cast: Cast, home: str, decisions: dict[str, UsageLog], redis: UpstashDouble
) -> None:
    url = f"{home}cache/quality/{decisions['hit'].pk}/verdict/"
    assert cast.viewer.post(url, {"verdict": "wrong"}).status_code == 403
    assert cast.stranger.post(url, {"verdict": "wrong"}).status_code == 404
    foreign = f"/app/other/search/cache/quality/{decisions['hit'].pk}/verdict/"
    assert cast.stranger.post(foreign, {"verdict": "wrong"}).status_code == 404
    assert not SemanticVerdict.objects.exists()
    assert "Wrong hit</button>" not in plain(cast.viewer.get(f"{home}cache/quality/"))
    assert "Wrong hit</button>" in plain(cast.member.get(f"{home}cache/quality/"))


def test_few_queries(
    cast: Cast,
    home: str,
    *,
    decisions: dict[str, UsageLog],
    redis: UpstashDouble,
    django_assert_max_num_queries: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cast.viewer.get(
        f"{home}cache/quality/"
    )  # as one page in three seconds does, it counts what is new
    for clock in (freshness._Clock, usage_freshness._Clock):
        monkeypatch.setattr(clock, "due", float("inf"))
    for part in ("", "?show=near", "?show=differed"):
        with django_assert_max_num_queries(12):
            assert cast.viewer.get(f"{home}cache/quality/{part}").status_code == 200
    redis.forget()
    cast.viewer.get(f"{home}cache/quality/")
    assert len(redis.requests) == 1
