"""Changing `API_KEY_PEPPER`: the keys of both peppers work until the second one is taken away."""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from tests.worker.world import ENV, World, code

OLD = {"API_KEY_PEPPER": "pepper"}
KNOWN = {**OLD, "API_KEY_PEPPER_SECOND": "new"}
USED = {"API_KEY_PEPPER": "new", "API_KEY_PEPPER_SECOND": "pepper"}
GONE = {"API_KEY_PEPPER": "new"}


class CountingWorld(World):
    """``looked_up``: the hashes that Supabase was asked for."""

    looked_up: list[str]

    async def call(self, method: str, url: str, *rest: object, **more: object) -> tuple[int, str]:
        if url.endswith("/rpc/resolve_api_key"):
            self.looked_up.append(json.loads(str(rest[1]))["key_hash"])
        return await super().call(method, url, *rest, **more)  # type: ignore[arg-type]

    def restarted(self, peppers: dict[str, str]) -> None:
        """A new process with these peppers, on the same Redis and database."""
        self.runtime = Runtime(settings.load(ENV | peppers, DEFAULT_BASE_URLS))
        self.looked_up = []


@pytest.fixture
async def world() -> AsyncIterator[CountingWorld]:
    made = CountingWorld()
    yield made
    await made.close()


async def test_a_key_works_at_each_step_of_a_change(world: CountingWorld) -> None:
    for peppers in (OLD, KNOWN, USED):
        world.restarted(peppers)
        assert (await world.chat())[0] == 200, peppers
    world.restarted(GONE)
    status, text = await world.chat()
    assert (status, code(text)) == (401, "invalid_api_key")


async def test_a_key_of_the_second_pepper_is_looked_up_once(world: CountingWorld) -> None:
    """What one process signed under its first pepper, one a step behind or ahead can read."""
    world.restarted(USED)
    assert (await world.chat())[0] == 200
    (_, found) = world.looked_up  # first under the new pepper, then under the old one
    for _ in range(3):
        assert (await world.chat())[0] == 200
    assert len(world.looked_up) == 2
    # A process that is a step behind reads the record that this one left in Redis.
    world.restarted(KNOWN)
    assert (await world.chat())[0] == 200
    assert found not in world.looked_up
