"""What one request costs: round trips to Redis, calls to the provider and to Supabase."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from gateway.redis import calls
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant, until

CHAT = "/v1/chat/completions"
ADMIT, COMMIT = calls.ADMIT.sha1, calls.COMMIT.sha1


@pytest.fixture
def known(edge: Edge, tenant: Tenant) -> Tenant:
    """A tenant whose key the edge has in memory, with nothing recorded since."""
    tenant.chat()
    edge.settled()
    edge.quiet_traffic()
    return tenant


def scripts_run(tenant: Tenant) -> list[str]:
    """The scripts that ran for this tenant, in order."""
    return [command[1] for command in tenant.commands() if command[0] == "EVALSHA"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_miss_asks_once_before_forwarding_and_stores_after(
    edge: Edge, known: Tenant, *, stream: bool
) -> None:
    edge.openai.behave("gpt-4o-mini", Behaviour("hold"))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(known.chat, "hello", stream=stream)
        edge.openai.wait_for_requests(1)
        assert scripts_run(known) == [ADMIT]
        assert known.trips() == 1
        edge.openai.release()
        assert asked.result().headers["x-watchllm-cache"] == "MISS"
    until(lambda: known.trips() >= 2, "the entry to be stored")
    edge.settled()
    assert scripts_run(known) == [ADMIT, COMMIT]
    assert known.trips() == 2
    assert edge.openai.calls() == 1
    assert edge.supabase.calls("resolve_api_key") == 0


@pytest.mark.parametrize("stream", [False, True])
def test_a_hit_asks_redis_once_and_nobody_else(edge: Edge, known: Tenant, *, stream: bool) -> None:
    known.ask("hello")
    edge.settled()
    edge.quiet_traffic()
    assert known.chat("hello", stream=stream).headers["x-watchllm-cache"] == "HIT"
    edge.settled()
    assert scripts_run(known) == [ADMIT]
    assert known.trips() == 1
    assert edge.openai.calls() == 0
    assert edge.supabase.calls("resolve_api_key") == 0


def test_a_key_seen_for_the_first_time_adds_two_trips_and_one_lookup(
    edge: Edge, known: Tenant
) -> None:
    # Its record is looked for in Redis, asked of Supabase, and shared in Redis afterwards.
    tenant = edge.tenant()
    tenant.chat("hello")
    edge.settled()
    names = [command[0] for command in tenant.commands()]
    assert names[:1] == ["GET"]
    assert sorted(names) == ["EVALSHA", "EVALSHA", "GET", "SET"]
    assert edge.supabase.calls("resolve_api_key") == 1


def test_an_uncached_request_asks_redis_once_and_stores_nothing(edge: Edge, known: Tenant) -> None:
    for _ in range(2):
        answer = known.chat("hello", headers={"x-watchllm-cache": "off"})
        assert answer.headers["x-watchllm-cache"] == "BYPASS"
    edge.settled()
    assert scripts_run(known) == [ADMIT, ADMIT]
    assert edge.openai.calls() == 2


def test_a_script_that_redis_lost_is_sent_whole_once(edge: Edge, known: Tenant) -> None:
    flushed = httpx.post(
        edge.upstash.url,
        json=["SCRIPT", "FLUSH"],
        headers={"authorization": f"Bearer {edge.upstash.token}"},
        timeout=60,
    )
    assert flushed.json() == {"result": "OK"}
    assert known.chat("hello").headers["x-watchllm-cache"] == "MISS"
    edge.settled()
    names = [command[0] for command in known.commands()]
    assert names == ["EVALSHA", "EVAL", "EVALSHA", "EVAL"]
    assert known.chat("hello").headers["x-watchllm-cache"] == "HIT"
    assert known.trips() == 5


def test_usage_rows_of_a_burst_share_inserts(edge: Edge, known: Tenant) -> None:
    known.ask("hello")
    known.rows(2)
    edge.quiet_traffic()
    edge.supabase.break_with("held")  # the first insert is still under way when the rest is there
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: known.chat("hello"), range(40)))
    edge.supabase.heal()
    assert len(known.rows(42)) == 42
    assert edge.supabase.calls("usage_logs") < 35
