"""Numbers that are computed with, from callers and from providers, at and beyond their bounds."""

import asyncio
import json
from typing import Any

import pytest

from gateway.core.errors import InvalidRequest
from gateway.endpoints import fields
from gateway.formats.base import MOST_TOKENS, count
from gateway.formats.messages import read_usage
from tests.worker.test_wrong_types import ANSWERS, Gateway
from tests.worker.wrong_types import REQUESTS

BEYOND = 10**307


@pytest.mark.parametrize(
    ("body", "limit"),
    [
        ({}, 0),
        ({"a": None, "b": 7}, 7),
        ({"a": 5, "b": 7}, 5),
        ({"a": 1000.0}, 1000),
        ({"a": -1}, 0),
        ({"a": MOST_TOKENS}, MOST_TOKENS),
        ({"a": "7"}, 0),
        ({"a": True}, 0),
        ({"a": 1.5}, 0),
    ],
)
def test_a_token_limit(body: dict[str, Any], limit: int) -> None:
    assert fields.token_limit(body, ("a", "b")) == limit


@pytest.mark.parametrize("value", [MOST_TOKENS + 1, -MOST_TOKENS - 1, BEYOND, 1e300])
def test_a_token_limit_beyond_reason(value: float) -> None:
    with pytest.raises(InvalidRequest) as raised:
        fields.token_limit({"a": value}, ("a",))
    assert raised.value.param == "a"


def test_token_counts_fit_the_database() -> None:
    assert count(MOST_TOKENS) == MOST_TOKENS
    assert count(MOST_TOKENS + 1) is None
    usage = {"input_tokens": MOST_TOKENS, "cache_read_input_tokens": 1, "output_tokens": 1}
    assert read_usage(usage).prompt is None


GENERATIONS = ("chat", "chat to Anthropic", "messages", "messages to OpenAI", "responses")
LIMITS = ("max_completion_tokens", "max_tokens", "max_output_tokens")


@pytest.mark.parametrize("name", [*GENERATIONS, "completions"])
def test_where_tokens_are_limited(name: str) -> None:
    """The reservation is computed from the caller's number, the charge from the provider's."""
    path, good = REQUESTS[name]
    bodies = [{**good, field: BEYOND} for field in LIMITS if field in good] or [
        {**good, "max_tokens": BEYOND}
    ]

    async def run() -> None:
        gateway = Gateway(tokens_per_minute=10**6)
        try:
            for body in bodies:
                status, text = await gateway.post(path, body, turn=0)
                assert (status, json.loads(text)["error"]["code"]) == (400, "invalid_request")
            assert (await gateway.post(path, good, turn=1))[0] == 200
            assert gateway.platform.usage_logs[-1]["cache_status"] == "MISS"
        finally:
            await gateway.platform.close()

    asyncio.run(run())


@pytest.mark.parametrize("name", ANSWERS)
def test_counts_of_a_provider_beyond_reason_are_unknown(name: str) -> None:
    path, body = REQUESTS[name]
    answer = ANSWERS[name]
    wild = {**answer, "usage": dict.fromkeys(answer["usage"], BEYOND)}

    async def run() -> None:
        gateway = Gateway(tokens_per_minute=10**6)
        gateway.answer = ("application/json", json.dumps(wild))
        try:
            status, text = await gateway.post(path, body, turn=0)
            assert status == 200, text
            row = gateway.platform.usage_logs[-1]
            assert row["decision"]["estimated"] is True
            assert row["prompt_tokens"] + (row["completion_tokens"] or 0) < 1_000
        finally:
            await gateway.platform.close()

    asyncio.run(run())
