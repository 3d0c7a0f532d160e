"""Limits of a label's values: requests a minute and a budget each, with a bound on how many have
their own."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.admission import accounts
from gateway.core.http import FetchFailed
from gateway.redis import calls
from shared import labels, redis_keys
from tests.worker.edge import Edge, Tenant
from tests.worker.test_local_limits import ANSWER, COST, away, deployment, redis
from tests.worker.world import World, code

HEADER = "x-watchllm-metadata"
SALT = "00" * 16
LIMITS: dict[str, Any] = {
    "label": "user",
    "requests_per_minute": None,
    "budget_nanousd": None,
    "period": "month",
    "most_values": 100,
}
REFUSED_IN_MEMORY = FetchFailed("connection refused")


def limited(edge: Edge, **limits: Any) -> Tenant:
    plan = limits.pop("plan", {})
    return edge.tenant(plan=plan, project={"label_limits": LIMITS | limits})


def as_user(tenant: Tenant, user: str, text: str = "", **body: Any) -> Any:
    return tenant.chat(text, {HEADER: json.dumps({"user": user})}, **body)


def spent(edge: Edge, tenant: Tenant, account: str) -> int:
    now = accounts.month(time.time())
    accounts_key = redis_keys.label_accounts(tenant.project_id, "user", now)
    return int(edge.redis("HGET", accounts_key, account) or 0)


def test_each_value_has_its_own_minute(redis_edge: Edge) -> None:
    tenant = limited(redis_edge, requests_per_minute=2, plan={"requests_per_minute": 100})
    answers = [as_user(tenant, user) for user in ("ada", "ada", "ada", "grace")]
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    told = [answer.headers["x-ratelimit-remaining-requests"] for answer in answers]
    assert told == ["1", "0", "0", "1"]
    refused = answers[2]
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("label_rate_limit_exceeded", "requests")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert "ada" not in error["message"]
    row = tenant.rows(4)[2]
    assert (row["cache_status"], row["cost_nanousd"]) == ("REFUSED", 0)
    assert [row["labels"]["user"] for row in tenant.rows(4)] == ["ada", "ada", "ada", "grace"]


def test_a_refusal_in_anthropics_dialect(edge: Edge) -> None:
    tenant = limited(edge, requests_per_minute=1)
    body = {
        "model": "claude-haiku-4-5",
        "max_tokens": 5,
        "messages": [{"role": "user", "content": "hello"}],
        "metadata": {"user_id": "ada"},
    }
    assert tenant.post("/v1/messages", body).status_code == 200
    refused = tenant.post("/v1/messages", body)
    assert refused.status_code == 429
    assert refused.json()["type"] == "error"
    error = refused.json()["error"]
    assert (error["type"], error["code"]) == ("rate_limit_error", "label_rate_limit_exceeded")


def test_ids_in_the_body_are_limited_as_their_pseudonyms(edge: Edge) -> None:
    tenant = limited(edge, requests_per_minute=1)
    assert tenant.chat(user="ada").status_code == 200
    assert tenant.chat(safety_identifier="ada").status_code == 429
    assert as_user(tenant, labels.pseudonym(SALT, "ada")).status_code == 429
    assert tenant.chat(user="grace").status_code == 200


def test_requests_without_the_label_share_an_account(edge: Edge) -> None:
    tenant = limited(edge, requests_per_minute=2, most_values=1)
    assert as_user(tenant, "ada").status_code == 200
    statuses = [tenant.chat().status_code for _ in range(2)]
    statuses += [tenant.chat("", {HEADER: '{"team": "x"}'}).status_code]
    assert statuses == [200, 200, 429]
    # What never asks a provider does not count there.
    assert tenant.http.get("/v1/models").status_code == 200


def test_values_beyond_the_bound_share_one_account(redis_edge: Edge) -> None:
    tenant = limited(redis_edge, requests_per_minute=2, budget_nanousd=10**12, most_values=2)
    for user in ("ada", "grace"):
        assert as_user(tenant, user).status_code == 200
    statuses = [as_user(tenant, f"new-{number}").status_code for number in range(5)]
    assert statuses == [200, 200, 429, 429, 429]
    assert as_user(tenant, "ada").status_code == 200
    redis_edge.settled()
    month = accounts.month(time.time())
    found = redis_edge.redis("HGETALL", redis_keys.label_accounts(tenant.project_id, "user", month))
    names = {labels.account(SALT, "user", user) for user in ("ada", "grace")}
    assert set(found[::2]) == names | {"other"}
    assert spent(redis_edge, tenant, "other") > 0


def test_each_value_has_its_own_budget(redis_edge: Edge) -> None:
    tenant = limited(redis_edge, budget_nanousd=1, plan={"requests_per_minute": 4})
    as_user(tenant, "ada", "hello")
    redis_edge.settled()  # it is spent
    for _ in range(4):
        refused = as_user(tenant, "ada")
        assert refused.status_code == 429
        error = refused.json()["error"]
        assert (error["code"], error["type"]) == ("label_budget_exceeded", "insufficient_quota")
        assert refused.headers["x-should-retry"] == "false"
    # A cached answer is still served, and what was refused took no place in the minute.
    hit = as_user(tenant, "ada", "hello")
    assert hit.headers["x-watchllm-cache"] == "HIT"
    assert hit.headers["x-ratelimit-remaining-requests"] == "2"
    assert as_user(tenant, "grace").status_code == 200
    assert tenant.rows(7)[1]["cache_status"] == "REFUSED"


def test_a_refusal_gives_the_values_place_back(edge: Edge) -> None:
    tenant = limited(edge, requests_per_minute=3, budget_nanousd=1)
    as_user(tenant, "ada", "hello")
    edge.settled()
    for _ in range(5):
        assert as_user(tenant, "ada").json()["error"]["code"] == "label_budget_exceeded"
    statuses = [as_user(tenant, "ada", "hello").status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_a_daily_budget_has_an_account_a_day(redis_edge: Edge) -> None:
    tenant = limited(redis_edge, budget_nanousd=1, period="day")
    as_user(tenant, "ada")
    redis_edge.settled()
    assert as_user(tenant, "ada").json()["error"]["message"].startswith("The daily budget")
    day = accounts.day(time.time())
    accounts_key = redis_keys.label_accounts(tenant.project_id, "user", day)
    assert 0 < redis_edge.redis("TTL", accounts_key) <= 3 * 86_400


def test_what_is_charged_is_what_the_rows_say(redis_edge: Edge) -> None:
    """Streams, embeddings and messages alike."""
    tenant = limited(redis_edge, budget_nanousd=10**12)
    as_user(tenant, "ada")
    as_user(tenant, "ada", stream=True)
    embedding = {"model": "text-embedding-3-small", "input": "a"}
    tenant.post("/v1/embeddings", embedding, {HEADER: '{"user": "ada"}'})
    as_user(tenant, "grace")
    redis_edge.settled()
    told: dict[str, int] = {}
    for row in tenant.rows(4):
        told[row["labels"]["user"]] = told.get(row["labels"]["user"], 0) + row["cost_nanousd"]
    for user, cost in told.items():
        assert spent(redis_edge, tenant, labels.account(SALT, "user", user)) == cost > 0


def test_a_burst_is_admitted_exactly_up_to_the_limit(redis_edge: Edge) -> None:
    tenant = limited(redis_edge, requests_per_minute=5)
    users = ["ada", "grace"] * 12
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda user: as_user(tenant, user).status_code, users))
    for user in ("ada", "grace"):
        own = [status for status, each in zip(statuses, users, strict=True) if each == user]
        assert own.count(200) == 5


def test_limits_of_labels_cost_no_round_trip(edge: Edge) -> None:
    tenant = limited(edge, requests_per_minute=5, budget_nanousd=10**12)
    as_user(tenant, "ada", "hello")
    edge.settled()
    edge.quiet_traffic()
    as_user(tenant, "ada", "hello")
    as_user(tenant, "ada", "new")
    edge.settled()
    run = [command[1] for command in tenant.commands()]
    assert run == [calls.ADMIT.sha1, calls.ADMIT.sha1, calls.COMMIT.sha1]


async def chat(world: World, user: str | None) -> tuple[int, str]:
    return await world.chat(max_tokens=1, **({} if user is None else {"user": user}))


@pytest.mark.parametrize("kind", ["requests", "money"])
async def test_a_value_keeps_its_own_share_without_redis(kind: str) -> None:
    own = {"requests_per_minute": 4} if kind == "requests" else {"budget_nanousd": 4 * COST}
    async with deployment({"project": {"label_limits": LIMITS | own}}) as worlds:
        for user in ("ada", "grace"):
            for world in worlds:
                assert (await chat(world, user))[0] == 200
        away(worlds, REFUSED_IN_MEMORY)
        for user in ("ada", "grace"):
            answers = [await chat(worlds[0], user) for _ in range(4)]
            count = [status for status, _ in answers].count(200)
            assert 1 <= count <= 2
            code_of_refusal = f"label_{'rate_limit' if kind == 'requests' else 'budget'}_exceeded"
            assert {code(text) for status, text in answers if status == 429} == {code_of_refusal}


async def test_new_values_are_bounded_without_redis() -> None:
    own = {"requests_per_minute": 2, "most_values": 3}
    async with deployment({"project": {"label_limits": LIMITS | own}}) as (one, _):
        assert (await chat(one, "ada"))[0] == 200
        away([one], REFUSED_IN_MEMORY)
        answers = [await chat(one, f"new-{number}") for number in range(10)]
        # Two values of their own, and one of all others: with two processes each has one a minute.
        assert [status for status, _ in answers].count(200) == 3
        assert (await chat(one, None))[0] == 200
        away([one], None)
        await chat(one, "ada")
        month = accounts.month(one.now())
        project = "aaaaaaaa-0000-4000-8000-000000000000"
        log = redis_keys.label_log(project, "user", "other")
        assert await redis(one, "LLEN", log) == 1
        found = await redis(one, "HGETALL", redis_keys.label_accounts(project, "user", month))
        assert len(found) // 2 <= own["most_values"] + 2


async def test_where_redis_was_full_new_values_stay_with_the_others_without_it() -> None:
    """A process that knows few values, of a project whose bound others have reached."""
    own = {"requests_per_minute": 20, "most_values": 2}
    async with deployment({"project": {"label_limits": LIMITS | own}}) as (one, other):
        await chat(one, "ada")
        await chat(one, "grace")
        await chat(other, "new")
        away([other], REFUSED_IN_MEMORY)
        for number in range(3):
            await chat(other, f"new-{number}")
        known = {account for _, account in other.runtime.limits.labels.meters}
        assert known == {"other"}


async def test_money_of_a_value_is_not_spent_uncounted_where_a_setting_says_so() -> None:
    limits = {"project": {"label_limits": LIMITS | {"budget_nanousd": 10**12}}}
    async with deployment(limits, BUDGETS_FAIL_CLOSED="1") as (one, _):
        assert (await chat(one, "ada"))[0] == 200
        away([one], REFUSED_IN_MEMORY)
        status, text = await chat(one, "ada")
        assert (status, code(text)) == (503, "budget_unavailable")


async def test_what_a_value_spent_without_redis_is_booked_at_its_account() -> None:
    limits = {"project": {"label_limits": LIMITS | {"budget_nanousd": 10**12}}}
    async with deployment(limits) as (one, _):
        one.answer = lambda _: ANSWER
        await chat(one, "ada")
        away([one], REFUSED_IN_MEMORY)
        for _ in range(2):
            assert (await chat(one, "ada"))[0] == 200
        away([one], None)
        await chat(one, "grace")
        month = accounts.month(one.now())
        project = "aaaaaaaa-0000-4000-8000-000000000000"
        account = labels.account(SALT, "user", labels.pseudonym(SALT, "ada"))
        key = redis_keys.label_accounts(project, "user", month)
        assert int(await redis(one, "HGET", key, account)) == 3 * COST


async def test_one_value_at_its_limit_does_not_refuse_its_key() -> None:
    """Large bodies of refused keys are refused unread; other values' must not be."""
    limits = {"project": {"label_limits": LIMITS | {"requests_per_minute": 1}}}
    async with deployment(limits) as (one, _):
        assert [(await chat(one, "ada"))[0] for _ in range(2)] == [200, 429]
        assert not one.runtime.refusals.known
