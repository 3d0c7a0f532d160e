"""Request headers that steer the cache, over HTTP."""

import json
from typing import Any

import httpx
import pytest

from tests.worker.edge import Edge, Tenant, until


def status(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-watchllm-cache"])


def told(answer: httpx.Response) -> str:
    return str(answer.json()["choices"][0]["message"]["content"])


@pytest.fixture
def warm(edge: Edge, tenant: Tenant) -> Tenant:
    """A tenant who has asked "hello"."""
    tenant.ask("hello")
    return tenant


def test_hit(edge: Edge, warm: Tenant) -> None:
    first, second = warm.chat("hello"), warm.chat("hello")
    assert status(first) == status(second) == "HIT"
    assert first.json() == second.json()
    assert int(first.headers["x-watchllm-cache-age"]) >= 0
    assert first.headers["x-watchllm-provider"] == "openai"
    assert first.headers["x-watchllm-cost-usd"] == "0.000000000"
    assert float(first.headers["x-watchllm-saved-usd"]) > 0
    assert edge.openai.calls() == 1


def test_repeated_lines_of_a_header_are_one_list(edge: Edge, tenant: Tenant) -> None:
    lines = [("cache-control", "no-store"), ("cache-control", "max-age=60")]
    question = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}
    secret = tenant.http.post("/v1/chat/completions", json=question, headers=lines)
    assert status(secret) == "BYPASS"
    edge.settled()
    assert status(tenant.chat("hello")) == "MISS"


def test_miss_tells_what_it_cost(tenant: Tenant) -> None:
    answer = tenant.chat()
    assert status(answer) == "MISS"
    assert float(answer.headers["x-watchllm-cost-usd"]) > 0
    assert answer.headers["x-watchllm-saved-usd"] == "0.000000000"
    assert "x-watchllm-cache-age" not in answer.headers


@pytest.mark.parametrize(
    "headers", [{"x-watchllm-cache": "refresh"}, {"cache-control": "no-cache"}]
)
def test_refresh_asks_again_and_replaces(edge: Edge, warm: Tenant, headers: dict[str, str]) -> None:
    edge.openai.say("newer")
    assert told(warm.ask("hello", headers)) == "newer"
    again = warm.chat("hello")
    assert (status(again), told(again)) == ("HIT", "newer")


@pytest.mark.parametrize("headers", [{"x-watchllm-cache": "off"}, {"cache-control": "no-store"}])
def test_off_neither_reads_nor_writes(edge: Edge, warm: Tenant, headers: dict[str, str]) -> None:
    edge.openai.say("newer")
    answer = warm.chat("hello", headers)
    assert (status(answer), told(answer)) == ("BYPASS", "newer")
    assert told(warm.chat("hello")) == "You said: hello"


def test_max_age(edge: Edge, warm: Tenant) -> None:
    assert status(warm.chat("hello", {"cache-control": "max-age=60"})) == "HIT"
    assert status(warm.chat("hello", {"cache-control": 'max-age="60"'})) == "HIT"
    far = {"cache-control": "max-age=" + "9" * 40}
    assert status(warm.chat("hello", far)) == "HIT"
    edge.openai.say("newer")
    # Nothing is younger than 0 s, and RFC 9111 calls a malformed age stale.
    for value in ("max-age=0", "max-age=soon", "max-age="):
        until_older = warm.chat("hello", {"cache-control": value})
        assert status(until_older) == "MISS", value


def test_directives_of_others_are_ignored(warm: Tenant) -> None:
    mixed = {"cache-control": "max-stale=5, No-Transform , community=x"}
    assert status(warm.chat("hello", mixed)) == "HIT"


def test_ttl_is_what_redis_is_told(edge: Edge, warm: Tenant) -> None:
    warm.ask("brief", {"x-watchllm-cache-ttl": "7"})
    stores = [command for command in warm.commands() if command[0] == "EVALSHA"]
    assert 3_600_000 in stores[1]
    assert 7_000 in stores[3]


def test_ttl_ends_an_entry(warm: Tenant) -> None:
    warm.ask("brief", {"x-watchllm-cache-ttl": "1"})  # has been stored
    until(lambda: status(warm.chat("brief")) == "MISS", "the entry to expire")


def test_namespaces_are_apart(warm: Tenant) -> None:
    elsewhere = {"x-watchllm-cache-namespace": "staging/eu@2"}
    assert status(warm.ask("hello", elsewhere)) == "MISS"
    assert status(warm.chat("hello", elsewhere)) == "HIT"
    assert status(warm.chat("hello")) == "HIT"


def test_the_projects_namespace_is_the_default_one(edge: Edge) -> None:
    tenant = edge.tenant(project={"namespace": "v2"})
    tenant.ask("hello")
    assert status(tenant.chat("hello", {"x-watchllm-cache-namespace": "v2"})) == "HIT"


def test_only_never_asks_the_provider(edge: Edge, warm: Tenant) -> None:
    only = {"x-watchllm-cache": "only"}
    assert status(warm.chat("hello", only)) == "HIT"
    answer = warm.chat("something else", only)
    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "cache_miss"
    assert edge.openai.calls() == 1


def test_a_project_without_a_cache(edge: Edge) -> None:
    tenant = edge.tenant(project={"cache_enabled": False})
    assert [status(tenant.chat("hello")) for _ in range(2)] == ["BYPASS", "BYPASS"]
    assert edge.openai.calls() == 2


def test_a_projects_temperature_ceiling(edge: Edge) -> None:
    tenant = edge.tenant(project={"max_temperature": 0.5})
    tenant.ask("cold", temperature=0.5)
    assert status(tenant.chat("cold", temperature=0.5)) == "HIT"
    for warm in ({"temperature": 0.6}, {}):  # absent: the provider's default, 1
        assert [status(tenant.chat("warm", **warm)) for _ in range(2)] == ["BYPASS", "BYPASS"]
    absurd = tenant.chat("warm", temperature=10**300)  # is the provider's to refuse
    assert absurd.json()["error"]["param"] == "temperature"


def test_beta_headers_are_part_of_the_key(warm: Tenant) -> None:
    beta = {"openai-beta": "assistants=v2"}
    assert status(warm.ask("hello", beta)) == "MISS"
    assert status(warm.chat("hello", beta)) == "HIT"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-watchllm-cache", "sometimes"),
        ("x-watchllm-cache", ""),
        ("x-watchllm-cache-ttl", "0"),
        ("x-watchllm-cache-ttl", "-5"),
        ("x-watchllm-cache-ttl", "1.5"),
        ("x-watchllm-cache-ttl", "2592001"),
        ("x-watchllm-cache-ttl", "9" * 5000),
        ("x-watchllm-cache-ttl", "1h"),
        ("x-watchllm-cache-namespace", "a b"),
        ("x-watchllm-cache-namespace", "x" * 129),
        ("x-watchllm-cache-namespace", ""),
        ("x-watchllm-semantic", "maybe"),
        ("x-watchllm-request-id", "new\tline"),
        ("x-watchllm-request-id", "x" * 101),
    ],
)
def test_a_malformed_header_is_named(edge: Edge, tenant: Tenant, name: str, value: str) -> None:
    answer = tenant.chat(headers={name: value})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_header", name)
    assert edge.openai.calls() == 0


@pytest.mark.parametrize("value", ["OFF", "Off"])
def test_values_are_taken_in_any_case(tenant: Tenant, value: str) -> None:
    assert status(tenant.chat(headers={"x-watchllm-cache": value})) == "BYPASS"


@pytest.mark.parametrize(
    ("project", "headers", "body", "why"),
    [
        ({"cache_enabled": False}, {}, {}, "disabled by the project"),
        ({}, {"x-watchllm-cache": "off"}, {}, "x-watchllm-cache: off"),
        ({}, {"cache-control": "no-store"}, {}, "cache-control: no-store"),
        (
            {"max_temperature": 0.5},
            {},
            {"temperature": 0.7},
            "temperature over the project's ceiling",
        ),
        ({}, {}, {"web_search_options": {}}, "live data or state: web_search_options"),
    ],
)
def test_the_row_says_why_the_cache_was_left_out(
    edge: Edge,
    project: dict[str, Any],
    headers: dict[str, str],
    body: dict[str, Any],
    why: str,
) -> None:
    tenant = edge.tenant(project=project)
    answer = tenant.chat("hello", headers | {"x-watchllm-explain": "1"}, **body)
    assert status(answer) == "BYPASS"
    assert json.loads(answer.headers["x-watchllm-decision"]) == {"bypass": why}
    assert tenant.rows(1)[0]["decision"] == {"bypass": why}
