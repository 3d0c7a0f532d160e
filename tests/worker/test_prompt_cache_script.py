"""`prompt_cache.lua`: what it counts, what it forgets, and that it stays within its bounds."""

import random
from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest

from benchmarks.prompt_cache.lua_redis import LuaRedis
from gateway.redis.scripts import source
from tests.worker.script_clients import EVERY, script_client

KEYS = ("state", "due", "recent", "roots")
MINUTE = 60_000
ROOT = "a" * 24


@pytest.fixture(params=EVERY)
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    with script_client(request.param, decode_responses=True) as made:
        yield made


def arguments(
    minute: float, *touches: tuple[str, str], root: str = ROOT, most: int = 1024, roots: int = 64
) -> list[Any]:
    flat = [part for prefix, name in touches for part in (prefix, name, -1, -1, -1)]
    return [round(minute * MINUTE), root, most, roots, 100, 400, 25, 9, 0, 0, 40, *flat]


def touch(store: Any, *args: Any, **kwargs: Any) -> int:
    return int(store.eval(source("prompt_cache"), 4, *KEYS, *arguments(*args, **kwargs)))


def table(store: Any, name: str, field: str = "stats") -> list[float]:
    text = store.hget("state", field) or ""
    found = dict(item.split(":") for item in text.split(";") if item)
    return [float(number) for number in found.get(name, " ".join("0" * 12)).split(" ")]


def test_a_use_counts_in_the_interval_of_its_gap(store: Any):
    touch(store, 0, ("p", "S{}"))
    assert table(store, "S1") == [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0]
    touch(store, 4, ("p", "S{}"))
    assert table(store, "S1") == [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    touch(store, 16, ("p", "S{}"))
    assert table(store, "S2") == [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert table(store, "S") == [1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0], "the family counts all"
    assert store.hget("state", "p").split(" ")[:4] == ["3", "0", "0", "S3"]


def test_what_is_not_used_again_survives_each_interval_and_is_forgotten(store: Any):
    touch(store, 0, ("p", "Lu1"))
    for minute in (6, 16, 31, 61):
        touch(store, minute, ("q", "-"))
    assert table(store, "Lu1") == [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]
    assert store.hget("state", "p") is None
    assert store.zscore("due", "p") is None
    assert store.zscore("recent", "p") is None


def test_what_became_history_is_counted_once(store: Any):
    touch(store, 0, ("p", "Lu1"))
    touch(store, 1, ("p", "-"))
    touch(store, 2, ("p", "-"))
    assert table(store, "Lu1")[0] == 1


def test_an_application_gets_tables_of_its_own_from_its_third_use_on(store: Any):
    for minute in range(4):
        touch(store, minute, (ROOT, "S{}"))
    assert store.zscore("roots", ROOT) == 3 * MINUTE
    assert table(store, "S3", f"stats:{ROOT}")[8] == 1


def test_entries_are_kept_as_they_were_told(store: Any):
    made = arguments(0)
    store.eval(source("prompt_cache"), 4, *KEYS, *made, "p", "S{}", 300_000, 300, 900_000)
    touch(store, 1, ("p", "S{}"))
    record = store.hget("state", "p").split(" ")
    assert record[:3] == ["2", "300000", "300"]
    assert record[-1] == "900000", "when the entry would end that was not allowed"


def test_the_ledger_and_what_was_kept_add_up(store: Any):
    made = arguments(0)
    made[8], made[9] = 12, 1
    for _ in range(2):
        store.eval(source("prompt_cache"), 4, *KEYS, *made)
    made[8], made[9] = 14, 0
    store.eval(source("prompt_cache"), 4, *KEYS, *made)
    assert store.hget("state", "ledger") == "75 27 300 1200 120"
    assert store.hget("state", "kept") == "12:2:2 14:1:0"


def test_prefixes_and_applications_are_bounded_the_least_recent_go(store: Any):
    for number in range(12):
        root = f"root{number}"
        for _ in range(3):
            touch(store, number, (root, "S{}"), (f"p{number}", "Lu1"), root=root, most=6, roots=2)
    assert sorted(store.zrange("recent", 0, -1)) == sorted(
        name for number in (9, 10, 11) for name in (f"p{number}", f"root{number}")
    )
    assert store.zrange("roots", 0, -1) == ["root10", "root11"]
    fields = set(store.hkeys("state"))
    assert {f for f in fields if f.startswith("stats:")} == {"stats:root10", "stats:root11"}
    assert len(fields) == 6 + 2 + 2, "prefixes, tables of applications, stats and ledger"
    assert table(store, "Lu1")[8] <= 6, "of forgotten ones nothing is waited for"
    assert all(store.ttl(key) > 0 for key in KEYS)


def test_the_benchmark_runs_the_same_script():
    embedded, simulated = fakeredis.FakeRedis(decode_responses=True), LuaRedis()
    draw = random.Random(5)
    minute = 0.0
    for _ in range(150):
        minute += draw.expovariate(1 / 3)
        names = draw.sample([f"p{number}" for number in range(30)], 4)
        touches = [(name, draw.choice(("S{}", "Lu1", "H{}", "-"))) for name in names]
        root = draw.choice((ROOT, "p1", "p2"))
        touch(embedded, minute, *touches, root=root, most=20, roots=2)
        simulated.touch(arguments(minute, *touches, root=root, most=20, roots=2))
    held = {field: value for field, value in embedded.hgetall("state").items() if field != "stats"}
    held = {field: value for field, value in held.items() if not field.startswith("stats:")}
    assert simulated.read([*held]) == [*held.values()]
    (stats,) = simulated.read(["stats"])
    assert sorted((stats or "").split(";")) == sorted(embedded.hget("state", "stats").split(";"))
