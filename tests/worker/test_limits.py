"""Rate limits, quota and their headers, over HTTP and on a real Redis."""

import time
from concurrent.futures import ThreadPoolExecutor

from gateway.admission import accounts
from shared import redis_keys
from tests.worker.edge import Edge

WINDOW = 60.0


def test_requests_per_minute(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(plan={"requests_per_minute": 3})
    answers = [tenant.chat("hello") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    headers = [answer.headers for answer in answers]
    assert [one["x-ratelimit-limit-requests"] for one in headers] == ["3", "3", "3"]
    assert [one["x-ratelimit-remaining-requests"] for one in headers] == ["2", "1", "0"]
    assert 0 < float(headers[0]["x-ratelimit-reset-requests"].rstrip("s")) <= WINDOW

    refused = tenant.chat("hello")
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("rate_limit_exceeded", "requests")
    assert 1 <= int(refused.headers["retry-after"]) <= WINDOW
    milliseconds = int(refused.headers["retry-after-ms"])
    assert int(refused.headers["retry-after"]) == -(-milliseconds // 1000)
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert refused.headers["x-request-id"]


def test_a_burst_is_admitted_exactly_up_to_the_limit(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 10})
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: tenant.chat("hello").status_code, range(24)))
    assert statuses.count(200) == 10
    assert statuses.count(429) == 14


def test_a_refused_request_counts_for_nothing(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 1, "monthly_requests": 10})
    first = tenant.chat()
    assert first.headers["x-watchllm-quota-remaining"] == "9"
    for _ in range(5):
        assert tenant.chat().status_code == 429
    edge.settled()
    assert edge.openai.calls() == 1
    rows = tenant.rows(6)
    assert [row["error_code"] for row in rows].count("rate_limit_exceeded") == 5


def test_a_keys_own_limit_is_told_where_it_is_the_tighter_one(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 100}, key_limits={"requests_per_minute": 2})
    answers = [tenant.chat() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-ratelimit-limit-requests"] for answer in answers] == ["2", "2", "2"]


def test_two_keys_of_a_project_share_its_plan(edge: Edge) -> None:
    one = edge.tenant(plan={"requests_per_minute": 3})
    other = edge.tenant(plan={"requests_per_minute": 3})
    other.record["project_id"] = one.project_id
    statuses = [key.chat().status_code for key in (one, other, one, other)]
    assert statuses == [200, 200, 200, 429]


def test_without_a_limit_nothing_is_said_of_one(edge: Edge) -> None:
    headers = edge.tenant().chat().headers
    assert not [name for name in headers if name.startswith(("x-ratelimit", "x-watchllm-quota"))]


def test_every_endpoint_counts(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 3})
    tenant.chat()
    tenant.post("/v1/embeddings", {"model": "text-embedding-3-small", "input": "a"})
    assert tenant.http.get("/v1/models").status_code == 200
    assert tenant.http.get("/v1/models").status_code == 429


def test_a_hit_counts_too(edge: Edge) -> None:
    tenant = edge.tenant(plan={"requests_per_minute": 2})
    tenant.ask("hello")
    assert tenant.chat("hello").headers["x-watchllm-cache"] == "HIT"
    assert tenant.chat("hello").status_code == 429


def test_a_plan_that_stops_at_its_quota(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(plan={"monthly_requests": 2})
    remaining = [
        answer.headers["x-watchllm-quota-remaining"]
        for answer in (tenant.ask("hello"), tenant.chat("hello"))
    ]
    assert remaining == ["1", "0"]
    refused = tenant.chat("hello")
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert (error["code"], error["type"]) == ("quota_exceeded", "insufficient_quota")
    assert refused.headers["x-should-retry"] == "false"
    assert redis_edge.openai.calls() == 1


def test_a_plan_that_serves_the_cache_past_its_quota(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(plan={"monthly_requests": 1, "overage": "cache_only"})
    tenant.ask("hello")
    for stream in (False, True):
        hit = tenant.chat("hello", stream=stream)
        assert (hit.status_code, hit.headers["x-watchllm-cache"]) == (200, "HIT")
    month = redis_keys.quota(tenant.record["organization_id"], accounts.month(time.time()))
    assert redis_edge.redis("GET", month) == "3"
    refused = tenant.chat("new")
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "quota_exceeded")
    assert redis_edge.openai.calls() == 1
    # Only what was answered counts.
    assert redis_edge.redis("GET", month) == "3"


def test_what_a_limit_refuses_does_not_count_against_the_month(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(plan={"monthly_requests": 10}, project={"monthly_budget_nanousd": 1})
    tenant.ask("hello")
    redis_edge.settled()  # the budget is spent
    for _ in range(2):
        refused = tenant.chat("new")
        assert refused.json()["error"]["code"] == "budget_exceeded"
    hit = tenant.chat("hello")
    assert hit.headers["x-watchllm-cache"] == "HIT"
    assert hit.headers["x-watchllm-quota-remaining"] == "8"


def test_what_a_budget_refuses_takes_no_place_in_the_minute(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(
        plan={"requests_per_minute": 3},
        key_limits={"requests_per_minute": 3},
        project={"monthly_budget_nanousd": 1},
    )
    tenant.ask("hello")
    redis_edge.settled()  # the budget is spent
    for _ in range(4):
        assert tenant.chat("new").json()["error"]["code"] == "budget_exceeded"
    remaining = [tenant.chat("hello").headers["x-ratelimit-remaining-requests"] for _ in range(2)]
    assert remaining == ["1", "0"]
    assert tenant.chat("hello").json()["error"]["code"] == "rate_limit_exceeded"


def test_what_passes_through_is_refused_past_the_quota(redis_edge: Edge) -> None:
    tenant = redis_edge.tenant(plan={"monthly_requests": 1, "overage": "cache_only"})
    tenant.ask("hello")
    refused = tenant.post("/v1/moderations", {"input": "hello"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "quota_exceeded")
    # Requests that never cost anything at a provider are still answered.
    assert tenant.http.get("/v1/cache/stats").status_code == 200
    assert redis_edge.openai.calls() == 1


def test_projects_of_an_organization_share_its_quota(edge: Edge) -> None:
    one, other = (
        edge.tenant(plan={"monthly_requests": 2}),
        edge.tenant(plan={"monthly_requests": 2}),
    )
    other.record["organization_id"] = one.record["organization_id"]
    statuses = [tenant.chat().status_code for tenant in (one, other, one)]
    assert statuses == [200, 200, 429]
