"""Usage rows through a Cloudflare Queue: entry.py as producer and as consumer, in Pyodide."""

import json
import secrets
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.reporting import queue, writer
from tests.worker.edge import Edge, Tenant, until
from tests.worker.edges import missing
from tests.worker.in_process import isolate, usage_row


class QueueEdge(Edge):
    """The Pyodide host with a queue bound."""

    def _command(self, environment: dict[str, str]) -> list[str]:
        return [*super()._command(environment), "--queue"]

    def cron(self) -> None:
        """Run the cron trigger."""
        assert self._process is not None
        self._process.send_signal(signal.SIGUSR2)


@pytest.fixture(scope="module")
def running() -> Iterator[QueueEdge]:
    reason = missing("pyodide")
    if reason:
        pytest.skip(reason)
    with QueueEdge("pyodide") as edge:
        yield edge


@pytest.fixture
def queued(running: QueueEdge) -> QueueEdge:
    running.quiet()
    return running


@pytest.fixture
def known(queued: QueueEdge) -> Tenant:
    tenant = queued.tenant()
    tenant.chat()
    tenant.rows()
    queued.settled()
    queued.quiet_traffic()
    return tenant


def test_rows_of_a_burst_arrive_once(queued: QueueEdge, known: Tenant) -> None:
    queued.supabase.break_with("held")  # the first insert is under way when the rest is there
    with ThreadPoolExecutor(4) as pool:
        assert {a.status_code for a in pool.map(lambda _: known.chat(), range(30))} == {200}
    queued.supabase.heal()
    rows = known.rows(31)
    assert len({row["request_id"] for row in rows}) == len(rows) == 31
    assert queued.supabase.calls("usage_logs") < 30


def test_the_queue_brings_again_what_supabase_could_not_take(
    queued: QueueEdge, known: Tenant
) -> None:
    queued.supabase.break_with("error", status=503)
    for _ in range(3):
        assert known.chat().status_code == 200
    until(lambda: queued.supabase.calls("usage_logs") >= 1, "the consumer to try")
    queued.supabase.heal()
    rows = known.rows(4)
    assert len({row["request_id"] for row in rows}) == len(rows) == 4
    assert not any("usage-spool" in json.dumps(command) for command in known.commands())


def test_a_deleted_project_does_not_stop_the_queue(queued: QueueEdge, known: Tenant) -> None:
    other = queued.tenant()
    other.chat()
    other.rows()
    queued.supabase.gone.add(other.project_id)
    for _ in range(3):
        assert other.chat().status_code == 200
        assert known.chat().status_code == 200
    assert len(known.rows(4)) == 4
    assert len(other.rows(1)) == 1


async def test_the_cron_trigger_drains_what_an_outage_left(
    queued: QueueEdge, known: Tenant
) -> None:
    async with isolate(queued.supabase, queued.upstash) as elsewhere:
        queued.supabase.break_with("refused")
        elsewhere.runtime.outbox.pending.add(usage_row(1, known.project_id), 0.0)
        await writer.deliver(elsewhere.platform, elsewhere.runtime.outbox)
        queued.supabase.heal()
    queued.cron()
    assert known.rows(2)[1]["request_id"] == f"{known.project_id}.1"


class _Collected:
    """A platform of which only the queue is used."""

    has_queue = True

    def __init__(self) -> None:
        self.messages: list[str] = []

    async def enqueue(self, message: str) -> None:
        self.messages.append(message)


async def test_messages_stay_below_the_queues_limit() -> None:
    rows = [usage_row(n, decision={"why": secrets.token_hex(4_000)}) for n in range(100)]
    platform: Any = _Collected()
    await queue.send(platform, rows)
    assert max(len(message.encode()) for message in platform.messages) <= 128_000
    assert len(platform.messages) < 20
    assert queue.received(platform.messages) == rows


def test_a_message_of_somebody_else_is_dropped(capsys: pytest.CaptureFixture[str]) -> None:
    assert queue.received(["not json", json.dumps([usage_row(1)])]) == [usage_row(1)]
    assert json.loads(capsys.readouterr().out)["event"] == "queue_message_malformed"
