"""Usage rows by the edge's own connection to PostgreSQL: once each, and none lost."""

import json
import uuid
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from apps.projects.models import ApiKey
from apps.projects.selectors import key_record
from gateway.core.http import FetchFailed
from gateway.core.platform import DatabaseRefused
from gateway.reporting import writer
from hosts.cpython import postgres as direct
from hosts.cpython.postgres import Database
from local_stack import ports
from shared import api_keys
from tests.contract.postgres import SUPERUSER, Cluster
from tests.contract.tenants import Tenant, tenant
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import PEPPER, Edge, until
from tests.worker.in_process import Isolate, isolate

Admin = psycopg.Connection[Any]

pytestmark = pytest.mark.usefixtures("owner_database")


@dataclass
class World:
    """``url``: of a user who has no right but to become the edge's role. ``admin``: a superuser's
    connection."""

    url: str
    admin: Admin
    supabase: PostgrestDouble
    upstash: UpstashDouble

    def isolate(self, url: str = "") -> AbstractAsyncContextManager[Isolate]:
        """One process's worth of gateway; ``url``: another address of the database."""
        return isolate(self.supabase, self.upstash, DATABASE_URL=url or self.url)

    def stored(self, owner: Tenant) -> list[str]:
        """The tenant's request ids, in order of their names."""
        found = self.admin.execute(
            "SELECT request_id FROM public.usage_logs WHERE project_id = %s ORDER BY 1",
            [owner.project.pk],
        )
        return [row[0] for row in found.fetchall()]

    def backends(self) -> list[int]:
        """Process ids of the edge's connections."""
        found = self.admin.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'watchllm-edge'"
        )
        return [row[0] for row in found.fetchall()]


@pytest.fixture
def world(postgres_cluster: Cluster) -> Iterator[World]:
    superuser = postgres_cluster.url("dashboard", SUPERUSER)
    with (
        psycopg.connect(superuser, autocommit=True) as admin,
        PostgrestDouble() as supabase,
        UpstashDouble() as upstash,
    ):
        yield World(postgres_cluster.url("dashboard", "authenticator"), admin, supabase, upstash)


@pytest.fixture
def customer() -> Tenant:
    return tenant()


@pytest.fixture
def other() -> Tenant:
    return tenant()


@pytest.fixture
def gone() -> Tenant:
    """A tenant whose key was deleted."""
    deleted = tenant()
    ApiKey.objects.filter(pk=deleted.api_key.pk).delete()
    return deleted


def fresh() -> str:
    return str(uuid.uuid4())


def add(one: Isolate, *rows: dict[str, Any]) -> None:
    for row in rows:
        one.runtime.outbox.pending.add(row, 0.0)


def as_json(*rows: dict[str, Any]) -> str:
    return json.dumps(rows)


# --- through the writer ---


async def test_rows_are_stored_once_and_the_rest_api_is_left_alone(
    world: World, customer: Tenant
) -> None:
    rows = [customer.row(fresh(), prompt="naïve ☃") for _ in range(3)]
    async with world.isolate() as one:
        for _ in range(2):
            add(one, *rows)
            assert await writer.deliver(one.platform, one.runtime.outbox)
        assert not one.runtime.outbox.pending.rows
    assert world.stored(customer) == sorted(row["request_id"] for row in rows)
    assert world.supabase.calls("usage_logs") == 0


async def test_only_the_bad_row_is_refused_kept_and_counted(
    world: World, customer: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    good = [customer.row(fresh()) for _ in range(5)]
    bad = customer.row(fresh(), latency_ms=-1)
    async with world.isolate() as one:
        add(one, *good[:3], bad, *good[3:])
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert one.runtime.outbox.pending.refused == 1
        assert not one.runtime.outbox.pending.rows
    assert world.stored(customer) == sorted(row["request_id"] for row in good)
    assert any(
        f"{customer.project.pk}:usage-refused" in json.dumps(command)
        for command in world.upstash.commands()
    )
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    refused = [line for line in lines if line["event"] == "usage_rows_refused"]
    assert [line["request_id"] for line in refused] == [bad["request_id"]]


async def test_rows_of_a_deleted_key_are_dropped_and_hold_nobody_up(
    world: World, customer: Tenant, gone: Tenant
) -> None:
    rows = [customer.row(fresh()), gone.row(fresh()), customer.row(fresh())]
    async with world.isolate() as one:
        add(one, *rows)
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert one.runtime.outbox.pending.refused == 1
    assert len(world.stored(customer)) == 2
    assert world.stored(gone) == []


async def test_while_the_database_is_away_rows_wait_in_redis(
    world: World, customer: Tenant
) -> None:
    nobody = f"postgresql://nobody@127.0.0.1:{ports.unused()}/dashboard"
    async with world.isolate(nobody) as one:
        add(one, customer.row("away-1"), customer.row("away-2"))
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        assert not one.runtime.outbox.pending.rows  # Redis has them
    assert world.supabase.calls("usage_logs") == 0
    async with world.isolate() as other:
        assert await writer.deliver(other.platform, other.runtime.outbox)
    assert world.stored(customer) == ["away-1", "away-2"]


async def test_a_user_who_may_not_become_the_role_leaves_rows_to_the_rest_api(
    world: World, postgres_cluster: Cluster, customer: Tenant, capsys: pytest.CaptureFixture[str]
) -> None:
    world.admin.execute("DROP ROLE IF EXISTS stranger; CREATE ROLE stranger LOGIN")
    wrong = postgres_cluster.url("dashboard", "stranger")
    async with world.isolate(wrong) as one:
        add(one, customer.row("stranger-1"))
        await writer.deliver(one.platform, one.runtime.outbox)
        add(one, customer.row("stranger-2"))
        one.runtime.outbox.usage_breaker.open_until = 0.0
        assert await writer.deliver(one.platform, one.runtime.outbox)
    ids = sorted(row["request_id"] for row in world.supabase.usage_logs)
    assert ids == ["stranger-1", "stranger-2"]
    assert world.stored(customer) == []
    assert "rows_not_direct" in capsys.readouterr().out


# --- the connection ---


async def test_an_insert_without_an_answer_ends_in_time_and_counts_once(
    world: World, customer: Tenant
) -> None:
    row = as_json(customer.row(fresh()))
    database = Database(world.url)
    await database.insert(as_json(customer.row(fresh())), 60)
    with world.admin.transaction():
        world.admin.execute("LOCK TABLE public.usage_logs IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(FetchFailed) as failed:
            await database.insert(row, 0.2)
        assert failed.value.timeout
    await database.insert(row, 60)
    await database.close()
    assert len(world.stored(customer)) == 2


async def test_a_connection_that_was_ended_meanwhile_is_replaced(
    world: World, customer: Tenant
) -> None:
    database = Database(world.url)
    await database.insert(as_json(customer.row(fresh())), 60)
    for pid in world.backends():
        world.admin.execute("SELECT pg_terminate_backend(%s, 60000)", [pid])
    await database.insert(as_json(customer.row(fresh())), 60)
    assert len(world.backends()) == 1
    await database.close()
    assert len(world.stored(customer)) == 2


async def test_a_mighty_user_is_bound_by_the_policy_all_the_same(
    postgres_cluster: Cluster, customer: Tenant, other: Tenant
) -> None:
    database = Database(postgres_cluster.url("dashboard", SUPERUSER))
    mixed = customer.row(fresh()) | {"project_id": str(other.project.pk)}
    with pytest.raises(DatabaseRefused) as refused:
        await database.insert(as_json(mixed), 60)
    await database.close()
    assert refused.value.code == "42501"
    assert "row-level security" in str(refused.value)


@pytest.mark.parametrize(
    ("given", "suits"),
    [
        ("postgresql://u:p@db.example/name", True),
        ("postgres://u@/name?host=/run/postgresql", True),
        ("postgresql://u:p@db.example:6543/name", False),
        ("sqlite:////srv/db.sqlite3", False),
        ("postgresql://u:p@db.example:port/name", False),
    ],
)
def test_which_addresses_suit(given: str, *, suits: bool) -> None:
    reason = direct.unsuitable(given)
    assert (reason is None) == suits
    assert "u:p" not in (reason or "")


# --- through a running edge ---


def test_a_running_edge_writes_its_rows_itself(world: World, customer: Tenant) -> None:
    key = api_keys.generate()
    customer.api_key.key_hash = api_keys.key_hash(key, PEPPER.encode())
    customer.api_key.save()
    with Edge("cpython", DATABASE_URL=world.url) as edge:
        caller = edge.tenant()
        caller.http.headers["authorization"] = f"Bearer {key}"
        record = key_record(customer.api_key.key_hash)
        assert record is not None
        edge.supabase.records[customer.api_key.key_hash] = record
        assert [caller.chat("the same").status_code for _ in range(3)] == [200, 200, 200]
        until(lambda: len(world.stored(customer)) == 3, "three rows in the database")
        assert edge.supabase.usage_logs == []
