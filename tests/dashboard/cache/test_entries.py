"""Entries as Redis keeps them, and the most used ones as the log tells."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.cache import entries
from apps.projects.cache_control import Scope, cache_purge
from apps.projects.models import Project
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import UsageLog
from shared import redis_keys
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant, until

pytestmark = pytest.mark.django_db


def plain(response: Any) -> str:
    return " ".join(response.content.decode().split())


def put(project_id: object, value: str) -> str:
    name = redis_keys.entry(str(project_id), uuid.uuid4().hex * 2)
    with redis_client() as client:
        client.set(name, value)
    return name


def test_what_the_edge_stored_is_what_is_counted(
    edge: Edge, tenant: Tenant, project: Project
) -> None:
    tenant.chat("one")
    tenant.chat("two")
    tenant.chat("three", {"x-watchllm-cache-namespace": "v2"})
    tenant.chat("four", model="gpt-4o")
    tenant.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": ["a", "b"]})
    every = redis_keys.entry(str(project.pk), "*")
    with redis_client() as client:
        until(lambda: len(client.keys(every)) == 6, "all entries to be stored")
    found = entries.entries_count(project)
    assert found.complete
    assert {(one.model, one.namespace): one.entries for one in found.kept} == {
        ("gpt-4o-mini", "default"): 2,
        ("gpt-4o-mini", "v2"): 1,
        ("gpt-4o", "default"): 1,
        ("text-embedding-3-small", "default"): 2,
    }
    with redis_client() as client:
        assert found.size == sum(client.strlen(name) for name in client.keys(every))


@pytest.mark.parametrize(
    ("scope", "alive"),
    [
        (Scope(model="a/b:c"), {("gpt-4o", "v2")}),
        (Scope(namespace="v2"), {("a/b:c", "x@y")}),
        (Scope(model="a/b:c", namespace="x@y"), {("gpt-4o", "v2")}),
        (Scope(model="a/b:c", namespace="v2"), {("gpt-4o", "v2"), ("a/b:c", "x@y")}),
        (Scope(), set()),
    ],
)
def test_purged_entries_are_not_alive(
    project: Project, redis: UpstashDouble, scope: Scope, alive: set[tuple[str, str]]
) -> None:
    put(project.pk, "1764000000000:gpt-4o:v2:abcd")
    put(project.pk, "1764000000000:a%2Fb%3Ac:x%40y:abcdefgh")
    cache_purge(project=project, scope=scope, actor=None)
    found = entries.entries_count(project)
    assert {(one.model, one.namespace) for one in found.kept if one.entries} == alive
    assert (found.entries, found.dead) == (len(alive), 2 - len(alive))


def test_other_projects_are_not_counted(project: Project, redis: UpstashDouble) -> None:
    put(uuid.uuid4(), "1764000000000:gpt-4o:v2:abcd")
    assert entries.entries_count(project).kept == []


def test_a_count_is_bounded_and_says_so(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    with redis_client() as client:
        names = [redis_keys.entry(str(project.pk), f"{number:064x}") for number in range(100)]
        client.mset(dict.fromkeys(names, "1764000000000:gpt-4o:v2:abcd"))
    redis.forget()
    found = entries.entries_count(project, most_scans=2, scan_count=10)
    assert not found.complete
    assert found.entries < 100
    scans = [command for command in redis.commands() if command[0] == "SCAN"]
    assert len(scans) == 2
    assert len(redis.requests) <= 4  # and a script for what each of them found
    page = plain(cast.viewer.get(f"{home}cache/entries/kept/"))
    assert "This is not all" in page
    assert "Together, at least" in page


def test_a_cache_not_looked_through_is_not_called_empty(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    found = entries.entries_count(project, most_scans=0)
    assert (found.kept, found.complete) == ([], False)
    page = plain(cast.viewer.get(f"{home}cache/entries/kept/"))
    assert "This is not all" in page
    assert "The cache is empty" not in page


def test_counted_once_a_minute(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    put(project.pk, "1764000000000:gpt-4o:v2:abcd")
    first = plain(cast.viewer.get(f"{home}cache/entries/kept/"))
    assert "28 bytes" in first
    redis.forget()
    assert plain(cast.viewer.get(f"{home}cache/entries/kept/")) == first
    assert redis.requests == []


def test_a_purge_is_counted_at_once(
    cast: Cast, home: str, project: Project, redis: UpstashDouble
) -> None:
    put(project.pk, "1764000000000:gpt-4o:v2:abcd")
    assert entries.entries_count(project).entries == 1
    purge = {"scope": "all", "older_than": "0", "confirm": "yes"}
    assert cast.member.post(f"{home}cache/purge/", purge).status_code == 302
    found = entries.entries_count(project)
    assert (found.entries, found.dead) == (0, 1)
    page = plain(cast.viewer.get(f"{home}cache/entries/kept/"))
    assert "1 purged entry (28 bytes) waits for its TTL and is never served" in page


def test_nothing_kept_and_nobody_to_ask(
    cast: Cast, home: str, redis: UpstashDouble, settings: object
) -> None:
    assert "The cache is empty" in plain(cast.viewer.get(f"{home}cache/entries/kept/"))
    entries.cache.clear()
    settings.UPSTASH_REDIS_REST_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    assert "Redis cannot be reached" in plain(cast.viewer.get(f"{home}cache/entries/kept/"))


@pytest.fixture
def hits(created_key: CreatedApiKey) -> list[UsageLog]:
    """Three hits of one answer, one of another, and what does not count."""
    key, now = created_key.api_key, timezone.now()
    rows = [
        *(
            usage_row(
                key,
                ts=now - timedelta(hours=number),
                cache_status=status,
                cache_key="a" * 64,
                model="gpt-4o",
                saved_nanousd=1_000_000_000,
            )
            for number, status in enumerate(("HIT", "HIT-SEMANTIC", "HIT-COALESCED"))
        ),
        usage_row(key, ts=now - timedelta(days=3), cache_status="HIT", cache_key="b" * 64),
        usage_row(key, ts=now, cache_status="MISS", cache_key="c" * 64),
        usage_row(key, ts=now, cache_status="HIT", cache_key=None),
    ]
    UsageLog.objects.bulk_create(rows)
    return rows


def test_the_most_used_answers(cast: Cast, home: str, hits: list[UsageLog]) -> None:
    week = plain(cast.viewer.get(f"{home}cache/entries/top/?period=7d"))
    assert "$3.00" in week
    assert week.index("a" * 64) < week.index("b" * 64)
    assert "c" * 64 not in week
    assert "b" * 64 not in plain(cast.viewer.get(f"{home}cache/entries/top/?period=24h"))
    assert "Delete</button>" not in week
    assert "Delete</button>" in plain(cast.member.get(f"{home}cache/entries/top/"))


def test_the_page_asks_for_its_tables_with_the_period_of_its_address(
    cast: Cast, home: str, hits: list[UsageLog]
) -> None:
    """A month of many millions of hits takes longer to count than a page may wait."""
    page = plain(cast.viewer.get(f"{home}cache/entries/?period=30d"))
    assert f'hx-get="{home}cache/entries/top/?period=30d"' in page
    assert f'hx-get="{home}cache/entries/kept/"' in page
    assert "a" * 64 not in page


def test_deleting_one(edge: Edge, cast: Cast, home: str, tenant: Tenant, project: Project) -> None:
    question = f"delete {uuid.uuid4()}"
    tenant.chat(question)
    tenant.rows(1)  # written after the entry
    assert tenant.chat(question).headers["x-watchllm-cache"] == "HIT"
    key = tenant.rows(2)[-1]["cache_key"]
    url = f"{home}cache/entries/delete/"
    page = cast.member.post(url, {"cache_key": key}, follow=True)
    assert "Deleted. The next such request asks the provider." in plain(page)
    assert tenant.chat(question).headers["x-watchllm-cache"] == "MISS"
    told = AuditLog.objects.get(action="cache.entry_delete")
    assert told.data == {"cache_key": key, "deleted": True}
    again = cast.member.post(url, {"cache_key": "e" * 64}, follow=True)
    assert "not in the cache any more" in plain(again)


def test_who_may_delete_what(cast: Cast, home: str, project: Project, redis: UpstashDouble) -> None:
    name = put(project.pk, "1764000000000:gpt-4o:v2:abcd")
    url, key = f"{home}cache/entries/delete/", name.rpartition(":")[2]
    assert cast.viewer.post(url, {"cache_key": key}).status_code == 403
    assert cast.stranger.post(url, {"cache_key": key}).status_code == 404
    for wrong in ("*", "", key.upper() + "x", f"{key}\n"):
        page = cast.member.post(url, {"cache_key": wrong}, follow=True)
        assert "That is no cache key." in plain(page)
    with redis_client() as client:
        assert client.exists(name) == 1
    assert not AuditLog.objects.filter(action="cache.entry_delete").exists()


def test_few_queries(
    cast: Cast, home: str, hits: list[UsageLog], django_assert_max_num_queries: Any
) -> None:
    cast.viewer.get(f"{home}cache/entries/")
    for path in ("", "kept/", "top/?period=30d"):
        with django_assert_max_num_queries(12):
            assert cast.viewer.get(f"{home}cache/entries/{path}").status_code == 200
