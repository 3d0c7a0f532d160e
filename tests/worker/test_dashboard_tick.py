"""The dashboard's scheduled work, called from the edge's cron."""

import json
from collections.abc import Iterator

import pytest

from gateway.core.settings import SettingsError
from gateway.reporting import dashboard
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble
from tests.doubles.webhook_receiver import WebhookReceiver
from tests.worker.in_process import isolate


@pytest.fixture
def supabase() -> Iterator[PostgrestDouble]:
    with PostgrestDouble() as double:
        yield double


@pytest.fixture
def upstash() -> Iterator[UpstashDouble]:
    with UpstashDouble() as double:
        yield double


async def test_it_is_called_with_its_token_and_its_failures_are_told(
    supabase: PostgrestDouble, upstash: UpstashDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    with WebhookReceiver() as receiver:
        address = f"{receiver.url}/jobs/tick"
        async with isolate(
            supabase, upstash, DASHBOARD_TICK_URL=address, TICK_TOKEN="secret"
        ) as edge:
            for status in (200, 503):
                receiver.answer(status)
                await dashboard.tick(edge.platform, edge.runtime.settings)
            receiver.break_with("reset")
            await dashboard.tick(edge.platform, edge.runtime.settings)
        first = receiver.requests[0]
    assert (first.method, first.path) == ("POST", "/jobs/tick")
    assert first.headers["authorization"] == "Bearer secret"
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    reasons = [line["reason"] for line in lines if line["event"] == "dashboard_not_ticked"]
    assert len(reasons) == 2
    assert reasons[0] == "status 503"


async def test_without_an_address_nobody_is_called(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    async with isolate(supabase, upstash) as edge:
        await dashboard.tick(edge.platform, edge.runtime.settings)
    assert supabase.requests == []


async def test_a_mistyped_address_is_named(
    supabase: PostgrestDouble, upstash: UpstashDouble
) -> None:
    with pytest.raises(SettingsError, match="DASHBOARD_TICK_URL"):
        async with isolate(supabase, upstash, DASHBOARD_TICK_URL="dashboard/jobs/tick"):
            pass
