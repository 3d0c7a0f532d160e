"""No tenant sees another one's answers, whatever is done to Redis."""

import base64
import json
from itertools import pairwise

import pytest

from shared import redis_keys
from tests.worker.edge import Edge, Tenant
from tests.worker.test_store_faults import entry_of


def told(tenant: Tenant, text: str = "hello") -> tuple[str, str]:
    answer = tenant.ask(text)
    assert answer.status_code == 200
    content = answer.json()["choices"][0]["message"]["content"]
    return answer.headers["x-watchllm-cache"], content


def test_the_same_request_of_two_tenants_is_two_entries(edge: Edge) -> None:
    one, other = edge.tenant(), edge.tenant()
    edge.openai.say("for one")
    assert told(one) == ("MISS", "for one")
    edge.openai.say("for the other")
    assert told(other) == ("MISS", "for the other")
    assert told(one) == ("HIT", "for one")
    assert told(other) == ("HIT", "for the other")


def test_projects_of_one_organization_are_apart_too(edge: Edge) -> None:
    one, other = edge.tenant(), edge.tenant()
    other.record["organization_id"] = one.record["organization_id"]
    assert [told(tenant)[0] for tenant in (one, other)] == ["MISS", "MISS"]


def test_keys_of_one_project_share_its_entries(edge: Edge) -> None:
    one, other = edge.tenant(), edge.tenant()
    other.record["project_id"] = one.project_id
    assert [told(tenant)[0] for tenant in (one, other)] == ["MISS", "HIT"]


def test_an_entry_copied_to_another_tenant_does_not_open(edge: Edge) -> None:
    one, other = edge.tenant(), edge.tenant()
    edge.openai.say("a secret of one")
    told(one)
    edge.openai.say("for the other")
    told(other)
    edge.redis("COPY", entry_of(one), entry_of(other), "REPLACE")
    edge.openai.say("asked again")
    assert told(other) == ("MISS", "asked again")


def test_an_entry_copied_to_another_question_does_not_open(edge: Edge, tenant: Tenant) -> None:
    told(tenant, "one")
    one = entry_of(tenant)
    told(tenant, "two")
    edge.redis("COPY", one, entry_of(tenant), "REPLACE")
    assert told(tenant, "two") == ("MISS", "You said: two")


def test_what_is_stored_tells_nothing(edge: Edge, tenant: Tenant) -> None:
    edge.openai.say("the answer nobody else may read")
    told(tenant, "a question nobody else may read")
    value = edge.redis("GET", entry_of(tenant))
    assert "nobody" not in value
    sent = json.dumps(tenant.commands())
    assert "nobody" not in sent
    # What stands outside the seal: when, of which model, in which namespace.
    created, model, namespace, sealed = value.split(":")
    assert (created.isdigit(), model, namespace) == (True, "gpt-4o-mini", "")
    assert b"gpt-4o-mini" not in base64.b64decode(sealed)


@pytest.mark.parametrize(("part", "change"), [(0, "9764000000000"), (1, "gpt-4o"), (2, "another")])
def test_an_entry_cannot_be_made_younger_or_anothers(
    edge: Edge, tenant: Tenant, part: int, change: str
) -> None:
    """What stands outside the seal is covered by it: the changed entry is a miss."""
    told(tenant, "how old are you?")
    name = entry_of(tenant)
    parts = edge.redis("GET", name).split(":")
    parts[part] = change
    edge.redis("SET", name, ":".join(parts))
    answer = tenant.chat("how old are you?")
    assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "MISS")


def test_every_redis_key_starts_with_its_tenant(edge: Edge) -> None:
    tenant = edge.tenant(
        plan={"requests_per_minute": 100, "monthly_requests": 100},
        key_limits={"requests_per_minute": 100},
    )
    told(tenant)
    told(tenant)
    vectors = {"model": "text-embedding-3-small", "input": ["a", "b"]}
    for headers in ({}, {"x-watchllm-cache": "refresh"}):  # with a lock, and without one
        tenant.post("/v1/embeddings", vectors, headers)
        edge.settled()
    # Rows on their way lie together, each sealed.
    journal = (redis_keys.usage_journal(), redis_keys.usage_journal_due())
    owners = (tenant.project_id, tenant.record["organization_id"], *journal)
    for name, *parts in tenant.commands():
        if name in ("EVALSHA", "EVAL"):
            keys = parts[2 : 2 + int(parts[1])]
            assert all(key.startswith(owners) for key in keys), keys
        else:
            assert parts[0] == redis_keys.key_record(tenant.hash)


def test_usage_rows_name_their_own_tenant(edge: Edge) -> None:
    tenants = [edge.tenant() for _ in range(3)]
    for tenant in tenants:
        told(tenant)
    rows = [tenant.rows()[0] for tenant in tenants]
    assert [row["api_key_id"] for row in rows] == [t.record["key_id"] for t in tenants]
    assert [row["organization_id"] for row in rows] == [
        t.record["organization_id"] for t in tenants
    ]
    assert all(a["cache_key"] == b["cache_key"] for a, b in pairwise(rows))
