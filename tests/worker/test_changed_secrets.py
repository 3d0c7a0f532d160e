"""`API_KEY_PEPPER` and `ENCRYPTION_KEYS` are changed in two rounds, and requests go on.

In the first round every process learns the new secret, in the second it uses it: so one process may
be a step ahead of another, and neither fails over what the other wrote.
"""

import json
from collections.abc import AsyncIterator

import pytest

from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from tests.worker.edge import credential
from tests.worker.world import ENV, World, code

OLD = {"API_KEY_PEPPER": "pepper"}
KNOWN = {**OLD, "API_KEY_PEPPER_SECOND": "new"}
USED = {"API_KEY_PEPPER": "new", "API_KEY_PEPPER_SECOND": "pepper"}
GONE = {"API_KEY_PEPPER": "new"}
_FIRST, _SECOND = "k1:" + "A" * 43 + "=", "k2:" + "B" * 43 + "="
SEALING = (_FIRST, f"{_FIRST},{_SECOND}", f"{_SECOND},{_FIRST}")


class CountingWorld(World):
    """``looked_up``: the hashes that Supabase was asked for."""

    looked_up: list[str]

    async def call(self, method: str, url: str, *rest: object, **more: object) -> tuple[int, str]:
        if url.endswith("/rpc/resolve_api_key"):
            self.looked_up.append(json.loads(str(rest[1]))["key_hash"])
        return await super().call(method, url, *rest, **more)  # type: ignore[arg-type]

    def restarted(self, changed: dict[str, str]) -> None:
        """A new process with these settings changed, on the same Redis and database."""
        self.runtime = Runtime(settings.load(ENV | changed, DEFAULT_BASE_URLS))
        self.looked_up = []

    async def ask(self, text: str) -> int:
        """A chat completion that may come from the cache; its status."""
        messages = [{"role": "user", "content": text}]
        return (await self.post(model="gpt-4o", messages=messages))[0]


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


@pytest.mark.parametrize("behind", [0, 1])
async def test_provider_keys_open_and_nothing_fails_at_each_step(
    world: CountingWorld, behind: int
) -> None:
    """``behind``: how many steps the process that reads is behind the one that stored."""
    (record,) = world.records.values()
    record["credentials"] = [credential(record["project_id"], "openai", "sk-own")]
    asked = []
    for step, keys in enumerate(SEALING):
        world.restarted({"ENCRYPTION_KEYS": keys})
        assert await world.ask(f"stored at {step}") == 200
        world.restarted({"ENCRYPTION_KEYS": SEALING[max(0, step - behind)]})
        assert await world.ask(f"stored at {step}") == 200
        asked.append(len(world.sent))
        assert {sent.key for sent in world.sent} == {"sk-own"}
        world.sent.clear()
    # Entries are sealed by the first key alone: one of another first key is a miss.
    assert asked == [1, 1, 1 + behind]


async def test_an_entry_of_a_key_that_is_gone_is_a_miss(world: CountingWorld) -> None:
    for keys, asked in ((_FIRST, 1), (_FIRST, 1), (_SECOND, 2)):
        world.restarted({"ENCRYPTION_KEYS": keys})
        assert await world.ask("a question") == 200
        assert len(world.sent) == asked
