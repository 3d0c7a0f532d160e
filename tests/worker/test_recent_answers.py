"""A hit within a second of another on the same stored value is not opened again."""

import pytest

from gateway import app
from gateway.cache.entry import Entry
from gateway.cache.recent import KEPT_SECONDS, RecentAnswers
from tests.worker.memory_platform import MemoryRequest, read
from tests.worker.world import World


class CountingWorld(World):
    """How often a stored value was opened: ``opened``."""

    opened = 0

    async def unseal(self, key: bytes, sealed: bytes, aad: bytes) -> bytes:
        self.opened += 1
        return await super().unseal(key, sealed, aad)

    async def ask(self, text: str = "hello", cache: str = "on", **body: object) -> str:
        messages = [{"role": "user", "content": text}]
        request = MemoryRequest(
            "/v1/chat/completions",
            {"authorization": f"Bearer {self.key}", "x-watchllm-cache": cache},
            {"model": "gpt-4o-mini", "messages": messages, **body},
        )
        response = await app.handle(self.runtime, self, request)
        answer = await read(response)
        await self.finish()
        assert response.status == 200
        return answer


@pytest.fixture
async def world() -> CountingWorld:
    world = CountingWorld()
    await world.ask()
    world.opened = 0
    return world


async def test_the_same_value_is_opened_once(world: CountingWorld) -> None:
    answers = {await world.ask() for _ in range(3)}
    assert (len(answers), world.opened, len(world.sent)) == (1, 1, 1)


async def test_each_is_answered_in_the_form_that_it_asked_for(world: CountingWorld) -> None:
    plain = await world.ask(stream=True)
    usage = await world.ask(stream=True, stream_options={"include_usage": True})
    assert ('"prompt_tokens"' in plain, '"prompt_tokens"' in usage) == (False, True)
    assert await world.ask(stream=True) == plain
    assert world.opened == 1


async def test_another_value_is_opened(world: CountingWorld) -> None:
    await world.ask()
    await world.ask(cache="refresh")
    await world.ask()
    assert world.opened == 2


async def test_after_a_while_it_is_opened_again(world: CountingWorld) -> None:
    await world.ask()
    world.moved = 2 * KEPT_SECONDS
    await world.ask("another")
    await world.ask("another")
    await world.ask()
    assert world.opened == 3


def test_what_was_opened_with_another_key_is_not_served() -> None:
    recent = RecentAnswers()
    entry = Entry(1, "m:", {}, "body")
    recent.put("project", "key", entry, 0.0, ("sealed", b"old"))
    assert recent.opened("project", "key", "sealed", b"old") is entry
    assert recent.opened("project", "key", "sealed", b"new") is None
    assert recent.opened("project", "key", "other", b"old") is None
    assert recent.opened("another", "key", "sealed", b"old") is None


def test_an_answer_that_was_fetched_has_no_sealed_value() -> None:
    recent = RecentAnswers()
    recent.put("project", "key", Entry(1, "m:", {}, "body"), 0.0)
    assert recent.opened("project", "key", "sealed", b"key") is None


def test_memory_is_bounded_by_what_all_forms_of_an_answer_take() -> None:
    recent = RecentAnswers(most_characters=1_000)
    for number in range(5):
        recent.put("project", str(number), Entry(1, "m:", {}, "x" * 100), 0.0, ("sealed", b"key"))
    kept = [n for n in range(5) if recent.opened("project", str(n), "sealed", b"key")]
    assert kept == [3, 4]
