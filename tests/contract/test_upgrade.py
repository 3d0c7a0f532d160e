"""A database that an earlier release made and filled, migrated to today's tables."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import DjangoDbBlocker

from apps.accounts.models import User
from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import key_record
from shared.version import VERSION
from tests.contract import postgres
from tests.contract.callers import SqlCaller
from tests.contract.conftest import authenticator, execute
from tests.contract.databases import default_database
from tests.contract.release_database import FOLDER
from tests.dashboard.usage_rows import recount, rolled_up

RELEASES = sorted(FOLDER.glob("*.sql"))
COLUMNS_OF_0_1_0 = (
    *("request_id", "ts", "project_id", "organization_id", "api_key_id", "endpoint", "provider"),
    *("model", "stream", "cache_status", "cache_key", "similarity", "prompt_tokens"),
    *("completion_tokens", "cached_tokens", "cost_nanousd", "saved_nanousd", "latency_ms"),
    *("upstream_ms", "ttfb_ms", "status", "error_code", "decision", "prompt", "response"),
)
"""What the oldest edge that may still run writes: a row is inserted with the columns it names."""
_TABLES = """
SELECT table_name FROM information_schema.tables
WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1
"""
_SHAPE = """
SELECT 'column', table_name, column_name,
       concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default)
FROM information_schema.columns WHERE table_schema = ANY (%(ours)s)
UNION ALL
SELECT 'index', tablename, indexdef, '' FROM pg_indexes WHERE schemaname = ANY (%(ours)s)
UNION ALL
SELECT 'constraint', conrelid::regclass::text, conname, contype::text
FROM pg_constraint WHERE connamespace::regnamespace::text = ANY (%(ours)s)
UNION ALL
SELECT 'function', proname, pg_get_functiondef(oid), proacl::text
FROM pg_proc WHERE pronamespace::regnamespace::text = ANY (%(ours)s)
UNION ALL
SELECT 'rights', relname, relacl::text, relrowsecurity::text FROM pg_class
WHERE relnamespace::regnamespace::text = ANY (%(ours)s) AND relkind IN ('r', 'v')
UNION ALL
SELECT 'policy', tablename, policyname, concat_ws(' ', roles, cmd, qual, with_check)
FROM pg_policies WHERE schemaname = ANY (%(ours)s)
"""
_OURS = {"ours": ["public", "watchllm_private"]}


def query(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)
        return cursor.fetchall()


def counts() -> dict[str, int]:
    """How many rows each table has."""
    return {name: query(f'SELECT count(*) FROM "{name}"')[0][0] for (name,) in query(_TABLES)}  # noqa: S608


@pytest.fixture(scope="module", params=RELEASES, ids=lambda path: path.stem)
def upgraded(
    request: pytest.FixtureRequest,
    postgres_cluster: postgres.Cluster,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[dict[str, int]]:
    """Django on the release's database, migrated; the rows that it had before, by table."""
    dump: Path = request.param
    name = f"release-{dump.stem}"
    with django_db_blocker.unblock():
        # The role of the edge is the cluster's, and so in no dump: its other database has made it.
        execute(postgres_cluster, "postgres", f'CREATE DATABASE "{name}" OWNER owner')
        with psycopg.connect(postgres_cluster.url(name), autocommit=True) as restoring:
            restoring.execute(dump.read_text())  # type: ignore[call-overload]
        with default_database(postgres_cluster.url(name, "owner")):
            before = counts()
            call_command("migrate", verbosity=0)
            yield before


def test_the_newest_release_has_its_database() -> None:
    assert VERSION in {path.stem for path in RELEASES}


def test_no_row_is_lost(upgraded: dict[str, int]) -> None:
    after = counts()
    grows = {"django_migrations", "django_content_type", "auth_permission"}
    for table, rows in upgraded.items():
        assert after[table] == rows or (table in grows and after[table] > rows), table
    assert upgraded["usage_logs"] and upgraded["webhook_endpoints"]  # noqa: PT018


def test_the_tables_are_those_of_a_new_database(
    upgraded: dict[str, int], postgres_cluster: postgres.Cluster
) -> None:
    migrated = set(query(_SHAPE, **_OURS))
    with psycopg.connect(postgres_cluster.url("dashboard")) as new:
        fresh = set(new.execute(_SHAPE, _OURS).fetchall())
    assert fresh
    assert migrated == fresh


def test_old_and_new_edges_are_served(
    upgraded: dict[str, int], postgres_cluster: postgres.Cluster
) -> None:
    active = ApiKey.objects.get(revoked_at=None)
    revoked = ApiKey.objects.exclude(revoked_at=None).get()
    row = dict.fromkeys(COLUMNS_OF_0_1_0) | {
        "request_id": "from-an-old-edge",
        "ts": "2026-12-02T10:00:00+00:00",
        "project_id": str(active.project_id),
        "organization_id": str(active.project.organization_id),
        "api_key_id": str(active.pk),
        "endpoint": "/v1/chat/completions",
        "stream": False,
        "cache_status": "MISS",
        "latency_ms": 7,
        "status": 200,
    }
    with authenticator(postgres_cluster, str(connection.settings_dict["NAME"])) as edges:
        edge = SqlCaller(edges)
        record = key_record.parse(edge.resolve(active.key_hash))
        assert (record.status, record.project_id) == ("active", str(active.project_id))
        assert [credential.provider for credential in record.credentials] == ["openai"]
        assert edge.resolve(revoked.key_hash)["status"] == "revoked"
        edge.insert([row])
    assert UsageLog.objects.get(request_id="from-an-old-edge").latency_ms == 7


def test_the_sums_go_on(upgraded: dict[str, int]) -> None:
    """Semantic hits, which 0.1.0 summed by the day, compared by the day."""
    usage_rollup()
    summed, latencies = rolled_up()
    expected, expected_latencies = recount()
    assert _semantic_by_day(summed) == _semantic_by_day(expected)
    assert latencies == expected_latencies


def _semantic_by_day(sums: dict[Any, dict[str, int]]) -> dict[Any, Counter[str]]:
    found: dict[Any, Counter[str]] = {}
    for key, counted in sums.items():
        is_semantic = key[0] == "semantic"
        by_day = (key[0], key[1].replace(hour=0), *key[2:]) if is_semantic else key
        found.setdefault(by_day, Counter()).update(counted)
    return found


def test_its_owner_finds_the_project_again(upgraded: dict[str, int]) -> None:
    client = Client()
    client.force_login(User.objects.get(email="owner@example.com"))
    project = Project.objects.get(api_keys__revoked_at=None)
    page = client.get("/app/", follow=True)
    assert page.status_code == 200
    assert project.name in page.content.decode()
