"""Usage rows on their way to Supabase: refused, delayed, spooled, drained, never twice."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.reporting import pending, writer
from gateway.reporting.outbox import spool_breaker
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.server import FaultName
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant, until
from tests.worker.in_process import Isolate, isolate, usage_row

ROW_IDS = set(range(3))


@pytest.fixture
def supabase() -> Iterator[PostgrestDouble]:
    with PostgrestDouble() as double:
        yield double


@pytest.fixture
def upstash() -> Iterator[UpstashDouble]:
    with UpstashDouble() as double:
        yield double


def written(supabase: PostgrestDouble) -> Counter[str]:
    """How often each request id is in the table."""
    return Counter(row["request_id"] for row in supabase.usage_logs)


def ids(*numbers: int, project: str = "project-a") -> Counter[str]:
    return Counter(f"{project}.{number}" for number in numbers)


def add(one: Isolate, *numbers: int, project: str = "project-a", **changes: Any) -> None:
    for number in numbers:
        one.runtime.outbox.pending.add(usage_row(number, project, **changes), 0.0)


def healthy_again(one: Isolate) -> None:
    """As if the breakers' pauses were over."""
    one.runtime.outbox.usage_breaker.open_until = 0.0
    one.runtime.outbox.spool_breaker = spool_breaker()


async def test_a_row_that_comes_while_the_journal_is_cleared_does_not_wait_for_another_request(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one:
        rows = one.runtime.outbox.pending
        rows.add(usage_row(0, "project-a"), 0.0, journaled=True)
        writing = asyncio.create_task(writer.deliver(one.platform, one.runtime.outbox))
        while rows.rows:  # noqa: ASYNC110 (the very turn in which they are handed over)
            await asyncio.sleep(0)
        assert not writing.done()  # it waits for Redis
        add(one, 1)
        assert await writing
    assert written(supabase) == ids(0, 1)


# --- rows of another release ---


async def test_rows_of_an_edge_without_a_column_go_in_with_those_of_this_one(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    """As the spool has them while a release is rolled out: PostgREST wants the same keys in all."""
    older = usage_row(1)
    del older["labels"]
    async with isolate(supabase, upstash) as one:
        add(one, 0)
        one.runtime.outbox.pending.add(older, 0.0)
        assert await writer.deliver(one.platform, one.runtime.outbox)
    assert written(supabase) == ids(0, 1)
    assert supabase.calls("usage_logs") == 1


# --- rows that cannot be stored ---


async def test_only_the_bad_row_is_refused_and_that_is_kept(
    supabase: PostgrestDouble, upstash: UpstashDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    async with isolate(supabase, upstash) as one:
        add(one, *range(20))
        add(one, 20, model="nul \x00 byte")
        add(one, *range(21, 40))
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert written(supabase) == ids(*range(20), *range(21, 40))
        assert not one.runtime.outbox.pending.rows
        assert one.runtime.outbox.pending.refused == 1
        assert await one_command(one, "HLEN", "project-a:usage-refused") == 1
        assert 0 < await one_command(one, "TTL", "project-a:usage-refused") <= 7 * 24 * 3600
    refused = [
        line for line in capsys.readouterr().out.splitlines() if "usage_rows_refused" in line
    ]
    assert [json.loads(line)["request_id"] for line in refused] == ["project-a.20"]


async def test_a_refused_row_comes_in_when_the_cause_is_mended(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    supabase.refused_models.add("not-yet")
    async with isolate(supabase, upstash) as one:
        add(one, 1, model="not-yet")
        add(one, 2, model="never \x00")
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert written(supabase) == ids()
        supabase.refused_models.clear()
        one.runtime.outbox.pending.next_refused = 0.0
        await writer.deliver(one.platform, one.runtime.outbox)
        assert written(supabase) == ids(1)
        assert await one_command(one, "HLEN", "project-a:usage-refused") == 1
        calls = supabase.calls("usage_logs")
        one.runtime.outbox.pending.next_refused = 0.0  # another isolate within the hour
        await writer.deliver(one.platform, one.runtime.outbox)
        assert supabase.calls("usage_logs") == calls


async def test_a_refused_row_waits_in_memory_while_redis_is_away(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    upstash.break_with("refused")
    async with isolate(supabase, upstash) as one:
        add(one, 1, model="nul \x00 byte")
        add(one, 2)
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        assert [row["request_id"] for row in one.runtime.outbox.pending.rows.values()] == list(
            ids(1, 2)
        )
        assert one.runtime.outbox.pending.refused == 0
        upstash.heal()
        healthy_again(one)
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert (written(supabase), one.runtime.outbox.pending.refused) == (ids(2), 1)


async def test_a_refused_row_of_the_spool_leaves_the_spool_and_is_kept(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one:
        supabase.break_with("refused")
        add(one, 1, model="nul \x00 byte")
        add(one, 2)
        await writer.deliver(one.platform, one.runtime.outbox)
        supabase.heal()
        healthy_again(one)
        assert await writer.deliver(one.platform, one.runtime.outbox)
        assert written(supabase) == ids(2)
        assert await one_command(one, "HLEN", "project-a:usage-refused") == 1
        assert await one_command(one, "EXISTS", "project-a:usage-spool") == 0


async def test_a_deleted_project_costs_one_insert_and_holds_nobody_up(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    supabase.gone.add("deleted")
    async with isolate(supabase, upstash) as one:
        for number in range(100):
            add(one, number, project="deleted")
            add(one, number)
        assert await writer.deliver(one.platform, one.runtime.outbox)
    assert written(supabase) == ids(*range(100))
    assert supabase.calls("usage_logs") == 3  # all, one project's, the other's


async def test_a_refusal_of_the_role_itself_loses_no_row(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash, SUPABASE_KEY="a.wrong.key") as one:
        add(one, 1, 2)
        assert not await writer.deliver(one.platform, one.runtime.outbox)
    async with isolate(supabase, upstash) as other:
        await writer.deliver(other.platform, other.runtime.outbox)
    assert written(supabase) == ids(1, 2)


# --- Supabase away ---


@pytest.mark.parametrize("fault", ["refused", "error", "reset"])
async def test_rows_of_an_outage_are_drained_by_another_isolate(
    supabase: PostgrestDouble, upstash: UpstashDouble, fault: FaultName
) -> None:
    async with isolate(supabase, upstash) as one:
        supabase.break_with(fault, status=503)
        add(one, 1, 2)
        add(one, 3, project="project-b")
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        assert not one.runtime.outbox.pending.rows  # Redis has them
    supabase.heal()
    async with isolate(supabase, upstash) as other:
        assert await writer.deliver(other.platform, other.runtime.outbox)
        assert written(supabase) == ids(1, 2) + ids(3, project="project-b")
        upstash.forget()
        other.runtime.outbox.pending.next_drain = 0.0
        assert await writer.deliver(other.platform, other.runtime.outbox)
        # Nothing is left: one look at the journal, and one at the spools.
        assert [command[0] for command in upstash.commands()] == ["EVALSHA", "EVALSHA"]


async def test_a_spooled_row_is_sealed_and_expires(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one:
        supabase.break_with("refused")
        add(one, 1, prompt="my secret question")
        await writer.deliver(one.platform, one.runtime.outbox)
        sent = b"".join(request.body for request in upstash.requests)
        assert b"project-a:usage-spool" in sent
        assert b"secret question" not in sent
        assert b"gpt-4o-mini" not in sent
        ttl = await one_command(one, "TTL", "project-a:usage-spool")
        assert 6 * 24 * 3600 < ttl <= 7 * 24 * 3600


async def one_command(one: Isolate, *command: Any) -> Any:
    settings = one.runtime.settings
    status, text = await one.platform.call(
        "POST",
        settings.redis_url,
        [("authorization", f"Bearer {settings.redis_token}"), ("content-type", "application/json")],
        json.dumps(command),
        timeout=5,
    )
    assert status == 200
    return json.loads(text)["result"]


async def test_two_isolates_that_drain_at_once_write_each_row_once(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one, isolate(supabase, upstash) as other:
        supabase.break_with("refused")
        for number in range(60):
            add(one, number, project=f"project-{number % 7}")
            await writer.deliver(one.platform, one.runtime.outbox)
        supabase.heal()
        healthy_again(one)
        for _ in range(5):
            for each in (one, other):
                each.runtime.outbox.pending.next_drain = 0.0
            await asyncio.gather(
                writer.deliver(one.platform, one.runtime.outbox),
                writer.deliver(other.platform, other.runtime.outbox),
            )
    expected = Counter(f"project-{number % 7}.{number}" for number in range(60))
    assert written(supabase) == expected


async def test_an_insert_whose_answer_was_lost_counts_once(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    supabase.lose_answers = 1
    async with isolate(supabase, upstash) as one:
        add(one, 1, 2)
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        healthy_again(one)
        assert await writer.deliver(one.platform, one.runtime.outbox)
    assert written(supabase) == ids(1, 2)
    assert supabase.calls("usage_logs") == 2


async def test_a_spool_sealed_with_a_lost_key_stays_and_harms_nobody(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash, ENCRYPTION_KEYS="old:" + "B" * 43 + "=") as one:
        supabase.break_with("refused")
        add(one, 1)
        await writer.deliver(one.platform, one.runtime.outbox)
        supabase.heal()
    async with isolate(supabase, upstash) as other:
        add(other, 2)
        assert not await writer.deliver(other.platform, other.runtime.outbox)
        assert written(supabase) == ids(2)
    both = "new:" + "C" * 43 + "=,old:" + "B" * 43 + "="
    async with isolate(supabase, upstash, ENCRYPTION_KEYS=both) as third:
        assert await writer.deliver(third.platform, third.runtime.outbox)
    assert written(supabase) == ids(1, 2)


# --- both away ---


async def test_rows_wait_in_memory_until_either_returns(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one:
        supabase.break_with("refused")
        upstash.break_with("refused")
        add(one, 1, 2)
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        assert len(one.runtime.outbox.pending.rows) == 2
        upstash.heal()
        healthy_again(one)
        assert not await writer.deliver(one.platform, one.runtime.outbox)
        assert not one.runtime.outbox.pending.rows
        supabase.heal()
        healthy_again(one)
        assert await writer.deliver(one.platform, one.runtime.outbox)
    assert written(supabase) == ids(1, 2)


def test_memory_is_bounded_and_what_is_lost_is_counted() -> None:
    rows = pending.PendingRows()
    for number in range(pending.MAX_PENDING + 5):
        rows.add(usage_row(number), 0.0)
    assert (len(rows.rows), rows.lost) == (pending.MAX_PENDING, 5)


async def test_a_cancelled_writer_loses_nothing(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as one:
        supabase.break_with("frozen")
        add(one, 1, 2)
        task = asyncio.create_task(writer.deliver(one.platform, one.runtime.outbox))
        await asyncio.to_thread(supabase.wait_for_requests, 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        supabase.heal()
        assert await writer.deliver(one.platform, one.runtime.outbox)
    assert written(supabase) == ids(1, 2)


def test_a_writer_that_fell_silent_is_replaced_and_one_at_work_is_not() -> None:
    rows = pending.PendingRows()
    assert rows.try_acquire_writer(100.0)
    assert not rows.try_acquire_writer(104.0)
    rows.hold(104.0)
    assert not rows.try_acquire_writer(111.0)
    assert rows.try_acquire_writer(112.5)  # silent since 104
    rows.release()
    assert rows.try_acquire_writer(112.6)


# --- through the running edge, on every host ---


@pytest.fixture
def known(fragile: Edge) -> Tenant:
    """A tenant whose key is in the edge's memory."""
    tenant = fragile.tenant()
    tenant.chat()
    tenant.rows()
    fragile.settled()
    fragile.quiet_traffic()
    return tenant


def test_an_insert_that_never_ends_delays_no_answer(fragile: Edge, known: Tenant) -> None:
    fragile.supabase.break_with("frozen")
    for _ in range(3):
        assert known.chat("same question").status_code == 200
    until(lambda: fragile.supabase.calls("usage_logs") >= 1, "the insert to begin")
    assert len(known.rows(1)) == 1  # only the row of before: the insert is still under way


@pytest.mark.parametrize("fault", ["refused", "error"])
def test_no_row_of_an_outage_is_lost_or_doubled(
    fragile: Edge, known: Tenant, fault: FaultName
) -> None:
    fragile.supabase.break_with(fault)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda n: known.chat(f"question {n % 3}"), range(20)))
    assert {answer.status_code for answer in answers} == {200}
    until(lambda: "usage-spool" in json.dumps(known.commands()), "the rows to be spooled")
    fragile.supabase.heal()
    # Nobody asks again: whoever spooled them looks again.
    rows = known.rows(21)
    assert len({row["request_id"] for row in rows}) == len(rows) == 21


def test_rows_survive_redis_and_supabase_being_away_together(fragile: Edge, known: Tenant) -> None:
    fragile.supabase.break_with("refused")
    fragile.upstash.break_with("refused")
    for _ in range(3):
        answer = known.chat()
        assert (answer.status_code, answer.headers["x-watchllm-cache"]) == (200, "BYPASS")
    fragile.supabase.heal()
    fragile.upstash.heal()
    rows = known.rows(4)
    assert len({row["request_id"] for row in rows}) == len(rows) == 4
