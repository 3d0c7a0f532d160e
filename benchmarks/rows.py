"""What storing a usage row costs, by the REST API and by the edge's own connection to PostgreSQL.

CPU of all processes: this one, which inserts batches as the edge's writer does; the edge API
(Django behind granian, one process); PostgreSQL. Rows are hits of one customer. The two ways take
turns.
"""

import asyncio
import statistics
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg

from benchmarks.peers import load
from benchmarks.peers.edge import (
    SECRETS,
    dashboard_environment,
    postmaster_pid,
    prepare_database,
    start_edge_api,
)
from benchmarks.peers.peer import stop
from gateway.core import settings
from gateway.core.http import FetchFailed
from gateway.reporting import supabase
from gateway.reporting.pending import Row
from hosts.cpython.host import CPythonPlatform
from hosts.cpython.postgres import Database
from local_stack import ports
from shared.usage_events import HIT, UsageEvent
from tests.contract.postgres import Cluster, PostgresMissingError, cluster

_ROWS = 6_000
_ROUNDS = 3
_BATCHES = (1, 20, 100, 500)
_FEW = 600
"""Rows that come one by one."""


def main() -> None:
    """Print a line for each size of batch and way."""
    try:
        with _world() as (postgres, rest, api_pid):
            asyncio.run(_measure(postgres, rest, api_pid))
    except PostgresMissingError as error:
        print(error)


@contextmanager
def _world() -> Iterator[tuple[Cluster, str, int]]:
    with ExitStack() as stack:
        postgres = stack.enter_context(cluster())
        django = dashboard_environment(postgres)
        prepare_database(django)
        port = ports.unused()
        process = start_edge_api(port, django)
        stack.callback(stop, process)
        yield postgres, f"http://127.0.0.1:{port}", process.pid


async def _measure(postgres: Cluster, rest: str, api_pid: int) -> None:
    environment = {
        **SECRETS,
        "SUPABASE_URL": rest,
        "REDIS_URL": "redis://127.0.0.1",
    }
    values = settings.load(environment, {})
    ways = {
        "REST": CPythonPlatform(),
        "direct": CPythonPlatform(database=Database(postgres.url("postgres"))),
    }
    stores = [postmaster_pid(postgres), api_pid]
    owner = _owner(postgres)
    for platform in ways.values():
        await _until_stored(platform, values, [_row(owner)])
    print(
        f"{'rows a batch':>12} {'way':>8} {'this process':>13} {'others':>8} {'CPU-µs a row':>13}"
    )
    for size in _BATCHES:
        found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
        for _ in range(_ROUNDS):
            for way, platform in ways.items():
                count = _FEW if size == 1 else _ROWS
                batches = [[_row(owner) for _ in range(size)] for _ in range(count // size)]
                before = load.cpu_at_rest(stores)
                own = time.process_time()
                for batch in batches:
                    await supabase.insert(platform, values, batch)
                own = time.process_time() - own
                others = load.cpu_at_rest(stores) - before
                found[way].append((own / count * 1e6, others / count * 1e6))
        for way, costs in found.items():
            own, others = (statistics.median(each) for each in zip(*costs, strict=True))
            print(f"{size:12} {way:>8} {own:13.1f} {others:8.1f} {own + others:13.1f}", flush=True)
    for platform in ways.values():
        await platform.close()


async def _until_stored(
    platform: CPythonPlatform, values: settings.Settings, rows: list[Row]
) -> None:
    """The edge API takes a while to start."""
    for _ in range(600):
        try:
            await supabase.insert(platform, values, rows)
            return
        except FetchFailed:
            await asyncio.sleep(0.1)
    raise RuntimeError("no way into the database")


def _owner(postgres: Cluster) -> tuple[str, str, str]:
    with psycopg.connect(postgres.url("postgres")) as connection:
        found = connection.execute(
            "SELECT k.id, p.id, p.organization_id FROM api_keys k"
            " JOIN projects p ON p.id = k.project_id"
        ).fetchone()
    assert found is not None
    return tuple(map(str, found))


def _row(owner: tuple[str, str, str]) -> Row:
    api_key, project, organization = owner
    return UsageEvent(
        request_id=uuid.uuid4().hex,
        ts="2026-11-23T10:00:00.250Z",
        project_id=project,
        organization_id=organization,
        api_key_id=api_key,
        endpoint="/v1/chat/completions",
        provider="openai",
        model="gpt-4o-mini",
        cache_status=HIT,
        cache_key="ab" * 32,
        prompt_tokens=90,
        completion_tokens=50,
        cost_nanousd=0,
        saved_nanousd=43_500,
        latency_ms=2,
        ttfb_ms=2,
    ).row()
