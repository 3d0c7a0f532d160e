"""An attacker who can read and write Redis: what they can do with it, and what they cannot.

`docs/public/security.md` says both; that entries and key records cannot be made up is shown in
test_tenancy.py and test_keys.py.
"""

import json
from typing import Any

import pytest

from shared import redis_keys
from tests.worker.edge import Edge, Tenant, until
from tests.worker.test_store_faults import entry_of, status

_LIMITED = {"plan": {"requests_per_minute": 2}}


def keys_of(edge: Edge, tenant: Tenant) -> list[str]:
    """Every key of the project, its organization and its API key."""
    owners = (tenant.project_id, tenant.record["organization_id"], f"key:{tenant.hash}")
    return [name for owner in owners for name in edge.redis("KEYS", f"{owner}*")]


def delete(edge: Edge, names: list[str]) -> None:
    for name in names:
        edge.redis("DEL", name)


def test_deleting_everything_costs_hits_and_no_answer(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("held")
    edge.settled()
    delete(edge, keys_of(edge, tenant))
    edge.redis("SCRIPT", "FLUSH")
    assert status(tenant.ask("held")) == (200, "MISS")
    assert status(tenant.chat("held")) == (200, "HIT")
    assert len({row["request_id"] for row in tenant.rows(3)}) == 3


@pytest.mark.parametrize("kind", ["text", "list", "number"])
def test_garbage_under_every_key_fails_nobody(edge: Edge, kind: str) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 100, "monthly_requests": 100})
    neighbour = edge.tenant()
    for each in (tenant, neighbour):
        each.ask("held")
    edge.settled()
    for name in keys_of(edge, tenant):
        edge.redis("DEL", name)
        if kind == "list":
            edge.redis("RPUSH", name, "garbage")
        else:
            edge.redis("SET", name, "garbage" if kind == "text" else "1")
    assert tenant.chat("held").status_code == 200
    assert tenant.chat("new").status_code == 200
    # A mistake in one project's keys is no outage of Redis for another.
    assert status(neighbour.chat("held")) == (200, "HIT")


def test_counters_can_be_set_back(edge: Edge) -> None:
    tenant = edge.tenant(**_LIMITED)
    assert [tenant.chat().status_code for _ in range(3)] == [200, 200, 429]
    edge.redis("DEL", redis_keys.request_log(tenant.project_id, "plan"))
    assert tenant.chat().status_code == 200


def test_a_purge_can_be_undone_and_an_older_answer_put_back(edge: Edge, tenant: Tenant) -> None:
    """Both within the entry's own place and time to live: nothing but what the project once got."""
    edge.openai.say("first")
    tenant.ask("a question")
    name = entry_of(tenant)
    first = edge.redis("GET", name)
    assert tenant.post("/v1/cache/purge", {"all": True}).status_code == 200
    edge.openai.say("second")
    assert status(tenant.ask("a question")) == (200, "MISS")
    edge.redis("DEL", redis_keys.cutoffs(tenant.project_id))
    edge.redis("SET", name, first)
    answer = tenant.chat("a question")
    assert status(answer) == (200, "HIT")
    assert answer.json()["choices"][0]["message"]["content"] == "first"


def test_what_is_read_there_opens_neither_keys_nor_prompts(edge: Edge) -> None:
    tenant = edge.tenant(project={"semantic_mode": "balanced"})
    tenant.bring_key(edge.openai.base_url, key=edge.openai.key)
    tenant.ask("a question that nobody else may read")
    until(lambda: redis_keys.key_record(tenant.hash) in keys_of(edge, tenant), "the key record")
    edge.settled()
    seen = json.dumps([_value(edge, name) for name in keys_of(edge, tenant)])
    for secret in (tenant.key, edge.openai.key, "nobody else"):
        assert secret not in seen
    # What it is good for: the record tells the project's settings and limits.
    assert tenant.project_id in seen


def _value(edge: Edge, name: str) -> Any:
    """What a reader sees of a key, of any type."""
    read = {
        "string": ("GET", name),
        "list": ("LRANGE", name, "0", "-1"),
        "hash": ("HGETALL", name),
        "set": ("SMEMBERS", name),
        "zset": ("ZRANGE", name, "0", "-1"),
    }
    return edge.redis(*read[edge.redis("TYPE", name)])
