"""What a release with another layout has left in Redis: a miss for requests, and never an error."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.cache import entry as entries
from gateway.cache.entry import Entry
from hosts.cpython.host import CPythonPlatform
from tests.worker.edge import RECORD, Edge, Tenant

Change = Callable[[Entry], None]
QUESTION = "What did an older release store?"


def seal(tenant: Tenant, redis_key: str, change: Change, value: str) -> str:
    """The entry at ``redis_key`` after ``change``, sealed as the edge seals it."""
    platform = CPythonPlatform()
    salt = RECORD["project"]["data_key_salt"]
    key = entries.data_key(bytes(32), tenant.project_id, salt)

    async def sealed() -> str:
        entry = await entries.unseal(platform, key, redis_key, value)
        change(entry)
        return await entries.seal(platform, key, redis_key, entry)

    return asyncio.run(sealed())


def stored(edge: Edge, tenant: Tenant) -> str:
    """The name of the tenant's one entry."""
    (name,) = edge.redis("KEYS", f"{tenant.project_id}:entry*")
    assert isinstance(name, str)
    return name


def is_a_miss(tenant: Tenant, ask: Callable[[], Any]) -> None:
    answer = ask()
    assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "MISS")
    assert {row["status"] for row in tenant.rows(2)} == {200}


def without(name: str) -> Change:
    return lambda entry: entry.facts.pop(name)


def with_fact(name: str, value: Any) -> Change:
    return lambda entry: entry.facts.update({name: value})


def with_body(body: str) -> Change:
    return lambda entry: setattr(entry, "body", body)


LAYOUTS = {
    "no-usage": without("usage"),
    "no-provider": without("provider"),
    "no-time": without("answered_ms"),
    "more-usage": with_fact("usage", [1] * 12),
    "named-usage": with_fact("usage", 7),
    "body-not-json": with_body("gzip"),
    "body-of-another-shape": with_body("[1]"),
    "facts-are-a-list": lambda entry: setattr(entry, "facts", [1, 2]),
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_an_entry_of_another_layout_is_a_miss(
    edge: Edge, tenant: Tenant, layout: str, stream: bool
) -> None:
    tenant.ask(QUESTION, metadata={"run": "1"})
    name = stored(edge, tenant)
    edge.redis("SET", name, seal(tenant, name, LAYOUTS[layout], edge.redis("GET", name)))
    is_a_miss(tenant, lambda: tenant.chat(QUESTION, stream=stream))


def test_an_entry_with_more_facts_is_a_hit(edge: Edge, tenant: Tenant) -> None:
    """The layout makes the misses above, and not the sealing."""
    tenant.ask(QUESTION)
    name = stored(edge, tenant)
    edge.redis("SET", name, seal(tenant, name, with_fact("more", 1), edge.redis("GET", name)))
    assert tenant.chat(QUESTION).headers["x-watchllm-cache"] == "HIT"


@pytest.mark.parametrize("version", ["", "1", "3"])
def test_an_entry_under_the_key_of_another_version_is_not_found(
    edge: Edge, tenant: Tenant, version: str
) -> None:
    tenant.ask(QUESTION)
    name = stored(edge, tenant)
    edge.redis("RENAME", name, name.replace(":entry2:", f":entry{version}:"))
    is_a_miss(tenant, lambda: tenant.chat(QUESTION))


@pytest.mark.parametrize("value", ["1:gpt-4o-mini:text", "v1.k1.AAAA.AAAA", "{}", ""])
def test_a_value_that_is_no_sealed_entry_is_a_miss(edge: Edge, tenant: Tenant, value: str) -> None:
    tenant.ask(QUESTION)
    edge.redis("SET", stored(edge, tenant), value)
    is_a_miss(tenant, lambda: tenant.chat(QUESTION))


@pytest.mark.parametrize("change", [without("tokens"), without("model"), with_body("0.5 0.25")])
def test_vectors_of_another_layout_are_asked_for_again(
    edge: Edge, tenant: Tenant, change: Change
) -> None:
    body = {"model": "text-embedding-3-small", "input": "one"}

    def ask() -> Any:
        return tenant.post("/v1/embeddings", body)

    assert ask().status_code == 200
    tenant.rows(1)
    edge.settled()
    name = stored(edge, tenant)
    edge.redis("SET", name, seal(tenant, name, change, edge.redis("GET", name)))
    is_a_miss(tenant, ask)


def test_a_key_record_of_another_release_is_asked_for_again(edge: Edge, tenant: Tenant) -> None:
    edge.redis("SET", f"key:{tenant.hash}", "v0." + "0" * 64 + "." + json.dumps(tenant.record))
    assert tenant.chat().status_code == 200


def test_a_record_with_more_than_this_release_knows_is_taken(edge: Edge) -> None:
    """The database may be of a newer release than the edge."""
    told = {"of_a_newer_release": 7}
    newer = edge.tenant(
        **told,
        plan=told,
        key_limits=told,
        project={**told, "routes": [{"match": "x*", "provider": "groq", **told}]},
    )
    newer.bring_key(edge.openai.base_url, key=edge.openai.key)
    newer.record["credentials"][0] |= told
    assert newer.chat().status_code == 200
