"""API keys at the edge: known, unknown, revoked, changed; Supabase wrong (or away:
test_faults_stores.py)."""

import json
import time
import uuid
from typing import Any

import httpx
import pytest

from shared import api_keys, redis_keys, signed_value
from tests.worker.edge import PEPPER, Edge, Tenant, until


def tell_redis(edge: Edge, *commands: list[Any]) -> None:
    """What the dashboard does after an edit: one pipeline."""
    answer = httpx.post(
        f"{edge.upstash.url}/pipeline",
        json=commands,
        headers={"authorization": f"Bearer {edge.upstash.token}"},
        timeout=60,
    )
    assert all("error" not in result for result in answer.json())


def edit(edge: Edge, tenant: Tenant, **changes: Any) -> None:
    """Change the tenant's record as the dashboard would, revision and all."""
    for name, value in changes.items():
        if isinstance(value, dict):
            tenant.record[name] |= value
        else:
            tenant.record[name] = value
    tenant.record["revision"] += 1
    tell_redis(
        edge,
        ["SET", redis_keys.revision(tenant.project_id), tenant.record["revision"], "EX", 300],
        ["DEL", redis_keys.key_record(tenant.hash)],
    )


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def lookups(edge: Edge) -> int:
    return edge.supabase.calls("resolve_api_key")


def test_a_known_key_is_looked_up_once(edge: Edge, tenant: Tenant) -> None:
    for _ in range(5):
        assert tenant.chat("hello").status_code == 200
    assert lookups(edge) == 1
    (request,) = [r for r in edge.supabase.requests if r.path.endswith("resolve_api_key")]
    assert request.json() == {"key_hash": tenant.hash}
    assert tenant.key.encode() not in request.body


def test_a_key_that_another_process_looked_up_is_found_in_redis(edge: Edge) -> None:
    tenant = edge.tenant()
    tenant.chat()
    until(lambda: any(command[0] == "SET" for command in tenant.commands()), "the shared record")
    (shared,) = [command for command in tenant.commands() if command[0] == "SET"]
    assert shared[1] == redis_keys.key_record(tenant.hash)
    assert shared[3:] == ["EX", 60]
    # A key this process has never seen, with the record that the other one left.
    text = signed_value.read(PEPPER.encode(), shared[1], shared[2])
    assert text is not None
    key = api_keys.generate()
    name = redis_keys.key_record(api_keys.key_hash(key, PEPPER.encode()))
    tell_redis(edge, ["SET", name, signed_value.sign(PEPPER.encode(), name, text), "EX", 60])
    edge.quiet_traffic()
    tenant.http.headers["authorization"] = f"Bearer {key}"
    assert tenant.chat().status_code == 200
    assert lookups(edge) == 0


def test_an_unknown_key_is_remembered_for_a_moment(edge: Edge) -> None:
    tenant = edge.tenant()
    record = edge.supabase.records.pop(tenant.hash)

    def shared() -> bool:
        # A machine so slow that the moment is over in between gets another chance.
        before = lookups(edge)
        for _ in range(4):
            assert code(tenant.chat()) == (401, "invalid_api_key")
        return lookups(edge) - before <= 1

    until(shared, "four requests to share a look-up")
    edge.supabase.records[tenant.hash] = record
    until(lambda: bool(tenant.chat().status_code == 200), "the new key to work")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"status": "revoked"}, (401, "api_key_revoked")),
        ({"status": "expired"}, (401, "api_key_expired")),
        ({"expires_at": 1_000_000_000}, (401, "api_key_expired")),
        ({"status": "suspended"}, (403, "project_suspended")),
        ({"status": "something new"}, (403, "project_suspended")),
    ],
)
def test_a_key_that_may_not_be_used(
    edge: Edge, changes: dict[str, Any], expected: tuple[int, str]
) -> None:
    assert code(edge.tenant(**changes).chat()) == expected
    assert edge.openai.requests == []


def test_revoking_takes_effect_with_the_next_request(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("hello")
    edit(edge, tenant, status="revoked")
    assert code(tenant.chat("hello")) == (401, "api_key_revoked")
    assert code(tenant.chat("hello")) == (401, "api_key_revoked")
    assert edge.openai.calls() == 1


def test_a_deleted_key_stops_with_the_next_request(edge: Edge, tenant: Tenant) -> None:
    tenant.chat()
    del edge.supabase.records[tenant.hash]
    revision = redis_keys.revision(tenant.project_id)
    tell_redis(edge, ["SET", revision, 2, "EX", 300])
    assert code(tenant.chat()) == (401, "invalid_api_key")


def test_a_changed_plan_holds_from_the_next_request(edge: Edge, tenant: Tenant) -> None:
    tenant.chat()
    edit(edge, tenant, plan={"requests_per_minute": 1})
    first = tenant.chat()
    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert code(tenant.chat()) == (429, "rate_limit_exceeded")


def test_a_changed_setting_holds_for_the_request_that_finds_it(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("hello")
    edit(edge, tenant, project={"data_key_salt": "11" * 16})
    # A new salt makes every stored entry unreadable: a miss, never an error.
    assert tenant.ask("hello").headers["x-watchllm-cache"] == "MISS"
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "HIT"


def test_changed_settings_hold_for_the_request_that_finds_them(edge: Edge, tenant: Tenant) -> None:
    tenant.ask("hello")
    edit(edge, tenant, project={"namespace": "second"})
    assert tenant.ask("hello").headers["x-watchllm-cache"] == "MISS"
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "HIT"
    edit(edge, tenant, project={"cache_enabled": False})
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "BYPASS"
    edit(edge, tenant, project={"cache_enabled": True, "default_provider": "groq"})
    assert tenant.chat(model="m").headers["x-watchllm-provider"] == "groq"


@pytest.mark.parametrize("answer", [[], "text", {"key_id": "only"}, 5])
def test_supabase_answers_something_else(fragile: Edge, answer: Any) -> None:
    tenant = fragile.tenant()
    fragile.supabase.records[tenant.hash] = answer
    assert code(tenant.chat()) == (503, "key_check_unavailable")


def test_a_record_that_redis_calls_outdated_while_supabase_is_away(fragile: Edge) -> None:
    # The edit cannot be read, so the old record serves on, without the cache; it does not fail.
    # A process of CPython counts itself; a Worker's isolate takes itself for one of ten.
    limit = 4 if fragile.host == "cpython" else 40
    tenant = fragile.tenant(plan={"requests_per_minute": limit})
    tenant.ask("hello")  # the first of the minute
    tell_redis(fragile, ["SET", redis_keys.revision(tenant.project_id), 9, "EX", 300])
    fragile.supabase.break_with("refused")
    for _ in range(3):
        answer = tenant.chat("hello", {"x-watchllm-explain": "1"})
        assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "BYPASS")
        said = json.loads(answer.headers["x-watchllm-decision"])
        assert said == {"bypass": "the project's newest settings cannot be read yet"}
    # Redis cannot be asked by a record that it calls outdated: this process counts alone.
    assert code(tenant.chat("hello")) == (429, "rate_limit_exceeded")


def test_a_damaged_record_in_redis_is_asked_of_supabase(edge: Edge) -> None:
    for damage in ("{", "[]", '{"at": "soon"}', json.dumps({"at": 9e12, "record": {}})):
        tenant = edge.tenant()
        name = redis_keys.key_record(tenant.hash)
        signed = signed_value.sign(PEPPER.encode(), name, damage)
        tell_redis(edge, ["SET", name, signed, "EX", 60])
        assert tenant.chat().status_code == 200, damage


def test_a_record_that_somebody_else_wrote_into_redis_is_none(edge: Edge) -> None:
    """Plain, signed with another secret, or signed for another key: a stranger's key stays one."""
    victim = edge.tenant()
    text = json.dumps({"at": time.time(), "record": victim.record})
    name = redis_keys.key_record(victim.hash)
    forged = (text, signed_value.sign(b"guessed", name, text), f"v1..{text}")
    moved = signed_value.sign(PEPPER.encode(), name, text)
    malformed = edge.log().count("key_record_malformed")
    for value in (*forged, moved):
        key = api_keys.generate()
        own = redis_keys.key_record(api_keys.key_hash(key, PEPPER.encode()))
        tell_redis(edge, ["SET", own, value, "EX", 60])
        before = lookups(edge)
        victim.http.headers["authorization"] = f"Bearer {key}"
        assert code(victim.chat()) == (401, "invalid_api_key")
        assert lookups(edge) == before + 1
    assert edge.log().count("key_record_malformed") == malformed


@pytest.mark.parametrize(
    ("status", "expected"),
    [("revoked", (401, "api_key_revoked")), ("suspended", (403, "project_suspended"))],
)
def test_revocation_wins_while_supabase_is_away(
    fragile: Edge, status: str, expected: tuple[int, str]
) -> None:
    tenant, neighbour = fragile.tenant(), fragile.tenant()
    assert {each.ask("hello").status_code for each in (tenant, neighbour)} == {200}
    fragile.supabase.break_with("refused")
    refused = redis_keys.key_refused(tenant.hash)
    tell_redis(
        fragile,
        ["SET", redis_keys.revision(tenant.project_id), 9, "EX", 300],
        ["SET", refused, signed_value.sign(PEPPER.encode(), refused, status), "EX", 3900],
    )
    assert code(tenant.chat("hello")) == expected
    assert code(tenant.chat("hello")) == expected
    assert neighbour.chat("hello").status_code == 200
    # Somebody else's word is none.
    tell_redis(fragile, ["SET", refused, status, "EX", 3900])
    assert tenant.chat("hello").status_code == 200


def test_keys_are_logged_nowhere(edge: Edge, tenant: Tenant) -> None:
    tenant.chat(f"my key is {tenant.key}")
    httpx.post(
        f"{edge.base_url}/v1/chat/completions",
        json={},
        headers={"authorization": f"Bearer {api_keys.generate()}", "x-api-key": tenant.key},
        timeout=60,
    )
    edge.settled()
    log = edge.log()
    for secret in (tenant.key, edge.openai.key, edge.supabase.key, edge.upstash.token):
        assert secret not in log
    assert str(uuid.UUID(tenant.project_id)) in log


def test_another_servers_answers_are_not_served(edge: Edge, tenant: Tenant) -> None:
    def asked() -> list[str]:
        vector = {"model": "text-embedding-3-small", "input": "hello", "dimensions": 8}
        before = tenant.stores()
        answers = [tenant.ask("hello"), tenant.post("/v1/embeddings", vector)]
        statuses = [answer.headers["x-watchllm-cache"] for answer in answers]
        until(lambda: tenant.stores() >= before + statuses.count("MISS"), "them to be stored")
        return statuses

    assert asked() == ["MISS", "MISS"]
    tenant.bring_key(edge.groq.base_url, key=edge.groq.key)  # as "openai", at another address
    edit(edge, tenant)
    assert asked() == ["MISS", "MISS"]
    assert asked() == ["HIT", "HIT"]
    assert edge.groq.calls() == 2
    edit(edge, tenant, credentials=[])
    assert asked() == ["HIT", "HIT"]
    assert edge.openai.calls() == 2
