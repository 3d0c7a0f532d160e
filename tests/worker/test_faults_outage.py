"""Redis or Supabase gone for ten seconds under load: no request of a known key fails, and none but
those under way at the beginning waits for it.

Waiting is counted here, by what reaches the service; benchmarks/outage.py measures it.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.core.probed_breaker import ProbedBreaker
from tests.worker.edge import Edge, Tenant, until
from tests.worker.edges import HOSTS, missing

SECONDS = 10
CLIENTS = 4


@pytest.fixture(scope="module", params=HOSTS)
def patient(request: pytest.FixtureRequest) -> Iterator[Edge]:
    """The edge with the time limits that it ships with."""
    reason = missing(request.param)
    if reason:
        pytest.skip(reason)
    with Edge(request.param, STORE_TIMEOUT_MS="", KEY_LOOKUP_TIMEOUT_MS="") as edge:
        yield edge


def load(tenant: Tenant, end: float, seed: int) -> list[tuple[int, str]]:
    """One client's requests, some repeated, some streamed: status and what the cache did."""
    seen: list[tuple[int, str]] = []
    choose = random.Random(seed)
    while time.monotonic() < end:
        answer = tenant.chat(f"question {choose.randrange(20)}", stream=choose.random() < 0.3)
        complete = answer.text.endswith(("data: [DONE]\n\n", "}"))
        seen.append((answer.status_code if complete else 0, answer.headers["x-watchllm-cache"]))
        time.sleep(0.02)
    return seen


@pytest.mark.parametrize("service", ["upstash", "supabase"])
def test_ten_seconds_without(patient: Edge, service: str) -> None:
    patient.quiet()
    patient.recovered()
    patient.quiet()
    tenants = [patient.tenant() for _ in range(CLIENTS)]
    for tenant in tenants:
        tenant.chat("question 0")
        tenant.rows()
    patient.settled()
    patient.quiet_traffic()
    away = getattr(patient, service)
    away.break_with("frozen")
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as pool:
        runs = pool.map(load, tenants, [end] * CLIENTS, range(CLIENTS))
        time.sleep(SECONDS / 2)
        away.break_with("refused")
        seen = Counter(outcome for run in runs for outcome in run)
    asked = sum(len(tenant.commands()) for tenant in tenants)
    looked_up = patient.supabase.calls("resolve_api_key")
    away.heal()
    assert {status for status, _ in seen} == {200}
    total = sum(seen.values()) + CLIENTS
    if service == "upstash":
        # What was asked within the last second, or is being asked, is answered by this process.
        assert {"BYPASS"} <= {status for _, status in seen} <= {"BYPASS", "HIT", "HIT-COALESCED"}
        # Each client's first request waited for its time limit. Until failures are half of the last
        # second's answers others ask too, 50 ms each; from then on only a PING in the background.
        assert asked <= CLIENTS * (1 + 1.0 // ProbedBreaker().shortest) < total / 4
    else:
        assert looked_up <= CLIENTS  # the records are known; one may be read again, beside
    rows = rows_of(patient, tenants, total)
    assert len({row["request_id"] for row in rows}) == len(rows) == total
    patient.recovered()


def rows_of(edge: Edge, tenants: list[Tenant], count: int) -> list[dict[str, Any]]:
    """All rows of the tenants once there are ``count``; an outage's come with its drain."""
    projects = {tenant.project_id for tenant in tenants}

    def rows() -> list[dict[str, Any]]:
        return [row for row in list(edge.supabase.usage_logs) if row["project_id"] in projects]

    until(lambda: len(rows()) >= count, "every request's row")
    return rows()
