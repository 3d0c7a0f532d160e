"""The client gone at each stage: one usage row, a whole answer in the cache or none.

The same for every dialect: test_faults_client_dialects.py. A client that stays connected
and does not read: test_slow_clients.py.
"""

import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker import faults
from tests.worker.caller import MODEL, Caller
from tests.worker.edge import Edge, Tenant, until
from tests.worker.faults import entries, exactly


@pytest.fixture
def known(edge: Edge) -> Tenant:
    """A tenant whose key the edge has in memory, without usage so far."""
    return faults.known(edge)


def test_before_its_request_is_complete(edge: Edge, known: Tenant) -> None:
    caller = Caller(edge, known, stream=False)
    caller.send(body_bytes=20)
    caller.leave()
    (row,) = exactly(edge, known, 1)
    assert row["status"] == 400
    assert edge.openai.calls() == 0
    assert entries(edge, known) == []


@pytest.mark.parametrize("stream", [False, True])
def test_while_the_provider_thinks(edge: Edge, known: Tenant, *, stream: bool) -> None:
    edge.openai.behave(MODEL, Behaviour("hold"))
    caller = Caller(edge, known, stream=stream)
    caller.send()
    edge.openai.wait_for_requests(1)
    caller.leave()
    edge.openai.release()
    until(lambda: known.stores() == 1, "the answer that was paid for to be stored")
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"], row["cache_status"]) == (200, None, "MISS")
    assert len(entries(edge, known)) == 1
    assert known.chat("a question", model=MODEL).headers["x-watchllm-cache"] == "HIT"
    assert edge.openai.calls() == 1


def test_in_the_middle_of_a_stream(edge: Edge, known: Tenant) -> None:
    edge.openai.behave(MODEL, Behaviour("step"))
    caller = Caller(edge, known, stream=True)
    caller.send()
    edge.openai.wait_for_requests(1)
    edge.openai.step()
    caller.read_until(b"data: ")
    caller.leave()
    for _ in range(30):
        edge.openai.step()
    until(lambda: known.stores() == 1, "the answer that was paid for to be stored")
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"]) == (200, None)
    assert len(entries(edge, known)) == 1
    assert known.chat("a question", model=MODEL).headers["x-watchllm-cache"] == "HIT"


@pytest.mark.parametrize("stream", [False, True])
def test_while_it_is_served_from_the_cache(edge: Edge, known: Tenant, *, stream: bool) -> None:
    edge.openai.say("a long answer " * 20_000)
    known.ask("a question", model=MODEL)
    known.rows(1)
    caller = Caller(edge, known, stream=stream)
    caller.send()
    caller.read_until(b"HTTP/1.1 200")
    caller.leave()
    rows = exactly(edge, known, 2)
    assert [(row["cache_status"], row["status"]) for row in rows] == [("MISS", 200), ("HIT", 200)]
    assert len(entries(edge, known)) == 1


def test_while_it_follows_another_request(edge: Edge, known: Tenant) -> None:
    edge.openai.behave(MODEL, Behaviour("hold"))
    leader, follower = (Caller(edge, known, stream=False) for _ in range(2))
    leader.send()
    edge.openai.wait_for_requests(1)
    follower.send()
    until(lambda: known.trips() >= 2, "the follower to be admitted")
    edge.settled()  # it waits for the leader now
    follower.leave()
    edge.openai.release()
    leader.read_until(b"You said")
    leader.leave()
    exactly(edge, known, 2)
    assert len(entries(edge, known)) == 1
    assert edge.openai.calls() == 1


@pytest.mark.parametrize("stream", [False, True])
def test_after_the_last_byte(edge: Edge, known: Tenant, *, stream: bool) -> None:
    # The client is gone before its entry is stored; the work after the response is done anyway.
    caller = Caller(edge, known, stream=stream)
    caller.send()
    caller.read_until(b"[DONE]" if stream else b"total_tokens")
    caller.leave()
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"], row["cache_status"]) == (200, None, "MISS")
    assert len(entries(edge, known)) == 1
    assert known.chat("a question", model=MODEL).headers["x-watchllm-cache"] == "HIT"


def test_while_the_provider_fails(edge: Edge, known: Tenant) -> None:
    edge.openai.behave(MODEL, Behaviour("hold", body=b"{", status=200))
    caller = Caller(edge, known, stream=False)
    caller.send()
    edge.openai.wait_for_requests(1)
    caller.leave()
    edge.openai.release()
    (row,) = exactly(edge, known, 1)
    assert (row["status"], row["error_code"]) == (502, "upstream_unreachable")
    assert entries(edge, known) == []
