"""One row for each request, whatever became of it, and what it says."""

import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.cache import entry as entries
from gateway.formats.base import Usage
from gateway.formats.choices import read_usage
from gateway.reporting.pricing import cost as price
from shared import pricing
from shared.usage_events import COLUMNS
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant


def only(tenant: Tenant) -> dict[str, Any]:
    """The one row there is; a second one would be a second invoice line."""
    (row,) = tenant.rows()
    assert tuple(row) == COLUMNS
    return row


@pytest.mark.parametrize("stream", [False, True])
def test_a_miss(edge: Edge, tenant: Tenant, *, stream: bool) -> None:
    answer = tenant.ask("hello", stream=stream)
    row = only(tenant)
    spent = edge.openai.requests[0].json()
    assert spent["model"] == "gpt-4o-mini"
    expected = {
        "request_id": answer.headers["x-request-id"],
        "project_id": tenant.project_id,
        "organization_id": tenant.record["organization_id"],
        "api_key_id": tenant.record["key_id"],
        "endpoint": "/v1/chat/completions",
        "provider": "openai",
        "model": "gpt-4o-mini",
        "stream": stream,
        "cache_status": "MISS",
        "prompt_tokens": 5,
        "completion_tokens": 4,
        "cached_tokens": 0,
        "saved_nanousd": 0,
        "status": 200,
        "error_code": None,
        "similarity": None,
        "prompt": None,
        "response": None,
    }
    assert {name: row[name] for name in expected} == expected
    assert row["cost_nanousd"] == pricing.cost_nanousd(
        "openai", "gpt-4o-mini", at=time.time(), prompt_tokens=5, completion_tokens=4
    )
    assert len(row["cache_key"]) == 64
    assert row["latency_ms"] >= row["upstream_ms"] >= 0
    assert (row["ttfb_ms"] is not None) is stream
    age = datetime.now(UTC) - datetime.fromisoformat(row["ts"])
    assert abs(age) < timedelta(minutes=5)


@pytest.mark.parametrize("stream", [False, True])
def test_a_hit_saves_what_the_miss_cost(tenant: Tenant, *, stream: bool) -> None:
    tenant.ask("hello")
    tenant.chat("hello", stream=stream)
    miss, hit = tenant.rows(2)
    assert (miss["cache_status"], hit["cache_status"]) == ("MISS", "HIT")
    assert hit["cost_nanousd"] == 0
    assert hit["saved_nanousd"] == miss["cost_nanousd"] > 0
    assert hit["cache_key"] == miss["cache_key"]
    assert (hit["prompt_tokens"], hit["completion_tokens"]) == (5, 4)
    assert hit["upstream_ms"] is None


@pytest.mark.parametrize("stream", [False, True])
def test_what_a_response_wrote_to_the_prompt_cache_is_paid_for(
    edge: Edge, tenant: Tenant, *, stream: bool
) -> None:
    details = {
        "cached_tokens": 100,
        "cache_write_tokens": 600,
        "cache_write_tokens_details": {"ttl_30m_tokens": 600, "ttl_12h_tokens": 0},
    }
    spent = {"input_tokens": 1000, "output_tokens": 10, "input_tokens_details": details}
    answer = {"object": "response", "status": "completed", "output": [], "usage": spent}
    body = json.dumps(answer)
    if stream:
        body = f"data: {json.dumps({'type': 'response.completed', 'response': answer})}\n\n"
    kind = "text/event-stream" if stream else "application/json"
    edge.openai.behave("gpt-6-sol", Behaviour("raw", 200, body=body.encode(), content_type=kind))
    tenant.post("/v1/responses", {"model": "gpt-6-sol", "input": "hi", "stream": stream})
    expected = pricing.cost_nanousd(
        "openai",
        "gpt-6-sol",
        at=time.time(),
        prompt_tokens=1000,
        completion_tokens=10,
        cached_tokens=100,
        cache_write_tokens=600,
    )
    row = only(tenant)
    assert (row["cost_nanousd"], row["cached_tokens"]) == (expected, 100)


def test_the_operators_own_price_goes_before_the_tables(edge: Edge) -> None:
    own = [
        {"provider": "openai", "model": "GPT-4o-mini", "input": 1000.0, "output": 2000.0},
        {"provider": "openai", "model": "brand-new-model", "input": 3.0, "output": 0.0},
    ]
    tenant = edge.tenant(prices=own)
    tenant.ask("hello")
    tenant.chat("hello")
    tenant.ask("hello", model="brand-new-model")
    miss, hit, new = tenant.rows(3)
    assert miss["cost_nanousd"] == (5 * 1000 + 4 * 2000) * 1000
    assert hit["saved_nanousd"] == miss["cost_nanousd"]
    assert new["cost_nanousd"] == 5 * 3 * 1000


@pytest.mark.parametrize(
    ("usage", "nanousd"),
    [
        ({"cost": 0.0123}, 12_300_000),
        ({"cost": 0}, 0),
        (
            {
                "cost": 0.01,
                "is_byok": True,
                "cost_details": {"upstream_inference_cost": 0.19},
            },
            200_000_000,
        ),
        ({"cost": 0.01, "is_byok": True}, None),
        ({"cost": "free"}, None),
        ({"cost": -1}, None),
        ({"cost": 10_000}, 10**13),
        ({"cost": 10_000.01}, None),
        ({"cost": 10**307}, None),
        ({"cost": True}, None),
        ({"cost": float("nan")}, None),
        ({}, None),
    ],
)
def test_what_an_answer_says_that_it_costs(usage: dict[str, Any], nanousd: int | None) -> None:
    told = read_usage({"prompt_tokens": 5, "completion_tokens": 4, **usage})
    assert told.told_nanousd == nanousd
    assert price("openrouter", "brand-new-model", told, 0.0, {}) == nanousd
    kept = entries.facts("openrouter", "m", told, 0)["usage"]
    assert Usage(*kept).told_nanousd == nanousd, "a hit saves it"


@pytest.mark.parametrize(
    ("provider", "used"),
    [
        ("openrouter", Usage(told_nanousd=2 * 10**13)),
        ("openai", Usage(prompt=2**31 - 1, completion=2**31 - 1)),
    ],
)
def test_an_answer_that_costs_beyond_reason_costs_an_unknown_amount(
    provider: str, used: Usage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert price(provider, "gpt-4o", used, 0.0, {}) is None
    assert "implausible_cost" in capsys.readouterr().out


def test_a_model_without_a_price_costs_an_unknown_amount(tenant: Tenant) -> None:
    answer = tenant.ask("hello", model="brand-new-model")
    assert "x-watchllm-cost-usd" not in answer.headers
    tenant.chat("hello", model="brand-new-model")
    miss, hit = tenant.rows(2)
    assert miss["cost_nanousd"] is None
    assert hit["saved_nanousd"] is None


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_json"),
        (b'{"model": "m"}', 400, "invalid_request"),
        (b'{"model": "no-such-x", "messages": [{"role": "user", "content": "a"}]}', 404, None),
        (b'{"model": "gpt-4o", "messages": []}', 400, "invalid_value"),
    ],
)
def test_a_failure_after_authentication(
    tenant: Tenant, body: bytes, status: int, code: str | None
) -> None:
    answer = tenant.http.post("/v1/chat/completions", content=body)
    assert answer.status_code == status
    row = only(tenant)
    assert row["status"] == status
    assert row["error_code"] == (code or "model_not_found")
    asked = row["upstream_ms"] is not None
    assert asked is (code not in ("invalid_json", "invalid_request"))
    assert (row["cache_status"] == "REFUSED") is not asked
    assert (row["cost_nanousd"], row["saved_nanousd"]) == ((None, None) if asked else (0, 0))
    assert answer.headers["x-watchllm-cache"] in ("MISS", "BYPASS")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "/v1/chat/completions",
            {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "a"}]},
        ),
        ("/v1/embeddings", {"model": "text-embedding-3-small", "input": "a"}),
    ],
)
def test_over_a_limit_a_request_is_refused(edge: Edge, path: str, body: dict[str, Any]) -> None:
    """The header goes on to say what the cache had done."""
    tenant = edge.tenant(plan={"requests_per_minute": 1})
    answers = [tenant.post(path, body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].headers["x-watchllm-cache"] == "MISS"
    refused = next(row for row in tenant.rows(2) if row["status"] == 429)
    assert refused["cache_status"] == "REFUSED"
    assert (refused["cost_nanousd"], refused["saved_nanousd"]) == (0, 0)
    assert refused["upstream_ms"] is None


def test_a_miss_that_was_asked_for_is_no_refusal(edge: Edge, tenant: Tenant) -> None:
    answer = tenant.chat("never asked", {"x-watchllm-cache": "only"})
    assert answer.status_code == 504
    row = only(tenant)
    assert (row["cache_status"], row["error_code"]) == ("MISS", "cache_miss")
    assert (row["cost_nanousd"], row["saved_nanousd"]) == (0, 0)
    assert edge.openai.calls() == 0


def test_a_providers_failure(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave("gpt-4o", Behaviour("rate-limited", retry_after="30"))
    tenant.chat(model="gpt-4o")
    row = only(tenant)
    assert (row["status"], row["error_code"]) == (429, "rate_limit_exceeded")
    assert (row["provider"], row["model"]) == ("openai", "gpt-4o")
    assert row["completion_tokens"] is None


def test_other_endpoints_have_rows_too(tenant: Tenant) -> None:
    tenant.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "one two"})
    tenant.http.get("/v1/models")
    rows = {row["endpoint"]: row for row in tenant.rows(2)}
    assert rows["/v1/embeddings"]["prompt_tokens"] == 2
    assert rows["/v1/models"]["cache_status"] == "BYPASS"


def test_a_request_id_of_the_caller_may_come_twice(tenant: Tenant) -> None:
    for _ in range(2):
        tenant.chat(headers={"x-watchllm-request-id": "order-17"})
    one, other = tenant.rows(2)
    assert one["request_id"] != other["request_id"]
    assert all(row["request_id"].startswith("order-17.") for row in (one, other))


def test_without_a_good_key_there_is_no_row(edge: Edge, tenant: Tenant) -> None:
    tenant.http.headers["authorization"] = "Bearer lgw_wrong"
    tenant.chat()
    edge.settled()
    assert [r for r in edge.supabase.usage_logs if r["project_id"] == tenant.project_id] == []


def test_rows_survive_supabase_being_away(fragile: Edge) -> None:
    tenant = fragile.tenant()
    tenant.chat()
    assert len(tenant.rows()) == 1
    fragile.supabase.break_with("error", status=503)
    for _ in range(3):
        assert tenant.chat().status_code == 200
    fragile.settled()
    assert len(tenant.rows()) == 1
    fragile.supabase.heal()
    fragile.recovered()
    for _ in range(100):
        tenant.chat()  # a later request writes what waited
        if len({row["request_id"] for row in tenant.rows()}) >= 4:
            break
    rows = tenant.rows(4)
    assert len({row["request_id"] for row in rows}) == len(rows)


@pytest.mark.parametrize(("tier", "factor"), [("default", 1), ("flex", 0.5), ("new", None)])
@pytest.mark.parametrize("stream", [False, True])
def test_money_follows_the_service_tier_that_the_provider_gave(
    edge: Edge, tenant: Tenant, tier: str, factor: float | None, *, stream: bool
) -> None:
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
    answer = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-6-sol",
        "service_tier": tier,
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "x"}, "finish_reason": "stop"}
        ],
        "usage": usage,
    }
    body = json.dumps(answer)
    if stream:
        choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}
        chunk = {**answer, "object": "chat.completion.chunk", "choices": [choice]}
        body = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n"
    kind = "text/event-stream" if stream else "application/json"
    edge.openai.behave("gpt-6-sol", Behaviour("raw", 200, body=body.encode(), content_type=kind))
    asked = {"model": "gpt-6-sol", "messages": [{"role": "user", "content": tier}]}
    for _ in range(2):
        tenant.post("/v1/chat/completions", {**asked, "stream": stream})
        edge.settled()
    expected = None if factor is None else round(2_000_000 * factor)
    miss, hit = tenant.rows(2)
    assert (miss["cost_nanousd"], hit["saved_nanousd"]) == (expected, expected)
