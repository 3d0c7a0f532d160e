"""The semantic index in Redis beside a plain search of everything: what it finds and forgets."""

import random
from collections.abc import Iterator
from typing import Any

import fakeredis
import pytest
import redis

from gateway.redis import scripts
from shared.embedding import filed
from tests.doubles.redis_process import SERVERS, redis_process, redis_server_missing
from tests.worker.edge import until

PREFIX = "project:sem:scope:"
ADD = scripts.source("clock", "insert", "unhex") + (
    "insert(ARGV[1], unhex(ARGV[2]), unhex(ARGV[3]), ARGV[4], ARGV[5], tonumber(ARGV[6]), now_ms())"
)
FIND = scripts.source("nearest") + (
    "return nearest(ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), 0)"
)


@pytest.fixture(params=["embedded", *SERVERS])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Both kinds of Redis."""
    if request.param == "embedded":
        yield fakeredis.FakeRedis()
        return
    reason = redis_server_missing(request.param)
    if reason:
        pytest.skip(reason)
    with redis_process(request.param) as url:
        client = redis.Redis.from_url(url)
        yield client
        client.close()


def add(store: Any, number: int, code: int, *, ttl_ms: int = 60_000, most: int = 1_000) -> None:
    record = f"1:{number:064x}:text"
    store.eval(ADD, 0, PREFIX, f"{code:064x}", f"{number:016x}", ttl_ms, record, most)


def find(store: Any, code: int, *, distance: int = 40, count: int = 8) -> list[tuple[int, int]]:
    probes = "".join(f"{band:x}{value:04x}" for band, value in enumerate(filed(code)))
    found = store.eval(FIND, 0, PREFIX, f"{code:064x}", probes, distance, count)
    return [(far, int(record.split(b":")[1], 16)) for far, record in found]


def near(code: int, bits: int, chance: random.Random) -> int:
    for bit in chance.sample(range(256), bits):
        code ^= 1 << bit
    return code


def test_finds_what_a_plain_search_finds(store: Any) -> None:
    chance = random.Random(7)
    codes = [chance.getrandbits(256) for _ in range(60)]
    codes += [near(codes[0], bits, chance) for bits in (3, 6, 9, 12)]
    for number, code in enumerate(codes):
        add(store, number, code)
    plain = sorted(
        ((code ^ codes[0]).bit_count(), number)
        for number, code in enumerate(codes)
        if (code ^ codes[0]).bit_count() <= 40
        # Met in at least one band: what the index promises to see.
        and any(a == b for a, b in zip(filed(code), filed(codes[0]), strict=True))
    )
    assert find(store, codes[0]) == plain
    assert len(plain) >= 4


def test_nearest_first_and_no_more_than_asked(store: Any) -> None:
    chance = random.Random(8)
    base = chance.getrandbits(256)
    for number in range(12):
        add(store, number, near(base, number, chance))
    found = find(store, base, count=3)
    assert [distance for distance, _ in found] == [0, 1, 2]


def test_the_same_entry_is_filed_once(store: Any) -> None:
    code = random.Random(9).getrandbits(256)
    for _ in range(3):
        add(store, 1, code)
    assert find(store, code) == [(0, 1)]
    assert store.llen(PREFIX + "o") == 1
    bucket = store.get(PREFIX + f"b:0{filed(code)[0]:04x}")
    assert len(bucket) == 44


def test_the_scope_keeps_the_newest(store: Any) -> None:
    chance = random.Random(10)
    codes = [chance.getrandbits(256) for _ in range(30)]
    for number, code in enumerate(codes):
        add(store, number, code, most=10)
    kept = [number for number, code in enumerate(codes) if find(store, code, distance=0)]
    assert kept == list(range(20, 30))
    assert len(store.keys(PREFIX + "r:*")) == 10
    assert store.llen(PREFIX + "o") == 10
    buckets = store.keys(PREFIX + "b:*")
    assert sum(len(store.get(key)) for key in buckets) == 10 * 16 * 44


def test_a_bucket_holds_the_512_newest(store: Any) -> None:
    code = random.Random(11).getrandbits(256)
    for number in range(520):
        # One bit off in the last band: fifteen bands are shared by all.
        add(store, number, code ^ (number & 0xFFFF), most=10_000)
    bucket = store.get(PREFIX + f"b:0{filed(code)[0]:04x}")
    assert len(bucket) == 512 * 44


def test_nothing_is_left_of_expired_entries(store: Any) -> None:
    chance = random.Random(12)
    for number in range(5):
        add(store, number, chance.getrandbits(256), ttl_ms=1)
    until(lambda: not store.keys("*"), "all of it to expire")
    add(store, 99, chance.getrandbits(256), ttl_ms=60_000)
    add(store, 100, chance.getrandbits(256), ttl_ms=60_000)
    assert store.llen(PREFIX + "o") == 2
    assert len(store.keys(PREFIX + "r:*")) == 2
    assert len(store.keys(PREFIX + "b:*")) == 32


def test_every_key_expires(store: Any) -> None:
    add(store, 1, random.Random(13).getrandbits(256))
    keys = store.keys("*")
    assert keys
    assert all(key.startswith(PREFIX.encode()) and store.pttl(key) > 0 for key in keys)
