"""`prompt_heads.lua` and what the edge gives it: how prompts begin, counted without their text."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway.prompt_cache import anthropic
from gateway.prompt_cache.heads import head
from gateway.redis.scripts import source
from shared.prompt_cache.heads import Head, HeadBlock, parse, week, week_began
from tests.worker.script_clients import EVERY, script_client

KEY = b"k" * 32
MONDAY = 1_795_392_000


@pytest.fixture(params=EVERY)
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    with script_client(request.param, decode_responses=True) as made:
        yield made


def counted(store: Any, name: str, request: str, *blocks: Any, most: int = 64, **more: int) -> int:
    sums = {"tokens": 900, "prompt": 1000, "read": 800, "written": 100, "hour": 40, "saved": -7}
    numbers = list((sums | more).values())
    fixed = [most, 60, name, 5000, "a|b c", "f00d", request, *numbers]
    flat = [part for block in blocks for part in block]
    return int(store.eval(source("prompt_heads"), 2, "heads", "volumes", *fixed, *flat))


def known(store: Any, name: str) -> Head:
    return parse(store.hget("heads", name))


def test_requests_add_up_and_changes_are_counted_by_block(store: Any):
    steady = ("system", 700, "aa")
    for number, other in enumerate(("b0", "b1", "b1", "b2")):
        counted(store, "one", f"request-{number}", steady, ("system", 200, other))
    assert known(store, "one") == Head(
        requests=4,
        tokens=900,
        prompt=4000,
        read=3200,
        written=400,
        written_hour=160,
        saved_nanousd=-28,
        last_ms=5000,
        prefix="f00d",
        request_id="request-3",
        other_id="request-2",
        model="a|b c",
        blocks=[HeadBlock("system", 700, 0), HeadBlock("system", 200, 2)],
    )


def test_without_tools_and_system_prompt_requests_are_counted(store: Any):
    counted(store, "one", "a")
    counted(store, "one", "b")
    found = known(store, "one")
    assert (found.requests, found.blocks, found.other_id) == (2, [], "")


def test_heads_are_bounded_those_with_most_tokens_stay(store: Any):
    for number in range(3):
        counted(store, f"large-{number}", "a", prompt=9000, most=3)
    assert counted(store, "small", "a", prompt=10, most=3) == 3
    assert set(store.hkeys("heads")) > {"small"}
    counted(store, "other", "a", prompt=20, most=3)
    assert "small" not in store.hkeys("heads")
    assert len(store.hkeys("heads")) == 3
    assert 0 < store.ttl("heads") <= 60
    assert 0 < store.ttl("volumes") <= 60


def _head(*system: str, tools: Any = (), turns: int = 1) -> Any:
    body = {
        "tools": list(tools),
        "system": [{"type": "text", "text": text} for text in system],
        "messages": [{"role": "user", "content": "hello"}] * turns,
    }
    return head(anthropic.DIALECT.split(body), KEY, "key model")


def test_a_heads_name_stays_while_its_text_changes():
    one, other = _head("today is Monday", "Be kind."), _head("today is Friday", "Be kind.", turns=3)
    assert one.name == other.name
    assert [mine == its for mine, its in zip(one.blocks, other.blocks, strict=True)] == [
        False,
        True,
    ]
    assert one.name not in {
        _head("today is Monday").name,
        _head("today is Monday " * 30, "Be kind.").name,
        _head("today is Monday", "Be kind.", tools=[{"name": "a"}]).name,
    }


def test_many_blocks_are_counted_as_eight():
    found = _head(*(f"block {at}" for at in range(40)))
    assert len(found.blocks) == 8
    changed = _head(*(f"block {at}" for at in range(39)), "block 40")
    assert found.blocks[:7] == changed.blocks[:7]
    assert found.blocks[7] != changed.blocks[7]


def test_weeks_begin_on_mondays():
    assert week_began(week(MONDAY * 1000)) == MONDAY
    assert week(MONDAY * 1000 - 1) == week(MONDAY * 1000) - 1
