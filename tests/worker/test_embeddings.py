"""Embeddings: cached for each input, whatever batch it comes in."""

import base64
import struct
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from gateway.formats.vectors import parse
from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant, until

MODEL = "text-embedding-3-small"
PATH = "/v1/embeddings"


def embed(tenant: Tenant, given: Any, headers: dict[str, str] | None = None, **more: Any) -> Any:
    """Embed with few dimensions, and wait until what is new is stored."""
    before = tenant.stores()
    body = {"model": MODEL, "input": given, "dimensions": 8, **more}
    answer = tenant.post(PATH, body, headers)
    if answer.headers.get("x-watchllm-cache") == "MISS" and answer.status_code == 200:
        until(lambda: tenant.stores() > before, "the vectors to be stored")
    return answer


def vectors(answer: httpx.Response) -> list[Any]:
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert [item["index"] for item in data] == list(range(len(data)))
    return [item["embedding"] for item in data]


def asked(edge: Edge) -> list[Any]:
    """The inputs of every request that reached the provider."""
    return [request.json()["input"] for request in edge.openai.requests]


def test_single(edge: Edge, tenant: Tenant) -> None:
    first, second = embed(tenant, "hello"), embed(tenant, "hello")
    assert [a.headers["x-watchllm-cache"] for a in (first, second)] == ["MISS", "HIT"]
    assert first.json() == second.json()
    assert len(vectors(first)[0]) == 8
    assert edge.openai.calls() == 1


def test_a_batch_asks_only_for_what_is_new_and_keeps_the_order(edge: Edge, tenant: Tenant) -> None:
    embed(tenant, ["b", "d"])
    mixed = embed(tenant, ["a", "b", "c", "d", "e"])
    assert asked(edge) == [["b", "d"], ["a", "c", "e"]]
    assert mixed.headers["x-watchllm-cache"] == "MISS"
    alone = [vectors(embed(tenant, text))[0] for text in "abcde"]
    assert vectors(mixed) == alone
    assert len({tuple(vector) for vector in alone}) == 5
    assert edge.openai.calls() == 2


def test_duplicates_are_asked_for_once(edge: Edge, tenant: Tenant) -> None:
    answer = embed(tenant, ["a", "b", "a", "a"])
    assert asked(edge) == [["a", "b"]]
    one, two, three, four = vectors(answer)
    assert one == three == four != two
    assert len(answer.json()["data"]) == 4


def test_usage_and_money_of_a_mixed_batch(tenant: Tenant) -> None:
    embed(tenant, ["one two"])
    mixed = embed(tenant, ["one two", "three"])
    assert mixed.json()["usage"] == {"prompt_tokens": 3, "total_tokens": 3}
    *_, row = tenant.rows(2)
    assert row["prompt_tokens"] == 3
    assert (row["cost_nanousd"], row["saved_nanousd"]) == (20, 40)


@pytest.mark.parametrize("first", ["float", "base64"])
def test_encodings_share_an_entry(edge: Edge, tenant: Tenant, first: str) -> None:
    other = "float" if first == "base64" else "base64"
    made = vectors(embed(tenant, "hello", encoding_format=first))[0]
    kept = vectors(embed(tenant, "hello", encoding_format=other))[0]
    assert edge.openai.calls() == 1
    text, numbers = (made, kept) if first == "base64" else (kept, made)
    assert isinstance(text, str)
    unpacked = struct.unpack("<8f", base64.b64decode(text))
    assert unpacked == pytest.approx(numbers, abs=1e-7)
    # What the provider itself would have said in that form.
    fresh = embed(tenant, "hello", {"x-watchllm-cache": "off"}, encoding_format=other)
    if other == "base64":
        assert vectors(fresh)[0] == kept
    else:
        assert vectors(fresh)[0] == pytest.approx(kept, abs=1e-7)


def test_an_unknown_encoding_is_the_providers_to_refuse(tenant: Tenant) -> None:
    embed(tenant, "hello")
    answer = embed(tenant, "hello", encoding_format="hex")
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "encoding_format"


def test_half_a_surrogate_pair_has_a_length_too() -> None:
    data = [{"index": index, "embedding": [0.5]} for index in range(2)]
    answer = {"data": data, "model": MODEL, "usage": {"prompt_tokens": 4}}
    parsed = parse(answer, ["\ud83d", "abc"], MODEL, floats=True)
    assert [vector.tokens for vector in parsed] == [2, 2]


def test_dimensions_are_part_of_the_key(edge: Edge, tenant: Tenant) -> None:
    sizes = [len(vectors(embed(tenant, "hello", dimensions=size))[0]) for size in (8, 16, 8)]
    assert sizes == [8, 16, 8]
    assert edge.openai.calls() == 2


def test_token_arrays(edge: Edge, tenant: Tenant) -> None:
    one = vectors(embed(tenant, [1, 2, 3]))
    batch = vectors(embed(tenant, [[1, 2, 3], [3, 2, 1]]))
    assert batch[0] == one[0]
    assert asked(edge) == [[[1, 2, 3]], [[3, 2, 1]]]
    assert embed(tenant, [[3, 2, 1]]).headers["x-watchllm-cache"] == "HIT"


def test_text_of_digits_is_no_token_array(edge: Edge, tenant: Tenant) -> None:
    embed(tenant, ["1"])
    assert embed(tenant, [1]).headers["x-watchllm-cache"] == "MISS"


def test_more_inputs_than_one_round_trip_carries(edge: Edge, tenant: Tenant) -> None:
    texts = [f"text {number}" for number in range(600)]
    first = embed(tenant, texts)
    until(lambda: tenant.stores() >= 3, "all parts to be stored")
    edge.quiet_traffic()
    second = tenant.post(PATH, {"model": MODEL, "input": texts, "dimensions": 8})
    assert second.headers["x-watchllm-cache"] == "HIT"
    assert vectors(second) == vectors(first)
    assert tenant.trips() == 3  # 600 inputs, 256 a trip
    assert edge.openai.calls() == 0


@pytest.mark.parametrize("given", ["", [], [""], [[]], [1, "a"], {"a": 1}, None, 5])
def test_inputs_of_no_known_shape_are_the_providers_to_refuse(
    edge: Edge, tenant: Tenant, given: Any
) -> None:
    answer = embed(tenant, given)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "input"
    assert edge.openai.calls() == 1


def test_missing_input(edge: Edge, tenant: Tenant) -> None:
    answer = tenant.post(PATH, {"model": MODEL})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input")
    assert edge.openai.calls() == 0


def test_cache_control_holds_for_embeddings_too(edge: Edge, tenant: Tenant) -> None:
    embed(tenant, "hello")
    only = {"x-watchllm-cache": "only"}
    assert embed(tenant, "hello", only).headers["x-watchllm-cache"] == "HIT"
    assert embed(tenant, ["hello", "new"], only).status_code == 504
    assert (
        embed(tenant, "hello", {"x-watchllm-cache": "off"}).headers["x-watchllm-cache"] == "BYPASS"
    )
    assert (
        embed(tenant, "hello", {"cache-control": "no-cache"}).headers["x-watchllm-cache"] == "MISS"
    )
    elsewhere = {"x-watchllm-cache-namespace": "b"}
    assert embed(tenant, "hello", elsewhere).headers["x-watchllm-cache"] == "MISS"
    assert edge.openai.calls() == 4


def test_a_day_is_the_default_ttl(tenant: Tenant) -> None:
    embed(tenant, "hello")
    (stored,) = [c for c in tenant.commands() if 86_400_000 in c]
    assert stored


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": [], "model": "m", "usage": {"prompt_tokens": 1}}',
        b'{"data": [{"index": 1, "embedding": [1]}], "model": "m", "usage": {"prompt_tokens": 1}}',
        b'{"data": [{"index": 0, "embedding": []}], "model": "m", "usage": {"prompt_tokens": 1}}',
        b'{"data": [{"index": 0, "embedding": [1]}, {"index": 0, "embedding": [2]}], "usage": {}}',
        b"[]",
        b"<html>",
    ],
)
def test_a_providers_answer_that_does_not_fit_is_never_stored(
    edge: Edge, tenant: Tenant, body: bytes
) -> None:
    wrong = Behaviour("raw", status=200, body=body, content_type="application/json")
    edge.openai.behave(MODEL, wrong)
    answer = embed(tenant, "hello")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "upstream_unreachable")
    edge.openai.behave_well()
    assert embed(tenant, "hello").headers["x-watchllm-cache"] == "MISS"


def test_a_providers_error_is_passed_on(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave(MODEL, Behaviour("rate-limited", retry_after="9"))
    answer = embed(tenant, ["a", "b"])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "9")


def together(edge: Edge, tenant: Tenant, batches: list[Any]) -> list[httpx.Response]:
    """Embed each batch, the later ones while the provider keeps the first waiting."""
    embed(tenant, "warm")
    edge.settled()
    edge.quiet_traffic()
    edge.openai.behave(MODEL, Behaviour("hold"))

    def ask(batch: Any) -> httpx.Response:
        return tenant.post(PATH, {"model": MODEL, "input": batch, "dimensions": 8})

    with ThreadPoolExecutor(len(batches)) as pool:
        asked: list[Future[httpx.Response]] = [pool.submit(ask, batches[0])]
        edge.openai.wait_for_requests(1)
        asked += [pool.submit(ask, batch) for batch in batches[1:]]
        until(lambda: tenant.trips() >= len(batches), "the others to be admitted")
        edge.openai.release()
        return [answer.result() for answer in asked]


def test_identical_batches_reach_the_provider_once(edge: Edge, tenant: Tenant) -> None:
    texts = ["a", "b", "a"]
    answers = together(edge, tenant, [texts] * 20)
    assert asked(edge) == [["a", "b"]]
    first, *others = [vectors(answer) for answer in answers]
    assert all(other == first for other in others)
    counted = Counter(answer.headers["x-watchllm-cache"] for answer in answers)
    assert counted["MISS"] == 1
    assert counted["HIT"] + counted["HIT-COALESCED"] == 19
    edge.settled()
    rows = [row for row in tenant.rows(21) if row["cache_status"] == "HIT-COALESCED"]
    assert all((row["cost_nanousd"], row["saved_nanousd"]) == (0, 60) for row in rows)


def test_a_batch_larger_than_a_round_trip_flies_together_too(edge: Edge, tenant: Tenant) -> None:
    texts = [f"text {number}" for number in range(300)]
    answers = together(edge, tenant, [texts, texts])
    assert edge.openai.calls() == 1
    assert vectors(answers[0]) == vectors(answers[1])


@pytest.mark.parametrize("body", [b"{}", b'{"data": []}'], ids=["refused", "unreadable"])
def test_who_waits_for_a_batch_that_fails_asks_for_itself(
    edge: Edge, tenant: Tenant, body: bytes
) -> None:
    embed(tenant, "warm")
    status = 400 if body == b"{}" else 200
    failing = Behaviour("hold", status=status, body=body, content_type="application/json")
    edge.settled()
    edge.quiet_traffic()
    edge.openai.behave(MODEL, failing, times=1)
    with ThreadPoolExecutor(2) as pool:
        ask = {"model": MODEL, "input": ["a", "b"], "dimensions": 8}
        leader = pool.submit(tenant.post, PATH, ask)
        edge.openai.wait_for_requests(1)
        follower = pool.submit(tenant.post, PATH, ask)
        until(lambda: tenant.trips() >= 2, "the follower to be admitted")
        edge.openai.release()
        assert leader.result().status_code in (400, 502)
        answer = follower.result()
    assert len(vectors(answer)) == 2
    assert answer.headers["x-watchllm-cache"] == "MISS"
    assert edge.openai.calls() == 2


@pytest.mark.parametrize("headers", [{}, {"x-watchllm-cache": "off"}], ids=["cached", "off"])
def test_a_token_limit_holds_whether_the_cache_takes_part_or_not(
    edge: Edge, headers: dict[str, str]
) -> None:
    tenant = edge.tenant(plan={"tokens_per_minute": 30})
    seen = []
    for text in "abcd":
        # About ten tokens, and as many reserved until the provider has counted them.
        words = " ".join([text] * 10)
        answer = tenant.post(PATH, {"model": MODEL, "input": words, "dimensions": 8}, headers)
        seen.append(answer.status_code)
        edge.settled()
    assert seen[0] == 200
    assert seen[-1] == 429
    assert answer.json()["error"]["type"] == "tokens"


def test_a_budget_holds_where_the_cache_takes_no_part(edge: Edge) -> None:
    tenant = edge.tenant(project={"monthly_budget_nanousd": 1})
    off = {"x-watchllm-cache": "off"}
    assert embed(tenant, "one two", off).status_code == 200
    edge.settled()
    refused = embed(tenant, "three", off)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "budget_exceeded")


def test_a_reservation_for_tokens_is_corrected(edge: Edge) -> None:
    tenant = edge.tenant(plan={"tokens_per_minute": 1000})
    words = ["one two three four", "five"]
    for given in (words, words, [*words, "six"]):
        embed(tenant, given)
        edge.settled()
    used = edge.redis("GET", f"{tenant.project_id}:tpm:plan:sum")
    assert used == "6"
