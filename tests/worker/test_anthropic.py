"""Anthropic's SDK on Anthropic's models, through the running edge."""

import json
import secrets
import time
from typing import Any

import anthropic
import httpx2
import pytest

from shared import pricing
from tests.doubles.anthropic_api import Behaviour
from tests.worker import fixtures
from tests.worker.edge import Edge, Tenant
from tests.worker.sdks import (
    MODEL,
    NATIVE,
    healthy,
    native,
    same,
    sdk,
    streamed,
    whole,
)


def test_beta_headers_on_lines_of_their_own(edge: Edge, tenant: Tenant) -> None:
    body = native(**NATIVE["text"])

    def ask(*betas: str) -> str:
        lines = [("anthropic-beta", beta) for beta in betas]
        answer = tenant.http.post("/v1/messages", json=body, headers=lines)
        assert answer.status_code == 200, answer.text
        edge.settled()
        return str(answer.headers["x-watchllm-cache"])

    assert ask("a-2025-01-01", "b-2025-01-01") == "MISS"
    assert edge.anthropic.requests[-1].headers["anthropic-beta"] == "a-2025-01-01, b-2025-01-01"
    assert ask("a-2025-01-01, b-2025-01-01") == "HIT"
    assert ask("b-2025-01-01") == "MISS"


@pytest.mark.parametrize("kind", NATIVE)
def test_a_whole_answer_serves_both_forms(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = native(**NATIVE[kind])
    with sdk(tenant) as client:
        first, original = whole(client, body)
        second, again = whole(client, body)
        third, replayed = streamed(client, body)
    assert (first, second, third) == ("MISS", "HIT", "HIT")
    assert again == original
    assert same(replayed, original)
    assert edge.anthropic.calls("/v1/messages") == 1


@pytest.mark.parametrize("kind", NATIVE)
def test_a_streamed_answer_serves_both_forms(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = native(**NATIVE[kind])
    with sdk(tenant) as client:
        first, original = streamed(client, body)
        edge.settled()
        second, replayed = streamed(client, body)
        third, again = whole(client, body)
    assert (first, second, third) == ("MISS", "HIT", "HIT")
    assert replayed == original
    assert same(again, original)
    assert edge.anthropic.calls("/v1/messages") == 1


@pytest.mark.parametrize("name", fixtures.names("anthropic"))
def test_recorded_streams_and_their_replays_are_one_to_the_sdk(
    edge: Edge, tenant: Tenant, name: str
) -> None:
    edge.anthropic.behave(MODEL, Behaviour("raw", body=fixtures.stream("anthropic", name)))
    body = native()
    with sdk(tenant) as client:
        first, original = streamed(client, body)
        edge.settled()
        second, replayed = streamed(client, body)
    assert first == "MISS"
    assert second == ("MISS" if name == "refusal" else "HIT")
    assert replayed == original


@pytest.mark.parametrize("name", fixtures.broken("anthropic"))
def test_broken_streams_are_never_stored(edge: Edge, tenant: Tenant, name: str) -> None:
    edge.anthropic.behave(MODEL, Behaviour("raw", body=fixtures.stream("anthropic", name)))
    body = {**native(), "stream": True}
    first = tenant.post("/v1/messages", body)
    assert first.content == fixtures.stream("anthropic", name)
    edge.settled()
    assert tenant.post("/v1/messages", body).headers["x-watchllm-cache"] == "MISS"
    (row, *_) = tenant.rows(2)
    assert row["error_code"] == "stream_incomplete"
    assert row["prompt_tokens"] == 25


def test_what_reaches_anthropic(edge: Edge, tenant: Tenant) -> None:
    headers = {"anthropic-beta": "some-beta", "anthropic-version": "2026-10-21"}
    assert tenant.post("/v1/messages", native(), headers).status_code == 200
    assert tenant.post("/v1/messages", native()).status_code == 200
    given, default = edge.anthropic.requests
    assert given.headers["anthropic-version"] == "2026-10-21"
    assert given.headers["anthropic-beta"] == "some-beta"
    assert default.headers["anthropic-version"] == "2023-06-01"
    for request in (given, default):
        assert request.headers["x-api-key"] == edge.anthropic.key
        assert tenant.key not in json.dumps(dict(request.headers))


def test_the_sdk_knows_the_id_of_its_request(edge: Edge, tenant: Tenant) -> None:
    with sdk(tenant) as client:
        assert client.messages.create(**native())._request_id == tenant.rows()[0]["request_id"]
        with pytest.raises(anthropic.NotFoundError) as raised:
            client.messages.create(**native(model="claude-no-such"))
    assert raised.value.request_id == tenant.rows(2)[1]["request_id"]


def test_version_and_beta_are_part_of_the_key(edge: Edge, tenant: Tenant) -> None:
    body = native()
    for headers in ({}, {"anthropic-version": "2026-10-21"}, {"anthropic-beta": "b"}):
        assert tenant.post("/v1/messages", body, headers).headers["x-watchllm-cache"] == "MISS"


def test_the_key_may_come_as_x_api_key(edge: Edge, tenant: Tenant) -> None:
    tenant.http.headers.pop("authorization")
    answer = tenant.post("/v1/messages", native(), {"x-api-key": tenant.key})
    assert answer.status_code == 200


def test_prompt_cache_markers_share_an_entry(edge: Edge, tenant: Tenant) -> None:
    question = secrets.token_hex(8)
    marked = [{"type": "text", "text": question, "cache_control": {"type": "ephemeral"}}]
    assert tenant.post("/v1/messages", native(marked)).headers["x-watchllm-cache"] == "MISS"
    assert tenant.post("/v1/messages", native(question)).headers["x-watchllm-cache"] == "HIT"


def test_server_tools_are_not_cached(edge: Edge, tenant: Tenant) -> None:
    body = native(tools=[{"type": "web_search_20250305", "name": "web_search"}])
    for _ in range(2):
        assert tenant.post("/v1/messages", body).headers["x-watchllm-cache"] == "BYPASS"


@pytest.mark.parametrize("stream", [False, True])
def test_money_counts_what_the_prompt_cache_wrote_and_read(
    edge: Edge, tenant: Tenant, stream: bool
) -> None:
    marked = {"type": "text", "text": "x " * 200, "cache_control": {"type": "ephemeral"}}
    body = {**native(secrets.token_hex(4), system=[marked]), "stream": stream}
    refresh = {"x-watchllm-cache": "refresh"}
    for headers in ({}, refresh, {}):  # writes the prompt cache; reads it; costs nothing
        assert tenant.post("/v1/messages", body, headers).status_code == 200
        edge.settled()
    wrote, read, hit = tenant.rows(3)
    rate = pricing.rates("anthropic", MODEL, prompt_tokens=1000, at=time.time(), tier="")
    assert rate is not None
    cached = wrote["prompt_tokens"] - 5
    for row, factor in ((wrote, rate.cache_write), (read, rate.cached_input)):
        assert factor is not None
        spent = 5 * rate.input + cached * factor + row["completion_tokens"] * rate.output
        assert row["cost_nanousd"] == round(spent * 1000)
    assert (wrote["cached_tokens"], read["cached_tokens"]) == (0, cached)
    assert (wrote["cache_write_tokens"], read["cache_write_tokens"]) == (cached, 0)
    assert wrote["cache_write_hour_tokens"] == 0
    for row, factor in ((wrote, rate.cache_write), (read, rate.cached_input)):
        assert factor is not None
        assert row["prompt_cache_nanousd"] == round(cached * (rate.input - factor) * 1000)
    assert wrote["prompt_cache_nanousd"] < 0 < read["prompt_cache_nanousd"]
    assert hit["prompt_cache_nanousd"] == 0
    assert (hit["cost_nanousd"], hit["saved_nanousd"]) == (0, read["cost_nanousd"])


def test_counting_tokens_passes_through(edge: Edge, tenant: Tenant) -> None:
    with sdk(tenant) as client:
        messages: Any = [{"role": "user", "content": "How long am I?"}]
        counts = [client.messages.count_tokens(model=MODEL, messages=messages) for _ in range(2)]
    assert counts[0].input_tokens == counts[1].input_tokens > 0
    assert edge.anthropic.calls("/v1/messages/count_tokens") == 2
    row = tenant.rows(2)[0]
    assert (row["cache_status"], row["cost_nanousd"]) == ("BYPASS", 0)
    body = {"model": "gpt-4o-mini", "messages": messages}
    estimated = tenant.post("/v1/messages/count_tokens", body)
    assert estimated.json()["estimated"] is True
    assert estimated.json()["input_tokens"] > 0
    assert edge.openai.calls() == 0


# --- errors, in Anthropic's dialect ---


@pytest.mark.parametrize(
    "case",
    [
        ("rate-limited", 429, "rate_limit_error", anthropic.RateLimitError),
        ("overloaded", 529, "overloaded_error", anthropic.InternalServerError),
        ("server-error", 500, "api_error", anthropic.InternalServerError),
    ],
)
def test_provider_errors_keep_status_and_body(
    edge: Edge,
    tenant: Tenant,
    case: tuple[Any, int, str, type[anthropic.APIStatusError]],
) -> None:
    behaviour, status, kind, error = case
    healthy(tenant)
    edge.anthropic.behave("claude-opus-5-5", Behaviour(behaviour))
    with sdk(tenant) as client, pytest.raises(error) as raised:
        client.messages.create(**native(model="claude-opus-5-5"))
    assert raised.value.status_code == status
    assert raised.value.body["error"]["type"] == kind  # type: ignore[index]
    row = tenant.rows(2)[-1]
    assert (row["status"], row["error_code"]) == (status, kind)


@pytest.mark.parametrize(
    "case",
    [
        ({"max_tokens": None}, {}, 400, "invalid_request_error"),
        ({"messages": "x"}, {}, 400, "invalid_request_error"),
        ({"model": ""}, {}, 400, "invalid_request_error"),
        ({"temperature": 5}, {}, 400, "invalid_request_error"),
        ({"model": "claude-no-such"}, {}, 404, "not_found_error"),
        ({}, {"x-watchllm-cache": "only"}, 504, "not_found_error"),
        ({}, {"x-watchllm-cache": "sometimes"}, 400, "invalid_request_error"),
        ({}, {"authorization": "Bearer lgw_wrong"}, 401, "authentication_error"),
    ],
)
def test_errors_have_anthropics_envelope(
    edge: Edge,
    tenant: Tenant,
    case: tuple[dict[str, Any], dict[str, str], int, str],
) -> None:
    change, headers, status, kind = case
    answer = tenant.post("/v1/messages", {**native(), **change}, headers)
    assert answer.status_code == status
    assert answer.json()["type"] == "error"
    assert answer.json()["error"]["type"] == kind
    assert answer.json()["error"]["message"]


def test_a_stream_that_breaks_off_is_an_exception_to_the_sdk(edge: Edge, tenant: Tenant) -> None:
    edge.anthropic.behave(MODEL, Behaviour("reset-mid"))
    with (
        sdk(tenant) as client,
        pytest.raises((anthropic.APIError, httpx2.TransportError)),
        client.messages.stream(**native()) as stream,
    ):
        stream.get_final_message()
    (row,) = tenant.rows()
    assert row["error_code"] == "upstream_disconnected"


def test_an_error_event_reaches_the_sdk_as_an_exception(edge: Edge, tenant: Tenant) -> None:
    edge.anthropic.behave(MODEL, Behaviour("error-mid"))
    with (
        sdk(tenant) as client,
        pytest.raises(anthropic.APIStatusError, match="Overloaded"),
        client.messages.stream(**native()) as stream,
    ):
        stream.get_final_message()


def test_anthropics_sdk_lists_anthropics_models(edge: Edge, tenant: Tenant) -> None:
    with sdk(tenant) as client:
        page = client.models.list()
        listed = {model.id: model for model in page}
        alias = client.models.retrieve("claude-sonnet-4-5")
    assert (page.has_more, page.first_id in listed, page.last_id in listed) == (False, True, True)
    opus = listed["claude-opus-5-5"]
    assert (opus.type, opus.display_name) == ("model", "Claude Opus 5 5")
    assert opus.created_at.year >= 2025
    assert all(name.startswith("claude-") for name in listed)
    # Anthropic lists the snapshot, claude-sonnet-4-5-20250929.
    assert (alias.type, alias.id) == ("model", "claude-sonnet-4-5")


def test_a_refused_key_has_a_request_id_for_the_sdk(edge: Edge, tenant: Tenant) -> None:
    wrong = "lgw_" + "0" * 38
    url = str(tenant.http.base_url)
    with (
        anthropic.Anthropic(api_key=wrong, base_url=url, max_retries=0) as client,
        pytest.raises(anthropic.AuthenticationError) as raised,
    ):
        client.messages.create(**native())
    assert raised.value.request_id
    assert raised.value.request_id == raised.value.response.headers["x-request-id"]
