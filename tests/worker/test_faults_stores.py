"""The fault table of Redis and Supabase: what the client saw, what was cached, what was logged.

Each row breaks one of the two under the running edge, with real sockets, and asks with a key whose
record the edge has in memory and with one that it has never seen. When the service is back, every
request has exactly one usage row, and the cache serves what it held before.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
import pytest

from tests.doubles.openai_api import Behaviour
from tests.doubles.server import FaultName
from tests.worker.edge import Edge, Tenant, until
from tests.worker.faults import entries, error_code, exactly, forget, known

Seen = tuple[int, str | None, str | None]
"""Status, what the cache did, error code."""

HIT: Seen = (200, "HIT", None)
MISS: Seen = (200, "MISS", None)
BYPASS: Seen = (200, "BYPASS", None)
UNCHECKED: Seen = (503, None, "key_check_unavailable")


@dataclass(frozen=True, slots=True)
class Fault:
    """What breaks, and what clients see meanwhile.

    ``held``: a known key asks what the cache holds; without Redis the process has it for a second.
    ``new``: it asks something new, whole and streamed. ``stranger``: a key that the edge has never
    seen asks, twice. ``stored``: entries of the new questions.
    """

    service: Literal["upstash", "supabase"]
    name: FaultName | Literal["refuses commands"]
    options: dict[str, Any] = field(default_factory=dict)
    held: tuple[Seen, ...] = (BYPASS, HIT)
    new: Seen = BYPASS
    stranger: Seen = BYPASS
    stored: int = 0

    def begin(self, edge: Edge) -> None:
        """Break the service."""
        if self.name == "refuses commands":
            edge.upstash.refuse_with(**self.options)
        else:
            getattr(edge, self.service).break_with(self.name, **self.options)

    def end(self, edge: Edge) -> None:
        """The service is back."""
        getattr(edge, self.service).heal()


def redis(name: Any, **options: Any) -> Fault:
    """Without Redis everybody is forwarded, and nothing is stored."""
    return Fault("upstash", name, options)


def supabase(name: FaultName, **options: Any) -> Fault:
    """Without Supabase known keys do not notice; others cannot be checked."""
    return Fault("supabase", name, options, (HIT,), MISS, UNCHECKED, stored=2)


TABLE: dict[str, Fault] = {
    "Redis refuses connections": redis("refused"),
    "Redis is frozen": redis("frozen"),
    "Redis is slower than its time limit": redis("slow", seconds=60),
    "Redis answers 500": redis("error", status=500),
    "Redis answers 401": redis("error", status=401),
    "Redis answers 200 with a page": redis("error", status=200),
    "Redis resets connections": redis("reset"),
    "Redis is full": redis(
        "refuses commands", message="OOM command not allowed when used memory > 'maxmemory'."
    ),
    "Redis is a replica": redis(
        "refuses commands", message="READONLY You can't write against a read only replica."
    ),
    "Redis is loading": redis(
        "refuses commands", message="LOADING Redis is loading the dataset in memory"
    ),
    "Redis's plan is used up": redis(
        "refuses commands", message="ERR max requests limit exceeded. Limit: 500000"
    ),
    "Supabase refuses connections": supabase("refused"),
    "Supabase is frozen": supabase("frozen"),
    "Supabase is slower than its time limit": supabase("slow", seconds=60),
    "Supabase answers 500": supabase("error", status=500),
    "Supabase answers 401": supabase("error", status=401),
    "Supabase answers 200 with a page": supabase("error", status=200),
    "Supabase resets connections": supabase("reset"),
}


def seen(answer: httpx.Response) -> Seen:
    """An answer as the table has it. A good one is whole."""
    code = error_code(answer.text)
    if answer.status_code == 200:
        assert answer.text.endswith(("data: [DONE]\n\n", "}"))
        assert "You" in answer.text
    return answer.status_code, answer.headers.get("x-watchllm-cache"), code


@pytest.mark.parametrize("name", TABLE)
def test_fault(fragile: Edge, name: str) -> None:
    fault = TABLE[name]
    tenant, stranger = known(fragile), fragile.tenant()
    tenant.ask("held")
    forget(fragile, tenant, rows=1)
    fault.begin(fragile)
    # What the client saw.
    held = seen(tenant.chat("held"))
    assert held in fault.held
    assert seen(tenant.chat("new")) == fault.new
    assert seen(tenant.chat("new too", stream=True)) == fault.new
    turned_away = []
    for stream in (False, True):
        answer = stranger.chat(f"new, stream {stream}", stream=stream)
        assert seen(answer) == fault.stranger
        if answer.status_code != 200:
            turned_away.append(int(answer.headers["retry-after"]))
    assert all(seconds >= 1 for seconds in turned_away)
    fragile.settled()
    fault.end(fragile)
    # What was logged, once the service is back; nobody knows whose key it was that was not checked.
    rows = exactly(fragile, tenant, 3)
    assert [row["cache_status"] for row in rows] == [held[1], fault.new[1], fault.new[1]]
    rows += exactly(fragile, stranger, 2 - len(turned_away))
    assert {row["cache_status"] for row in rows[3:]} <= {fault.stranger[1]}
    assert {(row["status"], row["error_code"]) for row in rows} == {(200, None)}
    # What was cached.
    assert len(entries(fragile, tenant)) == 1 + fault.stored
    assert entries(fragile, stranger) == []
    until(lambda: seen(tenant.chat("held")) == HIT, "the cache to serve again", every=0.1)
    until(lambda: stranger.chat("new").status_code == 200, "the key to be checked", every=0.1)


Arrange = Callable[[Edge], None]
SLOW: dict[str, Arrange] = {
    "Redis": lambda edge: edge.upstash.break_with("slow", seconds=0.3),
    "Supabase": lambda edge: edge.supabase.break_with("slow", seconds=0.3),
}


@pytest.mark.parametrize("service", SLOW)
def test_slow_within_its_time_limit_is_waited_for(edge: Edge, service: str) -> None:
    # `edge` allows 30 s: a service that is slow and alive keeps doing its work.
    held, stranger = known(edge), edge.tenant()
    SLOW[service](edge)
    for tenant in (held, stranger):
        assert seen(tenant.ask("new")) == MISS
        assert seen(tenant.chat("new", stream=True)) == HIT
        rows = exactly(edge, tenant, 2)
        assert [row["cache_status"] for row in rows] == ["MISS", "HIT"]
        assert len(entries(edge, tenant)) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("name", ["frozen", "error"])
def test_redis_is_lost_while_the_provider_answers(
    fragile: Edge, name: FaultName, *, stream: bool
) -> None:
    tenant = known(fragile)
    fragile.openai.behave("gpt-4o", Behaviour("step"))
    body = {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "new"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if not stream:
        fragile.openai.behave("gpt-4o", Behaviour("hold"))
        body = {name: body[name] for name in ("model", "messages")}
    request = tenant.http.build_request("POST", "/v1/chat/completions", json=body)
    answer = _answer_while_broken(fragile, tenant, request, name)
    assert seen(answer) == MISS
    (row,) = exactly(fragile, tenant, 1)
    fragile.upstash.heal()
    assert (row["cache_status"], row["status"], row["error_code"]) == ("MISS", 200, None)
    assert row["completion_tokens"] > 0
    assert len(entries(fragile, tenant)) <= 1  # it is written once Redis is back in time
    fragile.openai.behave_well()
    # The lock of the first request may not be given back; whoever comes next does not fail over it.
    until(lambda: tenant.chat("new", model="gpt-4o").status_code == 200, "the next request")


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/embeddings"])
def test_what_could_not_be_stored_is_stored_once_redis_is_back(fragile: Edge, path: str) -> None:
    tenant = known(fragile)
    model = "gpt-4o" if "chat" in path else "text-embedding-3-small"
    fragile.openai.behave(model, Behaviour("hold"))
    question = (
        {"messages": [{"role": "user", "content": "a"}]} if "chat" in path else {"input": "a"}
    )
    request = tenant.http.build_request("POST", path, json={"model": model, **question})
    assert _answer_while_broken(fragile, tenant, request, "refused").status_code == 200
    fragile.upstash.heal()
    fragile.openai.forget()
    until(lambda: len(entries(fragile, tenant)) == 1, "the entry to be written")
    again = tenant.post(path, {"model": model, **question})
    assert (again.status_code, again.headers["x-watchllm-cache"]) == (200, "HIT")
    assert fragile.openai.requests == []


def _answer_while_broken(
    edge: Edge, tenant: Tenant, request: httpx.Request, name: FaultName
) -> httpx.Response:
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(tenant.http.send, request)
        edge.openai.wait_for_requests(1)
        edge.upstash.break_with(name)
        for _ in range(40):
            edge.openai.step()
        edge.openai.release()
        return asked.result()


def test_an_insert_that_was_done_and_not_confirmed_counts_once(fragile: Edge) -> None:
    tenant = known(fragile)
    fragile.supabase.lose_answers = 1
    assert seen(tenant.chat("new")) == MISS
    until(lambda: fragile.supabase.calls("usage_logs") >= 2, "the insert to be repeated")
    exactly(fragile, tenant, 1)
