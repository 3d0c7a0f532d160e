"""The bulk insert into ``usage_logs``."""

import uuid
from datetime import UTC, datetime

import pytest

from apps.usage.models import UsageLog
from shared.usage_events import CACHE_STATUSES, CacheDecision
from tests.contract.callers import Caller, Refused
from tests.contract.tenants import tenant


def test_a_row_is_stored_as_sent(caller: Caller) -> None:
    customer = tenant()
    row = customer.row(
        str(uuid.uuid4()),
        provider="openai",
        model="gpt-4o-mini",
        stream=True,
        cache_status="HIT-SEMANTIC",
        cache_key="ab" * 32,
        similarity=0.97,
        prompt_tokens=11,
        completion_tokens=7,
        cost_nanousd=0,
        saved_nanousd=2**40,
        latency_ms=12,
        decision=CacheDecision(candidate="x", probability=0.99),
        prompt="naïve ☃",
        labels={"user": "id_1", "größe": "7", "env": "prod"},
    )
    caller.insert([row])
    stored = UsageLog.objects.get(request_id=row["request_id"])
    assert stored.ts == datetime(2026, 11, 23, 10, 0, 0, 250_000, tzinfo=UTC)
    assert {
        name: str(value) if isinstance(value, uuid.UUID) else value
        for name in row.keys() - {"ts"}
        if (value := getattr(stored, name)) is not Ellipsis
    } == {name: value for name, value in row.items() if name != "ts"}


def test_rows_seen_before_are_ignored_and_new_ones_kept(caller: Caller) -> None:
    customer = tenant()
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    caller.insert([customer.row(first, latency_ms=1)])
    caller.insert([customer.row(first, latency_ms=2), customer.row(second), customer.row(second)])
    stored = UsageLog.objects.filter(project=customer.project).order_by("id")
    assert [(log.request_id, log.latency_ms) for log in stored] == [(first, 1), (second, 0)]


@pytest.mark.parametrize("status", CACHE_STATUSES)
def test_every_verdict_is_stored(caller: Caller, status: str) -> None:
    customer = tenant()
    caller.insert([customer.row(str(uuid.uuid4()), cache_status=status)])
    assert UsageLog.objects.get(project=customer.project).cache_status == status


def test_a_thousand_rows_at_once(caller: Caller) -> None:
    customer = tenant()
    rows = [customer.row(str(uuid.uuid4())) for _ in range(1000)]
    caller.insert(rows)
    assert UsageLog.objects.filter(project=customer.project).count() == 1000


def test_without_ignore_duplicates_a_known_request_id_is_refused(caller: Caller) -> None:
    customer = tenant()
    row = customer.row(str(uuid.uuid4()))
    caller.insert([row], ignore_duplicates=False)
    with pytest.raises(Refused) as refused:
        caller.insert([customer.row(str(uuid.uuid4())), row], ignore_duplicates=False)
    assert refused.value.code == "23505"
    assert UsageLog.objects.filter(project=customer.project).count() == 1


@pytest.mark.parametrize("column", ["project_id", "organization_id", "api_key_id"])
def test_a_row_that_mixes_two_tenants_refuses_the_batch(caller: Caller, column: str) -> None:
    customer, other = tenant(), tenant()
    good = customer.row(str(uuid.uuid4()))
    mixed = customer.row(str(uuid.uuid4())) | {column: other.row("")[column]}
    with pytest.raises(Refused) as refused:
        caller.insert([good, mixed])
    assert refused.value.code == "42501"
    assert not UsageLog.objects.filter(request_id=good["request_id"]).exists()


def test_a_tenant_nobody_knows_is_refused(caller: Caller) -> None:
    row = tenant().row(str(uuid.uuid4())) | {"api_key_id": str(uuid.uuid4())}
    with pytest.raises(Refused) as refused:
        caller.insert([row])
    assert refused.value.code == "42501"


@pytest.mark.parametrize(
    ("column", "value", "code"),
    [
        ("ts", None, "23502"),
        ("ts", "yesterday-ish", "22007"),
        ("project_id", "not-a-uuid", "22P02"),
        ("latency_ms", None, "23502"),
        ("latency_ms", "soon", "22P02"),
        ("latency_ms", 2**31, "22003"),
        ("latency_ms", -1, "23514"),
        ("status", 2**15, "22003"),
        ("cost_nanousd", 2**63, "22003"),
        ("stream", "perhaps", "22P02"),
        ("similarity", "close", "22P02"),
        ("cache_status", "NEARLY", "23514"),
        ("request_id", "x" * 129, "22001"),
        ("model", "a\x00b", "22P05"),
    ],
)
def test_a_bad_value_is_refused(caller: Caller, column: str, value: object, code: str) -> None:
    row = tenant().row(str(uuid.uuid4())) | {column: value}
    with pytest.raises(Refused) as refused:
        caller.insert([row])
    assert refused.value.code == code


def test_a_model_name_of_any_length_is_kept(caller: Caller) -> None:
    row = tenant().row(str(uuid.uuid4()), model="m" * 5000)
    caller.insert([row])
    assert UsageLog.objects.get(request_id=row["request_id"]).model == "m" * 5000
