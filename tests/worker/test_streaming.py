"""Live streams: passed through one by one, captured within bounds, kept when the client leaves."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from shared import redis_keys
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant, until
from tests.worker.faults import exactly

CHAT = "/v1/chat/completions"


@contextmanager
def streaming(
    tenant: Tenant, text: str = "hello", model: str = "gpt-4o", **more: Any
) -> Iterator[httpx.Response]:
    """A stream under way."""
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": True, **more}
    with tenant.http.stream("POST", CHAT, json=body) as response:
        assert response.status_code == 200
        yield response


def status(answer: httpx.Response) -> str:
    return str(answer.headers["x-watchllm-cache"])


@pytest.mark.parametrize("usage", [False, True])
def test_events_arrive_one_by_one(edge: Edge, tenant: Tenant, *, usage: bool) -> None:
    # The provider sends one event a step, so an event that is here came through alone.
    edge.openai.behave("gpt-4o", Behaviour("step"))
    options = {"stream_options": {"include_usage": True}} if usage else {}
    edge.openai.step()
    with streaming(tenant, "hello " * 10, **options) as response:
        chunks = response.iter_bytes()
        received = [next(chunks)]
        for _ in range(6):
            edge.openai.step()
            received.append(next(chunks))
        assert all(chunk.count(b"data: ") == 1 for chunk in received)
        assert all(chunk.endswith(b"\n\n") for chunk in received)
        for _ in range(50):
            edge.openai.step()
        rest = b"".join(chunks)
    assert rest.endswith(b"data: [DONE]\n\n")


def test_headers_are_sent_before_the_first_event(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave("gpt-4o", Behaviour("step"))
    with streaming(tenant) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        assert status(response) == "MISS"
        for _ in range(30):
            edge.openai.step()
        assert response.read().endswith(b"data: [DONE]\n\n")


def test_a_provider_that_stays_open_after_its_last_event(edge: Edge, tenant: Tenant) -> None:
    # This edge waits a minute for a chunk: a client that reads to the end is not made to, and
    # the provider's silence is no failure.
    edge.openai.behave("gpt-4o", Behaviour("open"))
    with streaming(tenant) as response:
        assert response.read().endswith(b"data: [DONE]\n\n")
    (row,) = exactly(edge, tenant, 1)
    assert (row["status"], row["error_code"]) == (200, None)
    assert status(tenant.chat("hello", model="gpt-4o")) == "HIT"
    assert "stream_broken" not in edge.log().split(row["request_id"])[-1]


def test_what_is_captured_is_bounded_and_what_is_passed_on_is_not(fragile: Edge) -> None:
    tenant = fragile.tenant()
    long = "word " * 8000  # about 2 MB of events, 20 kB may be kept
    fragile.openai.say(long)
    with streaming(tenant, "long") as response:
        events = response.read().decode().split("\n\n")
    told = "".join(
        json.loads(event.removeprefix("data: "))["choices"][0]["delta"].get("content") or ""
        for event in events
        if event and "[DONE]" not in event
    )
    assert told == long
    (row,) = tenant.rows()
    assert row["error_code"] == "too_large_to_cache"
    assert row["status"] == 200
    assert row["completion_tokens"] > 1000  # the usage event is still read
    fragile.openai.say(None)
    assert status(tenant.chat("long", model="gpt-4o")) == "MISS"


def test_what_counts_is_the_answer_not_its_envelopes(fragile: Edge) -> None:
    tenant = fragile.tenant()
    text = "word " * 2000  # 10 kB in half a megabyte of events, 20 kB may be kept
    fragile.openai.say(text)
    with streaming(tenant, "long") as response:
        assert len(response.read()) > 200_000
    fragile.openai.say(None)
    until(lambda: tenant.stores() == 1, "the entry to be stored")
    hit = tenant.chat("long", model="gpt-4o")
    assert status(hit) == "HIT"
    assert hit.json()["choices"][0]["message"]["content"] == text


def test_a_copy_that_may_run_ahead_of_its_client_is_given_up(edge: Edge) -> None:
    tenant = edge.tenant()
    edge.openai.behave("gpt-4o", Behaviour("huge", size=40_000_000))
    with streaming(tenant, "huge") as response:
        assert sum(map(len, response.iter_bytes())) > 40_000_000
    (row,) = tenant.rows()
    assert row["error_code"] == "too_large_to_cache"
    # On CPython the copy waits for its client, and is read to its end.
    given_up = row["request_id"] in edge.log() and "stream_copy_given_up" in edge.log()
    assert given_up is (edge.host == "pyodide")


@pytest.mark.parametrize("form", ["one huge event", "whole"])
def test_one_huge_answer_is_passed_on_and_not_stored(fragile: Edge, form: str) -> None:
    tenant = fragile.tenant()
    if form == "whole":
        fragile.openai.say("x" * 100_000)
        answer = tenant.chat("huge", model="gpt-4o")
        assert len(answer.json()["choices"][0]["message"]["content"]) == 100_000
    else:
        fragile.openai.behave("gpt-4o", Behaviour("huge", size=3_000_000))
        with streaming(tenant, "huge") as response:
            assert len(response.read()) > 3_000_000
    fragile.openai.behave_well()
    assert status(tenant.chat("huge", model="gpt-4o")) == "MISS"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        ("truncate", "stream_incomplete"),
        ("error-mid", "stream_incomplete"),
        ("garbage", "stream_incomplete"),
        ("reset-mid", "upstream_disconnected"),
        ("stall-mid", "upstream_timeout"),
    ],
)
def test_an_incomplete_stream_is_never_stored(fragile: Edge, behaviour: Any, code: str) -> None:
    tenant = fragile.tenant()
    fragile.openai.behave("gpt-4o", Behaviour(behaviour))
    with streaming(tenant) as response:
        received = response.read()
    assert received.startswith(b"data: ")
    if code.startswith("upstream"):
        # The status is long sent: an error event is what the SDKs turn into an exception.
        last = json.loads(received.split(b"\n\n")[-2].removeprefix(b"data: "))
        assert last["error"]["code"] in ("upstream_unreachable", "upstream_timeout")
    (row,) = tenant.rows()
    assert (row["error_code"], row["status"]) == (code, 200)
    fragile.openai.behave_well()
    again = tenant.chat("hello", model="gpt-4o")
    assert (again.status_code, status(again)) == (200, "MISS")


@pytest.mark.parametrize("ending", ["content_filter", None, "insufficient_system_resource"])
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_did_not_end_well_is_not_stored(
    edge: Edge, tenant: Tenant, ending: str | None, *, stream: bool
) -> None:
    said = {"role": "assistant", "content": "I"}
    part = {"delta": said} if stream else {"message": said}
    body = json.dumps({"id": "c", "choices": [{"index": 0, **part, "finish_reason": ending}]})
    raw = f"data: {body}\n\ndata: [DONE]\n\n" if stream else body
    kind = "text/event-stream" if stream else "application/json"
    answer = Behaviour("raw", status=200, body=raw.encode(), content_type=kind)
    edge.openai.behave("gpt-4o", answer)
    for _ in range(2):
        assert status(tenant.chat("hello", model="gpt-4o", stream=stream)) == "MISS"
    assert edge.openai.calls() == 2


def test_a_client_that_leaves_still_fills_the_cache(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave("gpt-4o", Behaviour("step"))
    edge.openai.step()
    with streaming(tenant) as response:
        next(response.iter_bytes())
    for _ in range(30):
        edge.openai.step()
    until(lambda: tenant.stores() == 1, "the entry of the client that left")
    assert status(tenant.chat("hello", model="gpt-4o")) == "HIT"


def test_a_project_that_wants_its_provider_cut_off_when_the_client_leaves(edge: Edge) -> None:
    limit = 100_000
    tenant = edge.tenant(
        project={"cache_on_disconnect": False, "monthly_budget_nanousd": 10**9},
        plan={"tokens_per_minute": limit},
    )
    edge.openai.behave("gpt-4o", Behaviour("step"))
    edge.openai.step()
    with streaming(tenant, "hello " * 500) as response:
        next(response.iter_bytes())
    seen: list[str | None] = []

    def gone() -> bool:
        edge.openai.step()
        rows = [r for r in edge.supabase.usage_logs if r["project_id"] == tenant.project_id]
        seen[:] = [row["error_code"] for row in rows]
        return bool(seen)

    until(gone, "the usage row")
    assert seen == ["client_disconnected"]
    # The provider worked and told no usage: what was reserved stays charged, and money with it.
    row = tenant.rows()[0]
    assert row["decision"] == {"estimated": True}
    assert row["cost_nanousd"] > 0
    month = row["ts"][:7].replace("-", "")
    spent = redis_keys.spend(tenant.project_id, "project", month)
    assert int(edge.redis("GET", spent)) == row["cost_nanousd"]
    edge.openai.behave_well()
    again = tenant.chat("hello " * 500, model="gpt-4o")
    assert status(again) == "MISS"
    reserved = len("hello " * 500) // 4
    assert int(again.headers["x-ratelimit-remaining-tokens"]) < limit - reserved


def test_a_slow_reader_gets_everything(edge: Edge, tenant: Tenant) -> None:
    # More than every buffer on the way holds: the provider must wait, not the memory grow.
    text = "word " * 5_000
    edge.openai.say(text)
    with streaming(tenant) as response:
        size = sum(len(chunk) for chunk in response.iter_raw(1000))
    assert size > 1_000_000
