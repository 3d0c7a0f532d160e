"""The lease of a stream's place: short, and renewed by the clock while the stream lasts."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.admission.stream_slot import LEASE_MS
from gateway.core.http import FetchFailed
from gateway.redis.calls import HOLD
from tests.worker.world import STREAM, Said, Sent, World


@pytest.fixture
async def world() -> AsyncIterator[World]:
    made = World()
    made.be()
    for record in made.records.values():
        record["plan"] = record["plan"] | {"concurrent_streams": 2}
    yield made
    await made.close()


def leases(world: World) -> list[int]:
    """Milliseconds of each lease that was asked for after admission."""
    commands = [json.loads(stored) for stored in world.stored]
    return [int(command[-2]) for command in commands if command[1] in (HOLD.sha1, HOLD.source)]


async def test_it_is_renewed_while_the_provider_thinks(world: World) -> None:
    """On the clock, not with the chunks: a provider may be silent for longer than the lease."""

    async def thinking(_: Sent) -> Said:
        while len(leases(world)) < 3:
            await world.sleep(1)  # the clock runs faster here
        return Said(200, STREAM, "text/event-stream")

    world.answer = thinking
    assert (await world.chat(stream=True))[0] == 200
    assert set(leases(world)) == {LEASE_MS}


@pytest.mark.parametrize("broken", [True, False])
async def test_nothing_renews_it_afterwards(world: World, broken: bool) -> None:
    def answer(_: Sent) -> Said:
        if broken:
            raise FetchFailed("reset")
        return Said(200, STREAM, "text/event-stream")

    world.answer = answer
    await world.chat(stream=True)  # returns when nothing is left to do
    before = len(leases(world))
    await world.sleep(1)
    assert len(leases(world)) == before
