"""The key vectors over HTTP: first A, then B, on every host."""

import pytest

from tests.shared.key_vectors import CHAT, VECTORS, Vector
from tests.worker.edge import Edge, Tenant, until

# Every pair goes through tests/shared; here those that a host could see differently (Unicode,
# numbers, order), and one in four of the rest. What the double refuses as OpenAI does stays out.
FRAGILE = ("Unicode", "number", "order", "line")
CHOSEN = [
    vector
    for number, vector in enumerate(v for v in VECTORS if v.endpoint == CHAT)
    if number % 4 == 0 or any(word in vector.reason for word in FRAGILE)
    if "top_k" not in vector.a and "moderation" not in vector.a and vector.a.get("n") is not True
    if "prompt_cache_options" not in vector.a
    if vector.reason != "properties as a list of pairs are no properties"  # no JSON Schema
]


@pytest.mark.parametrize("vector", CHOSEN, ids=lambda vector: vector.reason.replace(" ", "-"))
def test_vector(edge: Edge, tenant: Tenant, vector: Vector) -> None:
    first = tenant.post(vector.endpoint, vector.a)
    assert first.status_code == 200, first.text
    assert first.headers["x-watchllm-cache"] == "MISS"
    until(lambda: tenant.stores() == 1, "the entry to be stored")
    second = tenant.post(vector.endpoint, vector.b)
    assert second.status_code == 200, second.text
    assert second.headers["x-watchllm-cache"] == ("HIT" if vector.same else "MISS")
    assert edge.openai.calls() == (1 if vector.same else 2)
