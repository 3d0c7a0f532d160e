"""``admit.lua`` and ``commit.lua`` against a model of a label's limits, with a clock that the test
sets."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.redis import calls
from gateway.redis.calls import AdmitReply
from tests.worker.script_clients import EVERY, script_client
from tests.worker.test_limit_scripts import ASKED, CLOCK

WINDOW = 60_000
START = 1_700_000_000_000


class Store:
    """Runs scripts at ``client``."""

    def __init__(self, client: Any) -> None:
        self.client = client

    async def run(self, script: Any, keys: list[str], arguments: list[Any]) -> Any:
        source = script.source.replace(CLOCK, ASKED)
        return _texts(self.client.eval(source, len(keys), *keys, *arguments))


def _texts(value: Any) -> Any:
    if isinstance(value, list):
        return [_texts(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value


@pytest.fixture(scope="module", params=EVERY)
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with script_client(request.param) as made:
        yield made


class Model:
    """``most`` values have an account; the others share one. ``rpm`` requests of an account in any
    minute; past ``budget`` none that would cost anything."""

    def __init__(self, rpm: int, budget: int, most: int) -> None:
        self.rpm, self.budget, self.most = rpm, budget, most
        self.spent: dict[str, int] = {}
        self.times: dict[str, list[int]] = {}

    def account(self, value: str) -> str:
        is_own = value == "unlabelled" or value in self.spent or len(self.spent) < self.most
        return value if is_own else "other"

    def admit(self, value: str, now: int) -> str:
        account = self.account(value)
        within = [at for at in self.times.get(account, ()) if at > now - WINDOW]
        if len(within) >= self.rpm:
            return "LABEL_RATE"
        self.spent.setdefault(account, 0)
        if self.spent[account] >= self.budget:
            return "LABEL_BUDGET"
        self.times[account] = [*within, now]
        return "OK"


async def _admit(store: Any, value: str, model: Model) -> AdmitReply:
    return await calls.admit(
        store,
        **{name: name for name in ("revision", "plan_log", "key_log", "quota", "cutoffs", "lock")},
        **{name: name for name in ("plan_tokens", "key_tokens", "project_spend", "key_spend")},
        **{name: name for name in ("streams", "stats", "label_accounts")},
        label_log=f"log:{value}",
        other_log="log:other",
        entries=(),
        record_revision=1,
        plan_rpm=-1,
        key_rpm=-1,
        monthly_requests=-1,
        hits_past_quota=False,
        model_field="m",
        namespace_field="n",
        max_age_ms=-1,
        lock_token="",
        lease_ms=0,
        plan_tpm=-1,
        key_tpm=-1,
        project_budget=-1,
        key_budget=-1,
        label_account=value,
        label_most=-1 if value == "unlabelled" else model.most,
        label_ttl=1000,
        label_rpm=model.rpm,
        label_budget=model.budget,
        estimated_tokens=0,
        no_upstream=False,
        slot="",
        concurrent_streams=-1,
        slot_ms=0,
        semantic_prefix="",
        code="",
        probes="",
        most_distance=0,
        candidates=0,
        evidence="",
        project_evidence="",
        prompt_state="",
        prompt_fields=(),
    )


async def _charge(store: Any, value: str, model: Model, cost: int) -> None:
    await calls.commit(
        store,
        **{name: name for name in ("lock", "plan_tokens", "key_tokens", "streams")},
        **{name: name for name in ("project_spend", "key_spend", "label_accounts")},
        **{name: name for name in ("journal", "journal_due")},
        entries=(),
        lock_token="",
        tombstone_ms=0,
        plan_tpm=-1,
        key_tpm=-1,
        tokens=0,
        cost=cost,
        label_account=value,
        label_most=-1 if value == "unlabelled" else model.most,
        label_ttl=1000,
        slot="",
        row_id="",
        row="",
        most_rows=1,
        values=(),
    )


@settings(max_examples=60)
@given(
    st.integers(1, 3),
    st.sampled_from([5, 20, 1_000]),
    st.integers(0, 3),
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", "d", "e", "unlabelled"]),
            st.sampled_from([0, 1, 20_000, 59_999, 60_000]),
            st.sampled_from([0, 4, 11]),
        ),
        max_size=40,
    ),
)
def test_values_are_limited_as_the_model_says(
    client: Any, rpm: int, budget: int, most: int, steps: list[tuple[str, int, int]]
) -> None:
    asyncio.run(_run(client, Model(rpm, budget, most), steps))


async def _run(client: Any, model: Model, steps: list[tuple[str, int, int]]) -> None:
    client.flushall()
    store, now = Store(client), START
    for value, passed, cost in steps:
        now += passed
        client.set("clock", now)
        account = model.account(value)
        expected = model.admit(value, now)
        reply = await _admit(store, value, model)
        assert (reply.verdict, reply.label_account) == (expected, account)
        if expected == "OK":
            await _charge(store, value, model, cost)
            model.spent[account] += cost
        found = {
            name.decode(): int(spent) for name, spent in client.hgetall("label_accounts").items()
        }
        assert found == model.spent
        # As many as the bound, the requests without the label, and all others together.
        assert len(found) <= model.most + 2
        for name, times in model.times.items():
            window = [int(at) for at in client.lrange(f"log:{name}", 0, -1)]
            assert len(window) <= model.rpm
            assert window == times[-len(window) :] or not window


def test_sums_of_money_stop_before_they_overflow(client: Any) -> None:
    """Redis refuses to pass 2^63, and the script would end there."""
    asyncio.run(_spend_too_much(client))


async def _spend_too_much(client: Any) -> None:
    most, model = 9 * 10**15, Model(1, 1, 1)
    client.flushall()
    client.set("clock", START)
    store = Store(client)
    for _ in range(3):
        await _charge(store, "a", model, 2**62)
    booked = [("project_spend", "month"), ("label_accounts", "label:1:1000:a")]
    await calls.book(
        store,
        booking="booking",
        accounts=[*(name for name, _ in booked), "other_spend"],
        amounts=[*((kind, 2**70) for _, kind in booked), ("month", 7)],
    )
    spent = [int(client.get(name)) for name in ("project_spend", "key_spend", "other_spend")]
    assert spent == [most, most, 7]
    assert int(client.hget("label_accounts", "a")) == most
