"""Single flight: identical misses reach the provider once, whatever becomes of the leader."""

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from gateway.redis.calls import RENEW
from tests.doubles.openai_api import Behaviour
from tests.loopback import NO_CERTIFICATES
from tests.worker.edge import PATIENCE_SECONDS, Edge, Tenant, until

CHAT = "/v1/chat/completions"
MODEL = "gpt-4o"
HITS = ("HIT", "HIT-COALESCED")


class Twin(Edge):
    """Another process on the same Redis, Supabase and provider."""

    def kill(self) -> None:
        """End the server and its worker process as a crash would."""
        assert self._process is not None
        pid = self._process.pid
        workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        assert workers
        for each in (pid, *map(int, workers)):  # the server first, for it would start another
            os.kill(each, signal.SIGKILL)
        self._process.wait()

    def ask(self, tenant: Tenant, text: str = "a question", **body: Any) -> httpx.Response:
        """A chat completion through this process."""
        return httpx.post(
            self.base_url + CHAT,
            json={"model": MODEL, "messages": [{"role": "user", "content": text}], **body},
            headers={"authorization": f"Bearer {tenant.key}"},
            timeout=PATIENCE_SECONDS,
            verify=NO_CERTIFICATES,
        )


@pytest.fixture(scope="module")
def first() -> Iterator[Edge]:
    with Edge("cpython") as edge:
        yield edge


@pytest.fixture(scope="module")
def second(first: Edge) -> Iterator[Twin]:
    with Twin("cpython", beside=first) as edge:
        yield edge


@pytest.fixture
def hasty(first: Edge) -> Iterator[Twin]:
    """A process whose leases are over in a moment."""
    with Twin("cpython", beside=first, SINGLE_FLIGHT_LEASE_SECONDS="1") as edge:
        yield edge


@pytest.fixture
def shared(first: Edge, second: Twin) -> Tenant:
    """A tenant that both processes know."""
    first.quiet()
    tenant = first.tenant()
    assert tenant.chat("warm").status_code == 200
    assert second.ask(tenant, "warm").status_code == 200
    first.settled()
    first.quiet_traffic()
    return tenant


def cache(answer: httpx.Response) -> str:
    return str(answer.headers["x-watchllm-cache"])


def said(text: str) -> str:
    """The assistant's words in a body or a stream."""
    if not text.startswith("data: "):
        return str(json.loads(text)["choices"][0]["message"]["content"])
    events = [event.removeprefix("data: ") for event in text.split("\n\n") if event]
    assert events.pop() == "[DONE]"
    chunks = [json.loads(event)["choices"] for event in events]
    return "".join(choices[0]["delta"].get("content") or "" for choices in chunks if choices)


async def many(edge: Edge, tenant: Tenant, count: int, *, stream: bool) -> list[httpx.Response]:
    """As many at once, released when all have been admitted."""
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "a question"}],
        "stream": stream,
    }
    async with httpx.AsyncClient(
        base_url=edge.base_url,
        headers={"authorization": f"Bearer {tenant.key}"},
        timeout=PATIENCE_SECONDS,
        verify=NO_CERTIFICATES,
        limits=httpx.Limits(max_connections=count),
    ) as http:
        asked = [asyncio.create_task(http.post(CHAT, json=body)) for _ in range(count)]
        await asyncio.to_thread(until, lambda: tenant.trips() >= count, "all to be admitted")
        edge.openai.release()
        return await asyncio.gather(*asked)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hundred_identical_misses_reach_the_provider_once(
    edge: Edge, tenant: Tenant, *, stream: bool
) -> None:
    tenant.chat("warm")
    edge.settled()
    edge.quiet_traffic()
    edge.openai.behave(MODEL, Behaviour("hold"))
    answers = await many(edge, tenant, 100, stream=stream)
    assert {answer.status_code for answer in answers} == {200}
    assert edge.openai.calls() == 1
    counted = Counter(map(cache, answers))
    assert counted["MISS"] == 1
    assert sum(counted[status] for status in HITS) == 99
    assert len({answer.text for answer in answers if cache(answer) != "MISS"}) == 1
    assert all(said(answer.text) == "You said: a question" for answer in answers)
    rows = tenant.rows(101)
    assert len({row["request_id"] for row in rows}) == len(rows) == 101


def test_a_streamed_and_a_whole_request_share_one_flight(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave(MODEL, Behaviour("hold"))
    with ThreadPoolExecutor(2) as pool:
        leader = pool.submit(tenant.chat, "a question", model=MODEL, stream=True)
        edge.openai.wait_for_requests(1)
        follower = pool.submit(tenant.chat, "a question", model=MODEL)
        until(lambda: tenant.trips() >= 4, "the follower to be admitted")
        edge.openai.release()
        assert cache(leader.result()) == "MISS"
        answer = follower.result()
    assert cache(answer) in HITS
    assert answer.json()["choices"][0]["message"]["content"] == "You said: a question"
    assert edge.openai.calls() == 1


def following(
    pool: ThreadPoolExecutor, first: Edge, second: Twin, shared: Tenant
) -> tuple["Future[httpx.Response]", "Future[httpx.Response]"]:
    """A leader in the second process and a follower in the first one, both under way: it waits,
    or asks the provider too because the leader's lease is over."""
    leader = pool.submit(second.ask, shared)
    first.openai.wait_for_requests(1)
    before = shared.trips()
    follower = pool.submit(shared.chat, "a question", model=MODEL)
    until(lambda: shared.trips() >= before + 2 or first.openai.calls() > 1, "the follower to wait")
    return leader, follower


def test_across_processes(first: Edge, second: Twin, shared: Tenant) -> None:
    first.openai.behave(MODEL, Behaviour("hold"))
    with ThreadPoolExecutor(2) as pool:
        leader, follower = following(pool, first, second, shared)
        first.openai.release()
        assert cache(leader.result()) == "MISS"
        assert cache(follower.result()) in HITS
    assert first.openai.calls() == 1


def test_a_leader_slower_than_its_lease_keeps_its_followers(
    first: Edge, shared: Tenant, hasty: Twin
) -> None:
    assert hasty.ask(shared, "warm").status_code == 200
    first.settled()
    first.quiet_traffic()
    first.openai.behave(MODEL, Behaviour("hold"))
    with ThreadPoolExecutor(2) as pool:
        leader, follower = following(pool, first, hasty, shared)
        renewed = lambda: sum(RENEW.sha1 in command[1:2] for command in shared.commands())  # noqa: E731
        until(lambda: renewed() >= 4, "the lease of a second to be over without renewals")
        first.openai.release()
        answers = [leader.result(), follower.result()]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert [cache(answer) for answer in answers] == ["MISS", "HIT-COALESCED"]
    assert first.openai.calls() == 1


@pytest.mark.parametrize("status", [400, 500])
def test_a_leaders_error_is_its_own(first: Edge, second: Twin, shared: Tenant, status: int) -> None:
    # Held, then refused: once, or with the retry that a 500 is given. The follower fares better.
    refusal = Behaviour("hold", status=status, body=b"{}", content_type="application/json")
    first.openai.behave(MODEL, refusal, times=2 if status == 500 else 1)
    with ThreadPoolExecutor(2) as pool:
        leader, follower = following(pool, first, second, shared)
        first.openai.release()
        assert leader.result().status_code == status
        answer = follower.result()
    assert (answer.status_code, cache(answer)) == (200, "MISS")


def test_a_killed_leader_frees_its_followers(first: Edge, shared: Tenant) -> None:
    with Twin("cpython", beside=first, SINGLE_FLIGHT_LEASE_SECONDS="1") as doomed:
        assert doomed.ask(shared, "warm").status_code == 200
        first.settled()
        first.quiet_traffic()
        first.openai.behave(MODEL, Behaviour("hold"))
        with ThreadPoolExecutor(2) as pool:
            leader, follower = following(pool, first, doomed, shared)
            doomed.kill()
            with pytest.raises(httpx.TransportError):
                leader.result()
            first.openai.wait_for_requests(2)
            first.openai.release()
            answer = follower.result()
    assert (answer.status_code, cache(answer)) == (200, "MISS")
    until(lambda: cache(shared.chat("a question", model=MODEL)) == "HIT", "the entry")
