"""Redis or Supabase gone for ten seconds under load: no request of a known key fails.

How long requests take meanwhile is measured by benchmarks/outage.py: times are not asserted here.
"""

import random
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.worker.edge import Edge, Tenant

SECONDS = 10
CLIENTS = 4


@pytest.fixture(scope="module")
def patient() -> Iterator[Edge]:
    """The edge with the time limits that it ships with."""
    with Edge("cpython", STORE_TIMEOUT_MS="", KEY_LOOKUP_TIMEOUT_MS="") as edge:
        yield edge


def load(tenant: Tenant, until: float, seed: int) -> list[tuple[int, str]]:
    """One client's requests, some repeated, some streamed: status and what the cache did."""
    seen: list[tuple[int, str]] = []
    choose = random.Random(seed)
    while time.monotonic() < until:
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
        tenant.ask("question 0")
        tenant.rows()
    getattr(patient, service).break_with("frozen")
    end = time.monotonic() + SECONDS
    with ThreadPoolExecutor(CLIENTS) as pool:
        runs = pool.map(load, tenants, [end] * CLIENTS, range(CLIENTS))
        seen = Counter(outcome for run in runs for outcome in run)
    getattr(patient, service).heal()
    assert {status for status, _ in seen} == {200}
    total = sum(seen.values()) + CLIENTS
    if service == "upstash":
        assert {status for _, status in seen} == {"BYPASS"}
    rows = rows_of(patient, tenants, total)
    assert len({row["request_id"] for row in rows}) == len(rows) == total


def rows_of(edge: Edge, tenants: list[Tenant], count: int) -> list[dict[str, Any]]:
    """All rows of the tenants once there are ``count``; an outage's come with its drain."""
    projects = {tenant.project_id for tenant in tenants}
    deadline = time.monotonic() + 30
    while True:
        rows = [row for row in list(edge.supabase.usage_logs) if row["project_id"] in projects]
        if len(rows) >= count or time.monotonic() > deadline:
            return rows
        time.sleep(0.05)
