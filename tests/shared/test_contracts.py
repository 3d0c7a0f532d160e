"""The two rows exchanged with Supabase: the key record is read, the usage row is written."""

import copy
import dataclasses
from typing import Any

import pytest

from shared import key_record, plans, usage_events
from shared.key_record import KeyRecordError
from shared.usage_events import COLUMNS, CacheDecision, UsageEvent

RECORD: dict[str, Any] = {
    "key_id": "k",
    "project_id": "p",
    "organization_id": "o",
    "revision": 3,
    "status": "active",
    "expires_at": None,
    "plan": {
        "slug": "pro",
        "monthly_requests": 1_000_000,
        "requests_per_minute": 200,
        "tokens_per_minute": None,
        "overage": "stop",
    },
    "key_limits": {
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "monthly_budget_nanousd": None,
    },
    "project": {
        "slug": "demo",
        "cache_enabled": True,
        "ttl_seconds": 3600,
        "embeddings_ttl_seconds": 86400,
        "max_temperature": None,
        "max_body_bytes": 1000,
        "namespace": "",
        "semantic_mode": "off",
        "cache_on_disconnect": True,
        "default_provider": "openai",
        "log_prompts": False,
        "data_key_salt": "00",
        "monthly_budget_nanousd": None,
        "routes": [{"match": "gpt-*", "provider": "groq", "model": None, "fallbacks": ["a", "b"]}],
    },
    "credentials": [
        {"id": "2", "provider": "openai", "envelope": "v1.b", "priority": 2, "base_url": None},
        {"id": "1", "provider": "openai", "envelope": "v1.a", "priority": 1, "base_url": None},
    ],
}


def test_key_record() -> None:
    record = key_record.parse(RECORD)
    assert (record.project_id, record.revision, record.plan.requests_per_minute) == ("p", 3, 200)
    assert record.project.routes[0].fallbacks == ("a", "b")
    assert [credential.id for credential in record.credentials] == ["1", "2"]


def test_parsing_leaves_the_answer_as_it_was() -> None:
    data = copy.deepcopy(RECORD)
    key_record.parse(data)
    assert data == RECORD


@pytest.mark.parametrize("part", ["plan", "key_limits", "project"])
def test_what_a_newer_database_adds_is_ignored(part: str) -> None:
    added = {**RECORD, part: {**RECORD[part], "added": 1}, "added": 1}
    assert key_record.parse(added) == key_record.parse(RECORD)


@pytest.mark.parametrize("name", list(RECORD))
def test_a_missing_member_is_named(name: str) -> None:
    data = {key: value for key, value in RECORD.items() if key != name}
    with pytest.raises(KeyRecordError, match=name):
        key_record.parse(data)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("revision", "x"),
        ("plan", None),
        ("plan", {"slug": "pro"}),
        ("project", []),
        ("project", {**RECORD["project"], "routes": [{}]}),
        ("credentials", [{}]),
        ("credentials", None),
        ("key_limits", "none"),
    ],
)
def test_a_member_of_another_shape_is_refused(name: str, value: Any) -> None:
    with pytest.raises(KeyRecordError):
        key_record.parse({**RECORD, name: value})


def test_usage_row_holds_every_column_of_the_contract() -> None:
    event = UsageEvent("r", "2026-01-01T00:00:00+00:00", "p", "o", "k", "/v1/chat/completions")
    row = event.row()
    assert tuple(row) == COLUMNS
    assert set(COLUMNS) == {
        *("request_id", "ts", "project_id", "organization_id", "api_key_id", "endpoint"),
        *("provider", "model", "stream", "cache_status", "cache_key", "similarity"),
        *("prompt_tokens", "completion_tokens", "cached_tokens", "cost_nanousd", "saved_nanousd"),
        *("cache_write_tokens", "cache_write_hour_tokens", "prompt_cache_nanousd"),
        *("latency_ms", "upstream_ms", "ttfb_ms", "status", "error_code", "decision"),
        *("prompt", "response", "labels"),
    }
    # Unknown is null, never 0: a sum over it would be a wrong invoice.
    unknown = ("prompt_tokens", "completion_tokens", "cost_nanousd", "saved_nanousd", "similarity")
    assert all(row[name] is None for name in unknown)


def test_cache_statuses() -> None:
    expected = ("HIT", "HIT-SEMANTIC", "HIT-COALESCED", "MISS", "BYPASS", "REFUSED")
    assert expected == usage_events.CACHE_STATUSES


def test_shipped_plans() -> None:
    shown = {
        plan.slug: (
            plan.monthly_requests,
            plan.requests_per_minute,
            plan.max_projects,
            plan.price_cents,
        )
        for plan in plans.SHIPPED
    }
    assert shown == {
        "free": (50_000, 10, 3, 0),
        "starter": (250_000, 50, 10, 2_900),
        "pro": (1_000_000, 200, None, 4_900),
    }
    assert all(dataclasses.is_dataclass(plan) for plan in plans.SHIPPED)


@pytest.mark.parametrize(
    ("decision", "row"),
    [
        (CacheDecision(bypass="why"), {"bypass": "why"}),
        (CacheDecision(eligible=False, reason="long"), {"eligible": False, "reason": "long"}),
        (
            CacheDecision(mode="strict", namespace="", threshold=1.01, candidates=0),
            {"mode": "strict", "namespace": "", "threshold": 1.01, "candidates": 0},
        ),
        (CacheDecision(served=False), {"served": False, "bin": None, "guard": None}),
        (
            CacheDecision(served=True, bin=3, guard="negation", agreed=False),
            {"served": True, "bin": 3, "guard": "negation", "agreed": False},
        ),
    ],
)
def test_a_decision_says_what_is_known(decision: CacheDecision, row: dict[str, Any]) -> None:
    assert decision.dump() == row
