"""The plan's limit on streams that are open at a provider at once."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from gateway.redis.calls import ADMIT
from lua_calls.generate import EDGE
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant, until

HELD = "gpt-4o"


@pytest.fixture
def limited(edge: Edge) -> Tenant:
    """Two streams at once."""
    return edge.tenant(plan={"concurrent_streams": 2})


@contextlib.contextmanager
def held(
    edge: Edge, tenant: Tenant, *questions: str, headers: dict[str, str] | None = None
) -> Iterator[list[Future[Any]]]:
    """Streams that the provider has got and does not answer before the block ends."""
    edge.openai.behave(HELD, Behaviour("hold"))
    before = edge.openai.calls()
    with ThreadPoolExecutor(len(questions)) as pool:
        asked = [
            pool.submit(tenant.chat, question, headers, model=HELD, stream=True)
            for question in questions
        ]
        try:
            until(lambda: edge.openai.calls() == before + len(questions), "the streams to be open")
            yield asked
        finally:
            edge.openai.release()


def admitted(tenant: Tenant) -> int:
    """How many of the tenant's requests have been through their admission."""
    return sum(ADMIT.sha1 in command[1:2] for command in tenant.commands())


def test_more_streams_than_the_plan_allows_are_refused(edge: Edge, limited: Tenant) -> None:
    with held(edge, limited, "one", "two") as streams:
        refused = limited.chat("three", stream=True)
        assert refused.status_code == 429
        assert refused.json()["error"]["code"] == "concurrent_streams_exceeded"
        assert refused.headers["retry-after"] == "1"
        # What is no stream at a provider has nothing to do with it.
        assert limited.chat("four").status_code == 200
        other = edge.tenant(plan={"concurrent_streams": 2})
        assert other.chat("three", stream=True).status_code == 200
    assert [stream.result().status_code for stream in streams] == [200, 200]
    edge.settled()
    assert limited.chat("three", stream=True).status_code == 200
    rows = limited.rows(5)
    assert [row["error_code"] for row in rows].count("concurrent_streams_exceeded") == 1


def test_a_stream_from_the_cache_takes_no_place(edge: Edge, limited: Tenant) -> None:
    limited.ask("known")
    with held(edge, limited, "one", "two"):
        hit = limited.chat("known", stream=True)
        assert hit.status_code == 200
        assert hit.headers["x-watchllm-cache"] == "HIT"


def test_who_waits_for_the_same_answer_takes_no_place(edge: Edge) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    edge.openai.behave(HELD, Behaviour("hold"))
    with ThreadPoolExecutor(6) as pool:
        asked = [pool.submit(tenant.chat, "same", model=HELD, stream=True) for _ in range(6)]
        until(lambda: edge.openai.calls() == 1 and admitted(tenant) == 6, "the followers to wait")
        edge.openai.release()
        answers = [one.result() for one in asked]
    assert [answer.status_code for answer in answers] == [200] * 6
    assert edge.openai.calls() == 1


def test_a_follower_that_must_ask_itself_takes_one(edge: Edge) -> None:
    """The leader fails, and so does the one that took its place: then each asks for itself, as many
    as the plan allows."""
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    refusal = Behaviour("hold", status=400, body=b"{}", content_type="application/json")
    edge.openai.behave(HELD, refusal, times=2, then=Behaviour("step"))
    with ThreadPoolExecutor(5) as pool:
        asked = [pool.submit(tenant.chat, "same", model=HELD, stream=True) for _ in range(5)]
        until(lambda: edge.openai.calls() == 1 and admitted(tenant) == 5, "the followers to wait")
        edge.openai.release()
        until(lambda: sum(one.done() for one in asked) == 4, "all but one to be answered")
        done = [one.result().status_code for one in asked if one.done()]
        for _ in range(100):
            edge.openai.step()
        statuses = sorted(one.result().status_code for one in asked)
    assert sorted(done) == [400, 400, 429, 429]
    assert statuses == [200, 400, 400, 429, 429]


def test_followers_of_a_leader_that_failed_share_another_ones_slot(edge: Edge) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    refusal = Behaviour("hold", status=400, body=b"{}", content_type="application/json")
    edge.openai.behave(HELD, refusal, times=1)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(tenant.chat, "same", model=HELD, stream=True) for _ in range(4)]
        until(lambda: edge.openai.calls() == 1 and admitted(tenant) == 4, "the followers to wait")
        edge.openai.release()
        statuses = sorted(one.result().status_code for one in asked)
    assert statuses == [200, 200, 200, 400]
    assert edge.openai.calls() == 2


@pytest.mark.parametrize(
    "behaviour",
    [Behaviour("raw", status=400, body=b"{}"), Behaviour("truncate"), Behaviour("reset-mid")],
    ids=["refused", "truncated", "reset"],
)
def test_a_stream_that_fails_gives_its_place_back(edge: Edge, behaviour: Behaviour) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    edge.openai.behave(HELD, behaviour)
    for question in ("one", "two"):
        with contextlib.suppress(Exception):
            tenant.chat(question, model=HELD, stream=True)
        edge.settled()
    assert tenant.chat("three", stream=True).status_code == 200
    codes = {row["error_code"] for row in tenant.rows(3)}
    assert "concurrent_streams_exceeded" not in codes


def test_uncached_streams_count(edge: Edge) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    with held(edge, tenant, "one", headers={"x-watchllm-cache": "off"}):
        refused = tenant.chat("two", {"x-watchllm-cache": "off"}, stream=True)
        assert refused.status_code == 429
    edge.settled()
    assert tenant.chat("two", {"x-watchllm-cache": "off"}, stream=True).status_code == 200


def test_stateful_responses_count(edge: Edge) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    stored = {"model": "gpt-4o-mini", "input": "two", "store": True, "stream": True}
    with held(edge, tenant, "one"):
        refused = tenant.post("/v1/responses", stored)
        assert refused.json()["error"]["code"] == "concurrent_streams_exceeded"
    edge.settled()
    for _ in range(2):
        answer = tenant.post("/v1/responses", stored)
        assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "BYPASS")
        edge.settled()


def test_the_other_dialects_tell_it_in_their_own_words(edge: Edge) -> None:
    tenant = edge.tenant(plan={"concurrent_streams": 1})
    with held(edge, tenant, "one"):
        message = {
            "model": "claude-sonnet-4-5",
            "max_tokens": 10,
            "stream": True,
            "messages": [{"role": "user", "content": "two"}],
        }
        refused = tenant.post("/v1/messages", message)
        assert refused.status_code == 429
        assert refused.json()["error"]["type"] == "rate_limit_error"


def test_a_plan_without_the_limit_leaves_no_trace(edge: Edge) -> None:
    tenant = edge.tenant()
    tenant.ask("one", stream=True)
    edge.settled()
    (admit, store) = [command for command in tenant.commands() if command[0] == "EVALSHA"]
    # No slot is named, and none is given up.
    assert argument("admit", "slot", admit) == ""
    assert argument("commit", "slot", store) == ""


def argument(script: str, name: str, command: list[Any]) -> Any:
    """What the argument of that name was in an ``EVALSHA`` command."""
    names = [item.name for item in EDGE.header(script).arguments]
    return command[3 + int(command[2]) + names.index(name)]
