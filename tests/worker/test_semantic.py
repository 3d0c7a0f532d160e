"""The semantic tier through the running edge: what it serves, refuses, tells and learns."""

import json
from typing import Any

import pytest

from gateway.redis.calls import ADMIT, LOOK_UP_PAIR
from shared import redis_keys
from tests.worker.edge import Edge, Tenant

ASKED = "How do I reverse a list in Python?"
PARAPHRASE = "How can I reverse a list in Python?"
OTHER = "How do I sort a list in Python?"
CAPITAL = "What is the capital of France?"
CAPITAL_AGAIN = "What's the capital of France?"


OPENED = {"semantic_mode": "strict", "semantic_opened": True}


@pytest.fixture
def opened(edge: Edge) -> Tenant:
    """A project whose owner has opened the semantic cache; none of its hits is checked."""
    return edge.tenant(project=OPENED | {"semantic_check_share": 0.0})


def script_of(command: list[Any]) -> str | None:
    """Which of the two scripts a command runs, by its hash; a first run by source not counted."""
    known = {ADMIT.sha1: "admit", LOOK_UP_PAIR.sha1: "look up"}
    return known.get(command[1]) if command[0] == "EVALSHA" else None


def counters(edge: Edge, key: str) -> dict[str, int]:
    """A hash of evidence."""
    found = edge.redis("HGETALL", key)
    return dict(zip(found[::2], map(int, found[1::2]), strict=True))


def status(answer: Any) -> str:
    assert answer.status_code == 200, answer.text
    return str(answer.headers["x-watchllm-cache"])


def test_a_paraphrase_is_answered_from_the_cache(edge: Edge, opened: Tenant) -> None:
    original = opened.chat(ASKED)
    edge.settled()
    edge.upstash.forget()
    hit = opened.chat(PARAPHRASE)
    assert status(hit) == "HIT-SEMANTIC"
    assert hit.json() == original.json()
    assert 0.7 <= float(hit.headers["x-watchllm-similarity"]) <= 1
    edge.settled()
    # The admission, and one more for the body; what follows is after the response.
    scripts = [name for command in edge.upstash.commands() if (name := script_of(command))]
    assert scripts[:2] == ["admit", "look up"]
    assert scripts.count("admit") == 1
    row = opened.rows(2)[1]
    assert row["cache_status"] == "HIT-SEMANTIC"
    assert row["decision"]["served"] is True
    assert row["saved_nanousd"] > 0
    assert row["cost_nanousd"] == 0
    assert "shadow" not in row["decision"]
    assert edge.openai.calls() == 1
    assert row["cache_key"] == opened.rows(1)[0]["cache_key"]


def test_streamed_too(edge: Edge, opened: Tenant) -> None:
    opened.chat(ASKED)
    edge.settled()
    hit = opened.chat(PARAPHRASE, stream=True)
    assert status(hit) == "HIT-SEMANTIC"
    assert hit.text.endswith("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("first", "second", "change"),
    [
        (ASKED, OTHER, {}),
        (CAPITAL, "What is the capital of Spain?", {}),
        ("Can I cancel my subscription?", "Can't I cancel my subscription?", {}),
        ("Convert 5 miles to kilometers", "Convert 6 miles to kilometers", {}),
        (ASKED, PARAPHRASE, {"temperature": 0.3}),
        (ASKED, PARAPHRASE, {"model": "gpt-4o"}),
        (ASKED, PARAPHRASE, {"max_tokens": 50}),
        (ASKED, PARAPHRASE, {"response_format": {"type": "json_object"}}),
        ("What's the weather in Paris today?", "What is the weather in Paris today?", {}),
    ],
)
def test_what_is_another_question(
    edge: Edge, opened: Tenant, first: str, second: str, change: dict[str, Any]
) -> None:
    opened.chat(first)
    edge.settled()
    assert status(opened.chat(second, **change)) == "MISS"


def test_earlier_turns_are_compared_exactly(edge: Edge, opened: Tenant) -> None:
    def ask(system: str, text: str) -> Any:
        messages = [{"role": "system", "content": system}, {"role": "user", "content": text}]
        return opened.chat(messages=messages)

    ask("Answer in English.", ASKED)
    edge.settled()
    assert status(ask("Answer in French.", PARAPHRASE)) == "MISS"
    assert status(ask("Answer in English.", PARAPHRASE)) == "HIT-SEMANTIC"


def test_requests_with_tools_take_no_part(edge: Edge, opened: Tenant) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]
    opened.chat(ASKED, tools=tools)
    edge.settled()
    assert status(opened.chat(PARAPHRASE, tools=tools)) == "MISS"


@pytest.mark.parametrize("agreed", [True, False])
def test_a_checked_hit_is_held_against_a_fresh_answer(edge: Edge, *, agreed: bool) -> None:
    budget = {"monthly_budget_nanousd": 10**9}
    tenant = edge.tenant(project=OPENED | budget | {"semantic_check_share": 1.0})
    edge.openai.say("You can use the reversed function or a slice.")
    cached = tenant.chat(ASKED)
    edge.settled()
    if not agreed:
        edge.openai.say("Paris is the capital of France.")
    hit = tenant.chat(PARAPHRASE)
    assert status(hit) == "HIT-SEMANTIC"
    assert hit.json() == cached.json()
    miss, row = tenant.rows(2)
    assert row["decision"]["shadow"] is True
    assert row["upstream_ms"] is None  # the client did not wait for the check
    assert row["decision"]["agreed"] is agreed
    # The provider was asked after all: such a hit is paid for.
    assert row["cost_nanousd"] > 0
    assert edge.openai.calls() == 2
    month = row["ts"][:7].replace("-", "")
    spent = redis_keys.spend(tenant.project_id, "project", month)
    assert int(edge.redis("GET", spent)) == miss["cost_nanousd"] + row["cost_nanousd"]
    evidence = [c for c in tenant.commands() if len(c) > 3 and "sem-evidence:" in str(c[3])]
    assert evidence[-1][-1] == (0 if agreed else 1)
    # One command counts it for the namespace and for the project.
    own = redis_keys.semantic_evidence(tenant.project_id, row["decision"]["namespace"])
    every = redis_keys.semantic_project_evidence(tenant.project_id)
    assert evidence[-1][3:5] == [own, every]
    number = row["decision"]["bin"]
    counts = {f"checked:{number}": 1, f"wrong:{number}": 0 if agreed else 1}
    assert counters(edge, own) == counters(edge, every) == counts
    if not agreed:
        # Refuted: the two are kept apart from now on, whatever the namespace serves.
        assert status(tenant.chat(PARAPHRASE)) == "MISS"
        assert tenant.rows(3)[2]["decision"]["reason"] == "judged wrong before"


def test_a_spent_budget_leaves_paraphrases_to_the_cache_and_checks_none(edge: Edge) -> None:
    tenant = edge.tenant(
        project=OPENED | {"semantic_check_share": 1.0, "monthly_budget_nanousd": 1}
    )
    tenant.chat(ASKED)
    edge.settled()
    assert status(tenant.chat(PARAPHRASE)) == "HIT-SEMANTIC"
    refused = tenant.chat(CAPITAL)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_exceeded")
    rows = tenant.rows(3)
    assert [row["cost_nanousd"] for row in rows[1:]] == [0, 0]
    assert edge.openai.calls() == 1


def test_serves_from_the_first_day_until_the_evidence_is_against_it(edge: Edge) -> None:
    tenant = edge.tenant(project={"semantic_mode": "strict", "semantic_check_share": 0.0})
    edge.openai.say("You can use the reversed function or a slice.")
    tenant.chat(ASKED)
    edge.settled()
    assert status(tenant.chat(PARAPHRASE)) == "HIT-SEMANTIC"
    namespace = tenant.rows(2)[1]["decision"]["namespace"]
    key = redis_keys.semantic_evidence(tenant.project_id, namespace)
    for number in range(7):
        edge.redis("HSET", key, f"checked:{number}", "60", f"wrong:{number}", "60")
    answer = tenant.chat(PARAPHRASE, {"x-watchllm-explain": "1"})
    assert status(answer) == "MISS"
    decision = json.loads(answer.headers["x-watchllm-decision"])
    assert decision["threshold"] > 1
    assert decision["served"] is False
    assert decision["probability"] >= 0.7
    # The fresh answer agreed with the cached one: evidence for free.
    assert tenant.rows(3)[2]["decision"]["agreed"] is True


def test_other_namespaces_of_the_project_close_one_until_it_has_its_own_checks(edge: Edge) -> None:
    settings = {"semantic_mode": "strict", "semantic_check_share": 0.0}
    tenant, stranger = edge.tenant(project=settings), edge.tenant(project=settings)
    for each in (tenant, stranger):
        each.chat(ASKED)
        edge.settled()
        assert status(each.chat(PARAPHRASE)) == "HIT-SEMANTIC"
    every = redis_keys.semantic_project_evidence(tenant.project_id)
    for number in range(7):
        edge.redis("HSET", every, f"checked:{number}", "400", f"wrong:{number}", "200")
    edge.settled()
    edge.upstash.forget()
    answer = tenant.chat(PARAPHRASE, {"x-watchllm-explain": "1"})
    assert json.loads(answer.headers["x-watchllm-decision"])["threshold"] > 1
    assert status(answer) == "MISS"
    scripts = [name for command in tenant.commands() if (name := script_of(command))]
    assert scripts[:1] == ["admit"]
    assert scripts.count("admit") == 1
    assert status(stranger.chat(PARAPHRASE)) == "HIT-SEMANTIC"
    own = redis_keys.semantic_evidence(
        tenant.project_id, tenant.rows(3)[2]["decision"]["namespace"]
    )
    edge.redis("HSET", own, "checked:6", "300", "wrong:6", "0")
    edge.redis("HSET", every, "checked:6", "700")
    tenant.chat(CAPITAL)
    edge.settled()
    assert status(tenant.chat(CAPITAL_AGAIN)) == "HIT-SEMANTIC"


def test_the_request_can_switch_it_off(edge: Edge, opened: Tenant) -> None:
    opened.chat(ASKED)
    edge.settled()
    assert status(opened.chat(PARAPHRASE, {"x-watchllm-semantic": "off"})) == "MISS"


def test_no_cache_and_refresh_ask_the_provider(edge: Edge, opened: Tenant) -> None:
    opened.chat(ASKED)
    edge.settled()
    assert status(opened.chat(PARAPHRASE, {"cache-control": "no-cache"})) == "MISS"
    edge.settled()
    assert status(opened.chat(CAPITAL, {"x-watchllm-cache": "refresh"})) == "MISS"


def test_only_takes_a_semantic_hit(edge: Edge, opened: Tenant) -> None:
    opened.chat(ASKED)
    edge.settled()
    assert status(opened.chat(PARAPHRASE, {"x-watchllm-cache": "only"})) == "HIT-SEMANTIC"


def test_purged_with_its_entry(edge: Edge, opened: Tenant) -> None:
    opened.chat(ASKED)
    edge.settled()
    assert opened.post("/v1/cache/purge", {"all": True}).status_code == 200
    assert status(opened.chat(PARAPHRASE)) == "MISS"


def test_no_other_tenants_answers(edge: Edge, opened: Tenant) -> None:
    other = edge.tenant(project={"semantic_mode": "balanced", "semantic_opened": True})
    opened.chat(ASKED)
    edge.settled()
    assert status(other.chat(PARAPHRASE)) == "MISS"


def test_feedback_removes_a_wrong_hit(edge: Edge, opened: Tenant) -> None:
    opened.chat(CAPITAL)
    edge.settled()
    hit = opened.chat(CAPITAL_AGAIN)
    assert status(hit) == "HIT-SEMANTIC"
    edge.settled()
    told = {"request_id": hit.headers["x-request-id"], "verdict": "wrong"}
    answer = opened.post("/v1/cache/feedback", told)
    assert answer.status_code == 200
    assert answer.json()["removed"] is True
    assert status(opened.chat(CAPITAL_AGAIN)) == "MISS"
    again = opened.post("/v1/cache/feedback", told)
    assert again.status_code == 404
    assert again.json()["error"]["code"] == "unknown_request"
    project = counters(edge, redis_keys.semantic_project_evidence(opened.project_id))
    assert sorted(project.values()) == [1, 1]


def test_rows_tell_enough_to_count_the_evidence_again(edge: Edge, opened: Tenant) -> None:
    opened.chat(CAPITAL)
    edge.settled()
    headers = {"x-watchllm-cache-namespace": "blue", "x-watchllm-request-id": "mine"}
    opened.chat(CAPITAL, headers)
    edge.settled()
    hit = opened.chat(CAPITAL_AGAIN, headers)
    assert status(hit) == "HIT-SEMANTIC"
    edge.settled()
    told = {"request_id": hit.headers["x-request-id"], "verdict": "right"}
    assert opened.post("/v1/cache/feedback", told).status_code == 200
    *_, row, verdict = opened.rows(4)
    assert (row["decision"]["namespace"], row["decision"]["bin"]) == ("blue", 6)
    assert verdict["decision"] == {
        "verdict": "right",
        "hit": row["request_id"],
        "candidate": row["cache_key"],
        "namespace": "blue",
        "bin": 6,
    }


@pytest.mark.parametrize("logged", [True, False])
def test_the_matched_prompt_is_kept_only_by_who_logs_prompts(edge: Edge, logged: bool) -> None:
    project = {"semantic_mode": "strict", "semantic_opened": True, "log_prompts": logged}
    tenant = edge.tenant(project=project)
    tenant.chat(CAPITAL)
    edge.settled()
    hit = tenant.chat(CAPITAL_AGAIN, {"x-watchllm-explain": "1"})
    assert status(hit) == "HIT-SEMANTIC"
    edge.settled()
    assert "matched" not in json.loads(hit.headers["x-watchllm-decision"])
    matched = tenant.rows(2)[1]["decision"].get("matched")
    assert matched == (CAPITAL if logged else None)


def test_what_was_judged_wrong_does_not_meet_again(edge: Edge, opened: Tenant) -> None:
    opened.chat(CAPITAL)
    edge.settled()
    hit = opened.chat(CAPITAL_AGAIN)
    assert status(hit) == "HIT-SEMANTIC"
    edge.settled()
    told = {"request_id": hit.headers["x-request-id"], "verdict": "wrong"}
    assert opened.post("/v1/cache/feedback", told).status_code == 200
    # The first prompt is asked and stored again: it answers itself, and not the other one.
    assert status(opened.chat(CAPITAL)) == "MISS"
    edge.settled()
    again = opened.chat(CAPITAL_AGAIN, {"x-watchllm-explain": "1"})
    assert status(again) == "MISS"
    decision = json.loads(again.headers["x-watchllm-decision"])
    assert (decision["served"], decision["reason"]) == (False, "judged wrong before")


def test_the_operators_switch_goes_before_the_request(edge: Edge) -> None:
    tenant = edge.tenant(project=OPENED | {"semantic_allowed": False})
    tenant.chat(ASKED)
    edge.settled()
    assert status(tenant.chat(PARAPHRASE, {"x-watchllm-semantic": "balanced"})) == "MISS"


@pytest.mark.parametrize(
    ("body", "param"),
    [({}, "request_id"), ({"request_id": "x", "verdict": "maybe"}, "verdict")],
)
def test_malformed_feedback(opened: Tenant, body: dict[str, Any], param: str) -> None:
    answer = opened.post("/v1/cache/feedback", body)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == param
