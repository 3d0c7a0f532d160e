"""Redis away or wrong: what the fault table (test_faults_stores.py) does not show."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.redis import calls
from shared import redis_keys
from tests.worker.edge import Edge, Tenant

FAULTS: list[tuple[Any, dict[str, Any]]] = [
    ("refused", {}),
    ("frozen", {}),
    ("slow", {"seconds": 60}),
    ("error", {"status": 500}),
    ("error", {"status": 200}),
    ("reset", {}),
]


def status(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, str(answer.headers["x-watchllm-cache"])


@pytest.mark.parametrize(("fault", "options"), FAULTS)
def test_endpoints_that_do_not_generate(fragile: Edge, fault: Any, options: dict[str, Any]) -> None:
    tenant = fragile.tenant()
    tenant.chat()
    fragile.upstash.break_with(fault, **options)
    embedding = {"model": "text-embedding-3-small", "input": "a"}
    assert status(tenant.post("/v1/embeddings", embedding)) == (200, "BYPASS")
    assert tenant.http.get("/v1/models").status_code == 200


def test_a_failing_redis_is_not_asked_for_a_while(fragile: Edge) -> None:
    tenant = fragile.tenant()
    tenant.chat()
    fragile.settled()
    # The breaker weighs failures against the answers of the last second: there are to be none.
    time.sleep(1.1)
    fragile.upstash.break_with("frozen")
    fragile.upstash.forget()
    for _ in range(12):
        assert status(tenant.chat()) == (200, "BYPASS")
    # Three failures open the breaker, some of them a probe's. Then only probes ask. Meanwhile a
    # request and its row's keeper may be on their way, too.
    asked = [command for command in fragile.upstash.commands() if command[0] != "PING"]
    assert 1 <= len(asked) <= 5


def test_each_process_admits_its_share_of_a_limit(fragile: Edge) -> None:
    # One process of CPython has counted itself; of Worker isolates ten are assumed.
    limit = 3 if fragile.host == "cpython" else 30
    tenant = fragile.tenant(plan={"requests_per_minute": limit})
    fragile.upstash.break_with("refused")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda _: tenant.chat().status_code, range(8)))
    assert statuses.count(200) == 3
    refused = tenant.chat()
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60


@pytest.mark.parametrize(
    "value",
    ["", "nonsense", "1:", "99999999999999:AAAA", "99999999999999:!!", "x:y", "99999999999999:"],
)
def test_a_damaged_entry_is_a_miss_and_is_replaced(edge: Edge, tenant: Tenant, value: str) -> None:
    tenant.ask("hello")
    key = entry_of(tenant)
    edge.redis("SET", key, value)
    answer = tenant.ask("hello")
    assert status(answer) == (200, "MISS")
    assert status(tenant.chat("hello")) == (200, "HIT")


def test_a_key_of_another_type_fails_nobody(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("hello")
    key = entry_of(tenant)
    edge.redis("DEL", key)
    edge.redis("RPUSH", key, "a list")
    assert tenant.chat("hello").status_code == 200


def entry_of(tenant: Tenant) -> str:
    """The name of the entry that this tenant stored last."""
    names = [
        part
        for sent in tenant.commands()
        if sent[1] in (calls.COMMIT.sha1, calls.COMMIT.source)
        for part in sent
        if isinstance(part, str) and part.startswith(redis_keys.entry(tenant.project_id, ""))
    ]
    return names[-1]
