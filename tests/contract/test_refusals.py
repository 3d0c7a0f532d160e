"""What PostgREST's roles may not do on PostgreSQL: everything but the edge's two calls."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection as django_connection
from pytest_django import DjangoDbBlocker

from apps.usage.models import UsageLog
from tests.contract import postgres
from tests.contract.callers import Refused, SqlCaller
from tests.contract.conftest import authenticator
from tests.contract.databases import default_database
from tests.contract.tenants import tenant

ROLES = ("watchllm_edge", "anon", "authenticated")


@pytest.fixture(scope="module")
def connection(
    postgres_cluster: postgres.Cluster, django_db_blocker: DjangoDbBlocker
) -> Iterator[psycopg.Connection[Any]]:
    """As PostgREST's log-in role, on the migrated database with a tenant's row in it."""
    url = postgres_cluster.url("dashboard", "owner")
    with django_db_blocker.unblock(), default_database(url):
        customer = tenant()
        with authenticator(postgres_cluster) as as_authenticator:
            SqlCaller(as_authenticator).insert([customer.row("refusals-1")])
            yield as_authenticator


def _tables() -> list[str]:
    return sorted(django_connection.introspection.table_names())


def test_no_role_reads_or_writes_any_table(connection: psycopg.Connection[Any]) -> None:
    tables = _tables()
    assert {"users", "api_keys", "django_session", "account_emailaddress"} <= set(tables)
    for role in ROLES:
        caller = SqlCaller(connection, role)
        for table in tables:
            for statement in (
                'SELECT * FROM public."{}"',
                'SELECT count(*) FROM public."{}"',
                'DELETE FROM public."{}"',
                'TRUNCATE public."{}"',
                'INSERT INTO public."{}" DEFAULT VALUES',
            ):
                if (role, table) == ("watchllm_edge", "usage_logs") and "count" in statement:
                    continue  # allowed by SELECT (request_id), and empty: see the next test
                with pytest.raises(Refused) as refused:
                    caller.query(statement.format(table))
                assert refused.value.code == "42501", (role, statement)


def test_the_edge_sees_no_row_of_the_log(connection: psycopg.Connection[Any]) -> None:
    assert UsageLog.objects.exists()
    edge = SqlCaller(connection)
    assert edge.query("SELECT request_id FROM public.usage_logs") == []
    assert edge.query("SELECT count(*) FROM public.usage_logs") == [(0,)]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT prompt FROM public.usage_logs",
        "INSERT INTO public.usage_logs (id, request_id) VALUES (1, 'x')",
        "INSERT INTO public.usage_logs (inserted_by) VALUES ('1')",
        "UPDATE public.usage_logs SET latency_ms = 0",
        "SELECT * FROM public.usage_logs FOR UPDATE",
        "SELECT nextval('public.usage_logs_id_seq')",
        "SELECT setval('public.usage_logs_id_seq', 1)",
        "CREATE TABLE public.mine (x int)",
        "ALTER TABLE public.usage_logs DISABLE ROW LEVEL SECURITY",
        "DROP FUNCTION public.resolve_api_key(text)",
    ],
)
def test_the_edge_may_do_nothing_else(connection: psycopg.Connection[Any], statement: str) -> None:
    with pytest.raises(Refused) as refused:
        SqlCaller(connection).query(statement)
    assert refused.value.code == "42501"


def test_an_upsert_cannot_change_a_row(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(Refused) as refused:
        SqlCaller(connection).query(
            "INSERT INTO public.usage_logs (request_id) VALUES ('refusals-1')"
            " ON CONFLICT (request_id) DO UPDATE SET latency_ms = 99"
        )
    assert refused.value.code == "42501"
    assert UsageLog.objects.get(request_id="refusals-1").latency_ms == 0


@pytest.mark.parametrize("role", ["anon", "authenticated"])
def test_other_roles_may_not_resolve_keys(connection: psycopg.Connection[Any], role: str) -> None:
    with pytest.raises(Refused) as refused:
        SqlCaller(connection, role).resolve("0" * 64)
    assert refused.value.code == "42501"


def test_functions_cannot_be_led_astray_by_a_search_path(
    connection: psycopg.Connection[Any],
) -> None:
    rows = SqlCaller(connection).query(
        "SELECT proname, prosecdef, proconfig FROM pg_proc"
        " WHERE proname IN ('resolve_api_key', 'usage_row_belongs') ORDER BY proname"
    )
    assert rows == [
        ("resolve_api_key", True, ["search_path=pg_catalog, pg_temp"]),
        ("usage_row_belongs", True, ["search_path=pg_catalog, pg_temp"]),
    ]


def test_every_table_is_closed_also_one_that_another_app_adds(
    connection: psycopg.Connection[Any],
) -> None:
    from apps.edge_api.postgres import close_tables

    with django_connection.cursor() as cursor:
        cursor.execute("CREATE TABLE later_app (id bigserial PRIMARY KEY)")
        try:
            assert SqlCaller(connection, "anon").query("SELECT * FROM public.later_app") == []
            close_tables(django_connection)
            with pytest.raises(Refused):
                SqlCaller(connection, "anon").query("SELECT * FROM public.later_app")
            cursor.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind = 'r' AND NOT relrowsecurity"
            )
            assert cursor.fetchall() == []
        finally:
            cursor.execute("DROP TABLE later_app")
