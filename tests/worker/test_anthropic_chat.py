"""OpenAI's SDK on Anthropic's models, through the running edge."""

import secrets
import time
from typing import Any

import openai
import pytest

from shared import pricing
from tests.doubles.anthropic_api import Behaviour
from tests.worker.edge import Edge, Tenant
from tests.worker.sdks import (
    MODEL,
    SCHEMA,
    TOOLS,
    chat_streamed,
    chat_whole,
    healthy,
    native,
    openai_sdk,
    same,
)

CHAT_TOOLS: list[Any] = [
    {"type": "function", "function": {"name": tool["name"], "parameters": tool["input_schema"]}}
    for tool in TOOLS
]
CHAT: dict[str, dict[str, Any]] = {
    "text": {},
    "tools": {"tools": CHAT_TOOLS},
    "one tool": {"tools": CHAT_TOOLS, "tool_choice": "required", "parallel_tool_calls": False},
    "thinking": {"reasoning_effort": "low"},
    "schema": {
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
        }
    },
    "cut": {"max_completion_tokens": 2},
}


def chat(content: Any = None, **more: Any) -> dict[str, Any]:
    """A chat completion request for an Anthropic model."""
    request = native(content, **more)
    if "max_tokens" not in more:
        del request["max_tokens"]
    return request


@pytest.mark.parametrize("kind", CHAT)
def test_chat_from_a_whole_answer(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = chat(**CHAT[kind])
    with openai_sdk(tenant) as client:
        first, original = chat_whole(client, body)
        second, again = chat_whole(client, body)
        third, replayed = chat_streamed(client, body)
    assert (first, second, third) == ("MISS", "HIT", "HIT")
    assert again == original
    assert same(replayed, original)


@pytest.mark.parametrize("kind", CHAT)
def test_chat_from_a_streamed_answer(edge: Edge, tenant: Tenant, kind: str) -> None:
    body = chat(**CHAT[kind])
    with openai_sdk(tenant) as client:
        first, original = chat_streamed(client, body)
        edge.settled()
        second, replayed = chat_streamed(client, body)
        third, again = chat_whole(client, body)
    assert (first, second, third) == ("MISS", "HIT", "HIT")
    assert same(replayed, original)
    assert same(again, original)


@pytest.mark.parametrize("stream", [False, True])
def test_a_conversation_with_thinking_and_tools(edge: Edge, tenant: Tenant, stream: bool) -> None:
    body = chat(tools=CHAT_TOOLS, reasoning_effort="low")
    with openai_sdk(tenant) as client:
        _, completion = (chat_streamed if stream else chat_whole)(client, body)
        said = completion["choices"][0]["message"]
        assert completion["choices"][0]["finish_reason"] == "tool_calls"
        assert len(said["tool_calls"]) == 2
        assert said["reasoning_content"] == said["thinking_blocks"][0]["thinking"]
        results = [
            {"role": "tool", "tool_call_id": call["id"], "content": "sunny"}
            for call in said["tool_calls"]
        ]
        # The double refuses thinking whose signature is not the one it gave.
        body["messages"] = [*body["messages"], said, *results]
        _, completion = chat_whole(client, body)
    assert completion["choices"][0]["finish_reason"] == "stop"


def test_the_usage_chunk_comes_only_when_asked_for(edge: Edge, tenant: Tenant) -> None:
    body = chat(stream=True)
    assert b'"usage"' not in tenant.post("/v1/chat/completions", body).content
    body = chat(stream=True, stream_options={"include_usage": True})
    assert tenant.post("/v1/chat/completions", body).content.count(b'"usage":{') == 1


def test_chat_refusals_are_filtered_and_not_stored(edge: Edge, tenant: Tenant) -> None:
    body = chat(f"refuse {secrets.token_hex(4)}")
    with openai_sdk(tenant) as client:
        for _ in range(2):
            status, completion = chat_whole(client, body)
            assert status == "MISS"
            choice = completion["choices"][0]
            assert choice["finish_reason"] == "content_filter"
            assert choice["message"]["refusal"] == "This is against the policy."


def test_chat_money_counts_what_the_prompt_cache_wrote(edge: Edge, tenant: Tenant) -> None:
    rate = pricing.rates("anthropic", MODEL, prompt_tokens=1000, at=time.time(), tier="")
    assert rate is not None
    for more, factor in (({}, rate.cache_write), ({"ttl": "1h"}, rate.cache_write_hour)):
        mark = {"type": "ephemeral", **more}
        marked = {"type": "text", "text": f"{secrets.token_hex(4)} " * 99, "cache_control": mark}
        assert tenant.post("/v1/chat/completions", chat([marked])).status_code == 200
        edge.settled()
        row = tenant.rows()[-1]
        assert factor is not None
        written = row["prompt_tokens"] - 5
        spent = 5 * rate.input + written * factor + row["completion_tokens"] * rate.output
        assert row["cost_nanousd"] == round(spent * 1000)


@pytest.mark.parametrize(
    "case",
    [
        ({"n": 2}, 400, "invalid_request_error", "invalid_request", "n"),
        ({"logprobs": True}, 400, "invalid_request_error", "invalid_request", "logprobs"),
        ({"model": "claude-no-such"}, 404, "invalid_request_error", "model_not_found", None),
        ({"frequency_penalty": 1}, 400, "invalid_request_error", "invalid_request", None),
        ({"unknown_field": 1}, 400, "invalid_request_error", None, None),
    ],
)
def test_chat_errors_have_openais_envelope(
    edge: Edge,
    tenant: Tenant,
    case: tuple[dict[str, Any], int, str, str | None, str | None],
) -> None:
    change, status, kind, code, param = case
    answer = tenant.post("/v1/chat/completions", {**chat(), **change})
    error = answer.json()["error"]
    assert answer.status_code == status
    assert (error["type"], error["code"]) == (kind, code)
    assert param is None or error["param"] == param


@pytest.mark.parametrize(
    "case",
    [
        ("rate-limited", 429, "rate_limit_exceeded", openai.RateLimitError),
        ("overloaded", 529, "overloaded", openai.InternalServerError),
    ],
)
def test_chat_provider_errors_are_translated(
    edge: Edge,
    tenant: Tenant,
    case: tuple[Any, int, str, type[openai.APIStatusError]],
) -> None:
    behaviour, status, code, error = case
    healthy(tenant)
    edge.anthropic.behave("claude-opus-5-5", Behaviour(behaviour))
    with openai_sdk(tenant) as client, pytest.raises(error) as raised:
        client.chat.completions.create(**chat(model="claude-opus-5-5"))
    assert raised.value.status_code == status
    assert raised.value.code == code


@pytest.mark.parametrize("fault", ["truncate", "error-mid", "reset-mid"])
def test_chat_streams_that_fail_are_not_stored(edge: Edge, tenant: Tenant, fault: Any) -> None:
    edge.anthropic.behave(MODEL, Behaviour(fault), times=1)
    body = chat(stream=True)
    first = tenant.post("/v1/chat/completions", body)
    assert b"[DONE]" not in first.content
    assert b'"error"' in first.content
    edge.settled()
    second = tenant.post("/v1/chat/completions", body)
    assert second.headers["x-watchllm-cache"] == "MISS"
    assert second.content.endswith(b"data: [DONE]\n\n")


def test_models_of_anthropic_are_listed(edge: Edge, tenant: Tenant) -> None:
    with openai_sdk(tenant) as client:
        listed = {model.id: model for model in client.models.list()}
    assert listed["anthropic/claude-opus-5-5"].owned_by == "anthropic"
    assert listed["anthropic/claude-opus-5-5"].created > 0


@pytest.mark.parametrize("name", ["anthropic/claude-opus-5-5", "claude-opus-5-5"])
def test_one_model_of_anthropic(edge: Edge, tenant: Tenant, name: str) -> None:
    with openai_sdk(tenant) as client:
        model = client.models.retrieve(name)
    encoded = tenant.http.get("/v1/models/" + name.replace("/", "%2F"))
    assert (model.id, model.owned_by) == (name, "anthropic")
    assert encoded.json()["id"] == name
    assert [(row["endpoint"], row["status"]) for row in tenant.rows(2)] == [("/v1/models", 200)] * 2
