"""The Lua of the sliding window against a model of it, with a clock that the test sets."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redis import scripts
from tests.worker.script_clients import EVERY, script_client

WINDOW = 60_000
START = 1_700_000_000_000

# The script as it is shipped, but the time comes from a key.
CLOCK = "redis.call('TIME')"
ASKED = "{math.floor(redis.call('GET', 'clock') / 1000), redis.call('GET', 'clock') % 1000 * 1000}"
ADMIT = (
    scripts.source("clock", "window").replace(CLOCK, ASKED)
    + """
local now = now_ms()
local used, oldest = trim(KEYS[1], now)
if used >= tonumber(ARGV[1]) then return {0, used, oldest} end
redis.call('RPUSH', KEYS[1], now)
return {1, used + 1, oldest}
"""
)


def test_the_clock_is_really_replaced() -> None:
    assert CLOCK in scripts.source("clock")
    assert CLOCK not in ADMIT


@pytest.fixture(scope="module", params=EVERY)
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    with script_client(request.param) as made:
        yield made


class Model:
    """What the window promises: never more than ``limit`` admissions in any 60 s."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.admitted: list[int] = []

    def admit(self, now: int) -> tuple[int, int]:
        within = [at for at in self.admitted if at > now - WINDOW]
        if len(within) >= self.limit:
            return 0, len(within)
        self.admitted.append(now)
        return 1, len(within) + 1


@settings(max_examples=40)
@given(
    st.integers(1, 6),
    st.lists(st.sampled_from([0, 1, 500, 9_999, 20_000, 59_999, 60_000, 60_001]), max_size=40),
)
def test_sliding_window(store: Any, limit: int, steps: list[int]) -> None:
    store.flushall()
    model, now = Model(limit), START
    for step in steps:
        now += step
        store.set("clock", now)
        admitted, used, oldest = store.eval(ADMIT, 1, "log", limit)
        assert (admitted, used) == model.admit(now)
        assert now - WINDOW < oldest <= now
    times = model.admitted
    assert all(times[i + limit] - times[i] >= WINDOW for i in range(len(times) - limit))


def test_the_log_never_grows_beyond_the_limit(store: Any) -> None:
    store.flushall()
    for number in range(500):
        store.set("clock", START + number * 500)
        store.eval(ADMIT, 1, "log", 5)
        assert store.llen("log") <= 5


HOLD = scripts.source("hold").replace(CLOCK, ASKED)
LEASE = 30_000


@settings(max_examples=40)
@given(
    st.integers(1, 3),
    st.lists(
        st.tuples(
            st.sampled_from(["take", "keep", "end"]),
            st.sampled_from("abcdef"),
            st.sampled_from([0, 1, 9_999, 15_000, 29_999, 30_000]),
        ),
        max_size=40,
    ),
)
def test_open_streams(store: Any, limit: int, steps: list[tuple[str, str, int]]) -> None:
    """Never more than the limit hold a lease; who has one keeps it, who lost it must take again."""
    store.flushall()
    leases: dict[str, int] = {}
    now = START
    for action, slot, passed in steps:
        now += passed
        store.set("clock", now)
        leases = {name: end for name, end in leases.items() if end > now}
        if action == "end":
            store.zrem("streams", slot)
            leases.pop(slot, None)
            continue
        held = store.eval(HOLD, 1, "streams", slot, LEASE, limit if action == "take" else 0)
        expected = slot in leases or (action == "take" and len(leases) < limit)
        assert bool(held) == expected
        if expected:
            leases[slot] = now + LEASE
        assert len(leases) <= limit
    assert {name.decode() for name in store.zrangebyscore("streams", f"({now}", "+inf")} == set(
        leases
    )
