"""Prompts that begin alike use the same one of several equal provider keys."""

import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.providers.memory import ProviderMemory
from gateway.providers.sticky_keys import REFUSED_SECONDS, ordered
from tests.worker.edge import Edge, Tenant, credential

SYSTEM = "Answer as a patient teacher would. " * 400
SONNET = "claude-sonnet-5-5"


@dataclass(frozen=True)
class Key:
    id: str
    rank: tuple[int, str] = (1, "")


KEYS = [Key(f"key-{number}") for number in range(4)]
PREFIXES = [f"prefix-{number}" for number in range(400)]


def test_prefixes_spread_over_the_keys_and_only_those_of_a_failing_one_move():
    before = {prefix: ordered(KEYS, prefix, ())[0] for prefix in PREFIXES}
    assert all(70 <= uses <= 130 for uses in Counter(before.values()).values())
    gone = {prefix: ordered(KEYS[1:], prefix, ())[0] for prefix in PREFIXES}
    refused = {prefix: ordered(KEYS, prefix, {"key-0"})[0] for prefix in PREFIXES}
    assert gone == refused
    assert all(gone[prefix] == key for prefix, key in before.items() if key != KEYS[0])
    assert ordered(KEYS, "any", {key.id for key in KEYS}) == ordered(KEYS, "any", ())


def test_a_priority_comes_before_the_next_also_when_its_keys_are_refused():
    first, second = [Key("a"), Key("b")], [Key("c", (2, "")), Key("d", (2, ""))]
    for prefix in PREFIXES[:20]:
        found = ordered([*first, *second], prefix, {"a", "b"})
        assert {key.id for key in found[:2]} == {"a", "b"}


def test_keys_of_other_addresses_keep_their_place():
    mixed = [Key("a", (1, "x")), Key("b", (1, "y"))]
    assert all(ordered(mixed, prefix, ()) == mixed for prefix in PREFIXES[:20])


def test_a_refusal_is_forgotten_after_some_seconds():
    memory = ProviderMemory()
    memory.key_was_refused("a", 100.0)
    assert memory.key_is_refused("a", 100.0 + REFUSED_SECONDS - 1)
    assert not memory.key_is_refused("a", 100.0 + REFUSED_SECONDS)
    assert not memory.key_is_refused("b", 100.0)


@pytest.fixture
def two_keys(edge: Edge) -> Tenant:
    """A project with a key that works and one of the same priority that the provider refuses."""
    tenant = edge.tenant(project={"prompt_cache": "auto"})
    address = edge.anthropic.base_url
    tenant.record["credentials"] = [
        credential(tenant.project_id, "anthropic", key, address) | {"id": name}
        for name, key in (("refused", "sk-ant-refused"), ("good", edge.anthropic.key))
    ]
    return tenant


def _ask(tenant: Tenant, system: str, headers: dict[str, str] | None = None) -> Any:
    body = {
        "model": SONNET,
        "max_tokens": 10,
        "system": system,
        "messages": [{"role": "user", "content": str(time.monotonic_ns())}],
    }
    answer = tenant.post("/v1/messages", body, headers)
    assert answer.status_code == 200, answer.text


def _asked(edge: Edge, before: int) -> list[str]:
    return [request.headers["x-api-key"] for request in edge.anthropic.requests[before:]]


def test_some_prompts_begin_with_the_second_key_and_a_refused_one_is_used_last(
    edge: Edge, two_keys: Tenant
) -> None:
    good = edge.anthropic.key
    firsts = []
    for number in range(12):
        before = len(edge.anthropic.requests)
        _ask(two_keys, f"{number} {SYSTEM}")
        firsts.append(_asked(edge, before)[0])
        if firsts[-1] != good:
            break
    assert firsts[-1] != good, "one of twelve prompts begins with the key that is refused"
    before = len(edge.anthropic.requests)
    for number in range(12):
        _ask(two_keys, f"{number} {SYSTEM}")
    assert set(_asked(edge, before)) == {good}


def test_without_prompt_caches_keys_are_used_in_their_order(edge: Edge, two_keys: Tenant) -> None:
    for number in range(3):
        before = len(edge.anthropic.requests)
        _ask(two_keys, f"{number} {SYSTEM}", {"x-watchllm-prompt-cache": "off"})
        assert _asked(edge, before)[0] != edge.anthropic.key
