"""Anthropic's SDK on OpenAI's models, through the running edge."""

from typing import Any

import anthropic
import pytest

from tests.doubles.openai_api import Behaviour
from tests.worker.edge import Edge, Tenant
from tests.worker.sdks import NATIVE, TOOLS, native, same, sdk, streamed, whole


@pytest.mark.parametrize("kind", ["text", "tools", "one tool", "schema", "cut"])
def test_messages_from_openais_models(edge: Edge, tenant: Tenant, kind: str) -> None:
    for read in (whole, streamed):
        body = native(**{**NATIVE[kind], "model": "gpt-4o-mini"})
        with sdk(tenant) as client:
            first, original = read(client, body)
            edge.settled()
            second, again = whole(client, body)
            third, replayed = streamed(client, body)
        assert (first, second, third) == ("MISS", "HIT", "HIT")
        assert same(again, original)
        assert same(replayed, original)
        assert original["usage"]["input_tokens"] > 0
    row = tenant.rows(6)[0]
    assert (row["endpoint"], row["provider"]) == ("/v1/messages", "openai")
    assert row["cost_nanousd"] > 0


def test_messages_from_openais_models_continue_after_tools(edge: Edge, tenant: Tenant) -> None:
    body = native(tools=TOOLS, model="gpt-4o-mini")
    with sdk(tenant) as client:
        _, message = whole(client, body)
        assert message["stop_reason"] == "tool_use"
        calls = [block for block in message["content"] if block["type"] == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": "sunny"} for call in calls
        ]
        assert len(results) == 2
        body["messages"] += [
            {"role": "assistant", "content": message["content"]},
            {"role": "user", "content": results},
        ]
        _, message = whole(client, body)
    assert message["stop_reason"] == "end_turn"


def test_messages_errors_of_openais_models_are_translated(edge: Edge, tenant: Tenant) -> None:
    edge.openai.behave("gpt-4o", Behaviour("rate-limited"))
    with sdk(tenant) as client:
        with pytest.raises(anthropic.RateLimitError) as limited:
            client.messages.create(**native(model="gpt-4o"))
        with pytest.raises(anthropic.NotFoundError) as unknown:
            client.messages.create(**native(model="no-such-model"))
        with pytest.raises(anthropic.BadRequestError, match="top_k"):
            client.messages.create(**native(model="gpt-4o"), extra_body={"top_k": 3})
    assert limited.value.body["error"]["type"] == "rate_limit_error"  # type: ignore[index]
    assert unknown.value.body["error"]["type"] == "not_found_error"  # type: ignore[index]


@pytest.mark.parametrize("fault", ["truncate", "error-mid", "reset-mid", "garbage"])
def test_messages_streams_of_openais_models_that_fail(
    edge: Edge, tenant: Tenant, fault: Any
) -> None:
    edge.openai.behave("gpt-4o", Behaviour(fault), times=1)
    body = native(model="gpt-4o", stream=True)
    first = tenant.post("/v1/messages", body)
    assert b"event: error" in first.content
    assert b"event: message_stop" not in first.content
    edge.settled()
    second = tenant.post("/v1/messages", body)
    assert second.headers["x-watchllm-cache"] == "MISS"
    assert b"event: message_stop" in second.content
