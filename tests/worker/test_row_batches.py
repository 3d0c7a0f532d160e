"""Rows that come one after the other leave together."""

import json
from collections.abc import Sequence

from gateway.reporting import writer
from tests.worker.in_process import usage_row
from tests.worker.world import World


class BusyWorld(World):
    """A row comes while each of the first three is being waited for or inserted."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.to_come = iter(range(1, 4))

    def come(self) -> None:
        number = next(self.to_come, None)
        if number is not None:
            self.runtime.outbox.pending.add(usage_row(number), self.monotonic())

    async def sleep(self, seconds: float) -> None:
        await super().sleep(seconds)
        self.come()

    async def call(
        self,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: str | bytes,
        *,
        timeout: float,
    ) -> tuple[int, str]:
        if "/usage_logs?" in url:
            self.batches.append(len(json.loads(body)))
            self.come()
        return await super().call(method, url, headers, body, timeout=timeout)


async def test_a_busy_process_collects_rows_between_its_batches() -> None:
    world = BusyWorld()
    world.runtime.outbox.pending.add(usage_row(0), world.monotonic())
    assert await writer.deliver(world, world.runtime.outbox, gathers=True)
    assert world.batches == [1, 2, 1]


async def test_a_process_that_ends_does_not_wait_for_more() -> None:
    world = BusyWorld()
    world.runtime.outbox.pending.add(usage_row(0), world.monotonic())
    assert await writer.deliver(world, world.runtime.outbox)
    assert world.batches == [1, 1, 1, 1]
