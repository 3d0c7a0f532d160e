"""Datadog and Sentry: what they get, when, and what never reaches them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.core.settings import Settings, SettingsError, load
from gateway.reporting import datadog as shipping
from gateway.reporting.datadog import LogBuffer
from gateway.reporting.sentry import Reports, report
from tests.doubles.datadog import DatadogDouble
from tests.doubles.openai_api import Behaviour
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.sentry import SentryDouble
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import ROOT, Edge, Tenant, until
from tests.worker.edges import HOSTS, missing
from tests.worker.in_process import Isolate, isolate

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.fixture(scope="module")
def datadog() -> Iterator[DatadogDouble]:
    with DatadogDouble() as double:
        yield double


@pytest.fixture(scope="module")
def sentry() -> Iterator[SentryDouble]:
    with SentryDouble() as double:
        yield double


@pytest.fixture(scope="module", params=HOSTS)
def observed(
    request: pytest.FixtureRequest, datadog: DatadogDouble, sentry: SentryDouble
) -> Iterator[Edge]:
    """An edge that tells both of every request."""
    reason = missing(request.param)
    if reason:
        pytest.skip(reason)
    with Edge(
        request.param,
        DD_API_KEY=datadog.key,
        DD_LOGS_URL=datadog.logs_url,
        SENTRY_DSN=sentry.dsn,
        SENTRY_TRACES_SAMPLE_RATE="1",
        RELEASE="1.2.3",
    ) as edge:
        yield edge


@pytest.fixture
def tenant(observed: Edge, datadog: DatadogDouble, sentry: SentryDouble) -> Iterator[Tenant]:
    """A tenant whose key the edge knows."""
    observed.quiet()
    tenant = observed.tenant()
    tenant.chat()
    tenant.rows()
    observed.settled()
    observed.quiet_traffic()
    yield tenant
    for double in (datadog, sentry):
        double.heal()


def entry_of(datadog: DatadogDouble, request_id: str) -> dict[str, Any]:
    """The log entry of one request."""
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        found[:] = [e for e in datadog.entries if e["watchllm"].get("request_id") == request_id]
        return bool(found)

    until(arrived, "the log entry")
    return found[0]


def transaction_of(sentry: SentryDouble, request_id: str) -> dict[str, Any]:
    """The transaction of one request."""
    found: list[dict[str, Any]] = []

    def arrived() -> bool:
        events = sentry.events("transaction")
        found[:] = [event for event in events if event["tags"]["request_id"] == request_id]
        return bool(found)

    until(arrived, "the transaction")
    return found[0]


# --- what arrives ---


def test_a_request_is_one_log_entry(observed: Edge, tenant: Tenant, datadog: DatadogDouble) -> None:
    answer = tenant.chat(headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    entry = entry_of(datadog, answer.headers["x-request-id"])
    assert entry["message"] == "request"
    assert entry["status"] == "info"
    assert entry["ddtags"] == "env:test,version:1.2.3"
    assert (entry["service"], entry["ddsource"]) == ("watchllm-edge", "watchllm")
    assert abs(entry["timestamp"] / 1000 - time.time()) < 300
    fields = entry["watchllm"]
    assert fields["trace_id"] == TRACE
    assert fields["project_id"] == tenant.project_id
    assert (fields["cache"], fields["provider"], fields["status"]) == ("MISS", "openai", 200)


def test_each_request_of_a_burst_is_one_log_entry(
    observed: Edge, tenant: Tenant, datadog: DatadogDouble
) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: tenant.chat("hello"), range(40)))
    ids = [answer.headers["x-request-id"] for answer in answers]
    for request_id in ids:
        entry_of(datadog, request_id)
    told = [entry["watchllm"].get("request_id") for entry in datadog.entries]
    assert [told.count(request_id) for request_id in ids] == [1] * 40


def test_a_request_is_one_transaction(tenant: Tenant, sentry: SentryDouble) -> None:
    tenant.ask("hello")
    answer = tenant.chat("hello", headers={"traceparent": f"00-{TRACE}-{SPAN}-01"})
    event = transaction_of(sentry, answer.headers["x-request-id"])
    assert event["transaction"] == "POST /v1/chat/completions"
    assert event["contexts"]["trace"]["trace_id"] == TRACE
    assert event["contexts"]["trace"]["parent_span_id"] == SPAN
    assert event["measurements"]["latency"]["unit"] == "millisecond"
    assert event["tags"]["cache"] == "HIT"
    assert event["tags"]["provider"] == "openai"
    assert (event["environment"], event["release"]) == ("test", "1.2.3")


@pytest.mark.parametrize(
    "header", ["", "garbage", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01"]
)
def test_a_malformed_trace_is_nobodys(tenant: Tenant, sentry: SentryDouble, header: str) -> None:
    answer = tenant.chat(headers={"traceparent": header})
    trace = transaction_of(sentry, answer.headers["x-request-id"])["contexts"]["trace"]
    assert trace["trace_id"] != TRACE
    assert "parent_span_id" not in trace


def test_an_error_line_becomes_an_event(
    observed: Edge, tenant: Tenant, sentry: SentryDouble
) -> None:
    observed.supabase.gone.add(tenant.project_id)
    tenant.chat()

    def reported() -> bool:
        events = sentry.events("event")
        return any(event["tags"].get("project_id") == tenant.project_id for event in events)

    until(reported, "the event")
    event = next(e for e in sentry.events("event") if "project_id" in e["tags"])
    assert event["level"] == "error"
    assert "usage_rows_refused" in json.dumps(event)
    assert "row-level security" not in json.dumps(event)  # texts of others stay here


# --- what does not ---


def test_neither_gets_content_or_keys(
    observed: Edge, tenant: Tenant, datadog: DatadogDouble, sentry: SentryDouble
) -> None:
    secret = "my very private question"
    observed.openai.say("a confidential answer")
    observed.openai.behave("gpt-4o", Behaviour("rate-limited", retry_after="7"))
    last = tenant.chat(secret)
    tenant.chat(secret, model="gpt-4o")
    tenant.chat(secret, stream=True)
    entry_of(datadog, last.headers["x-request-id"])
    transaction_of(sentry, last.headers["x-request-id"])
    observed.settled()
    seen = json.dumps(datadog.entries) + json.dumps(sentry.items)
    for hidden in (secret, "confidential", tenant.key, observed.openai.key, observed.supabase.key):
        assert hidden not in seen
    assert tenant.project_id in seen


@pytest.mark.parametrize("fault", ["refused", "frozen", "error"])
def test_their_being_away_changes_no_answer(
    observed: Edge, tenant: Tenant, datadog: DatadogDouble, sentry: SentryDouble, fault: Any
) -> None:
    datadog.break_with(fault)
    sentry.break_with(fault)
    tenant.ask("hello")
    answer = tenant.chat("hello")
    assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "HIT")
    assert len(tenant.rows(3)) == 3


# --- limits of the intake ---


def settings(datadog: DatadogDouble, sentry: SentryDouble) -> dict[str, str]:
    return {
        "DD_API_KEY": datadog.key,
        "DD_LOGS_URL": datadog.logs_url,
        "SENTRY_DSN": sentry.dsn,
    }


@pytest.fixture
async def alone(datadog: DatadogDouble, sentry: SentryDouble) -> Any:
    datadog.heal()
    sentry.heal()
    with PostgrestDouble() as supabase, UpstashDouble() as upstash:
        async with isolate(supabase, upstash, **settings(datadog, sentry)) as one:
            yield one


def line(**fields: Any) -> str:
    return json.dumps({"event": "request", "level": "info", **fields})


async def test_batches_stay_within_the_intakes_limits(
    alone: Isolate, datadog: DatadogDouble
) -> None:
    buffer = LogBuffer()
    for number in range(2_500):
        buffer.add(line(number=number), 1.0)
    buffer.add(line(text="x" * 2_000_000), 1.0)
    for number in range(2_500, 2_510):
        buffer.add(line(number=number, text="y" * 800_000), 1.0)
    before, batches = len(datadog.entries), len(datadog.batches)
    await shipping.flush(alone.platform, alone.runtime.settings, buffer)
    arrived = datadog.entries[before:]
    assert datadog.batches[batches : batches + 2] == [1_000, 1_000]
    assert len(datadog.batches) - batches <= 6
    numbers = [entry["watchllm"].get("number") for entry in arrived]
    assert numbers == [*range(2_500), None, *range(2_500, 2_510)]
    assert arrived[2_500]["watchllm"] == {"cut": len(line(text="x" * 2_000_000))}


async def test_lines_wait_for_the_intake_and_the_oldest_go_first(
    alone: Isolate, datadog: DatadogDouble
) -> None:
    buffer = LogBuffer()
    datadog.break_with("error", status=503)
    for number in range(6_000):
        buffer.add(line(number=number), 1.0)
    await shipping.flush(alone.platform, alone.runtime.settings, buffer)
    assert len(buffer.lines) == 5_000
    datadog.heal()
    before = len(datadog.entries)
    buffer.breaker.open_until = 0.0
    await shipping.flush(alone.platform, alone.runtime.settings, buffer)
    numbers = [entry["watchllm"]["number"] for entry in datadog.entries[before:]]
    assert numbers == list(range(1_000, 6_000))


async def test_a_wrong_key_is_told_once_and_fills_nothing(
    datadog: DatadogDouble, alone: Isolate, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = {"DD_API_KEY": "wrong", "DD_LOGS_URL": datadog.logs_url}
    with PostgrestDouble() as supabase, UpstashDouble() as upstash:
        async with isolate(supabase, upstash, **environment) as one:
            one.runtime.outbox.logs.add(line(), 1.0)
            await shipping.flush(one.platform, one.runtime.settings, one.runtime.outbox.logs)
            assert not one.runtime.outbox.logs.lines
    assert "status 403" in capsys.readouterr().out


# --- exceptions ---


async def test_an_exception_arrives_with_its_stack_and_without_its_message(
    alone: Isolate, sentry: SentryDouble
) -> None:
    before = len(sentry.events("event"))
    prompt = "tell nobody"
    try:
        int(prompt)
    except ValueError as error:
        await report(
            alone.platform, alone.runtime.settings, Reports(), error, {"path": "/v1/models"}
        )
    (event,) = sentry.events("event")[before:]
    (value,) = event["exception"]["values"]
    assert value["type"] == "ValueError"
    assert value["stacktrace"]["frames"][-1]["function"].startswith("test_an_exception_arrives")
    assert not any("vars" in frame for frame in value["stacktrace"]["frames"])
    assert "tell nobody" not in json.dumps(value["value"])
    assert event["tags"] == {"path": "/v1/models"}


async def test_a_message_of_ours_is_kept_and_its_keys_are_not(
    alone: Isolate, sentry: SentryDouble
) -> None:
    before = len(sentry.events("event"))
    try:
        raise SettingsError("SUPABASE_KEY is odd: sk-proj-abcdefghijklmnop")
    except SettingsError as error:
        await report(alone.platform, alone.runtime.settings, Reports(), error, {})
    (event,) = sentry.events("event")[before:]
    assert event["exception"]["values"][0]["value"] == "SUPABASE_KEY is odd: sk-proj-[redacted]"


def test_the_sdk_is_not_imported_before_there_is_something_to_say() -> None:
    """It would cost each new isolate's first user a tenth of a second."""
    code = (
        "import sys, hosts.cpython.application;"
        "print([name for name in sys.modules if name.startswith('sentry_sdk')])"
    )
    paths = os.pathsep.join(str(ROOT / part) for part in ("shared/src", "worker/src"))
    environment = os.environ | {"PYTHONPATH": paths}
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "[]\n"


# --- settings ---

REQUIRED = {
    "SUPABASE_URL": "http://127.0.0.1:1",
    "SUPABASE_KEY": "a",
    "UPSTASH_REDIS_REST_URL": "http://127.0.0.1:1",
    "UPSTASH_REDIS_REST_TOKEN": "b",
    "API_KEY_PEPPER": "c",
    "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
}


def loaded(**env: str) -> Settings:
    return load(REQUIRED | env, {})


def test_both_are_off_by_default() -> None:
    telemetry = loaded().telemetry
    assert (telemetry.datadog_key, telemetry.sentry_dsn, telemetry.traces_sample_rate) == (
        "",
        "",
        0.0,
    )


def test_the_datadog_site_chooses_the_intake() -> None:
    intake = loaded(DD_SITE="datadoghq.eu").telemetry.datadog_url
    assert intake == "https://http-intake.logs.datadoghq.eu/api/v2/logs"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SENTRY_TRACES_SAMPLE_RATE", "2"),
        ("SENTRY_TRACES_SAMPLE_RATE", "often"),
        ("SENTRY_DSN", "https://sentry.example"),
    ],
)
def test_a_bad_value_names_its_variable(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        loaded(**{name: value})
