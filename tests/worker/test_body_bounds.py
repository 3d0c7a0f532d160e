"""Bounds of a request's body: at the bound it is taken, beyond it a clear 400."""

import asyncio
import json
from typing import Any

import pytest

from gateway import app
from gateway.admission import refusals
from gateway.core import strict_json
from gateway.core.errors import InvalidRequest, QuotaExceeded, RateLimited
from gateway.endpoints import fields
from tests.worker.edge import ROOT
from tests.worker.memory_platform import MemoryRequest
from tests.worker.test_wrong_types import Gateway
from tests.worker.wrong_types import REQUESTS

CHAT_PATH, CHAT = REQUESTS["chat"]
EMBEDDINGS = "/v1/embeddings"
MODEL = {"model": "text-embedding-3-small"}


@pytest.mark.parametrize("name", fields.MOST_ITEMS)
def test_as_many_items_as_a_field_takes(name: str) -> None:
    limit = fields.MOST_ITEMS[name]
    items: Any = {str(i): 1 for i in range(limit)} if name == "logit_bias" else ["x"] * limit
    fields.sizes({name: items})
    more: Any = {**items, "more": 1} if isinstance(items, dict) else [*items, "x"]
    with pytest.raises(InvalidRequest, match=f"{limit + 1:,} items") as raised:
        fields.sizes({name: more})
    assert raised.value.param == name


def test_inputs_and_one_input_as_tokens() -> None:
    most = {"input": 3}
    fields.sizes({"input": ["x"] * 3}, most)
    fields.sizes({"input": [7] * 4}, most)
    for more in (["x"] * 4, [[7]] * 4):
        with pytest.raises(InvalidRequest):
            fields.sizes({"input": more}, most)


def test_values_of_a_body() -> None:
    most = strict_json.MAX_VALUES
    strict_json.request("[" + "1," * (most - 1) + "1]")
    strict_json.request("[" + "[]," * (most // 2 - 1) + "[]]")
    for more in ("[" + "1," * most + "1]", "[" + "[]," * (most // 2) + "[]]"):
        with pytest.raises(ValueError, match="values"):
            strict_json.request(more)
    # In texts they are characters, also behind escaped quotation marks and backslashes.
    strict_json.request(json.dumps(["," * most, '"' + "[" * most, "\\", "{" * most]))


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        (CHAT_PATH, CHAT | {"model": "m" * 257}, "model"),
        (CHAT_PATH, CHAT | {"logit_bias": {str(i): 1 for i in range(2_049)}}, "logit_bias"),
        (EMBEDDINGS, MODEL | {"input": ["x"] * 2_049}, "input"),
        ("/v1/completions", REQUESTS["completions"][1] | {"prompt": ["x"] * 2_049}, "prompt"),
        ("/v1/messages", REQUESTS["messages"][1] | {"tools": [{}] * 1_025}, "tools"),
        ("/v1/messages/count_tokens", REQUESTS["messages"][1] | {"tools": [{}] * 1_025}, "tools"),
        ("/v1/responses", REQUESTS["responses"][1] | {"input": [{}] * 20_001}, "input"),
        ("/v1/cache/purge", {"model": "m" * 257}, "model"),
        ("/v1/cache/feedback", {"request_id": "r" * 257}, "request_id"),
    ],
)
def test_a_body_beyond_its_bounds(path: str, body: dict[str, Any], param: str) -> None:
    async def run() -> None:
        gateway = Gateway()
        try:
            status, text = await gateway.post(path, body, turn=0)
            error = json.loads(text)["error"]
            assert (status, error["code"]) == (400, "invalid_request"), text
            assert error.get("param", param) == param
            assert len(text) < 3_000
        finally:
            await gateway.platform.close()

    asyncio.run(run())


def test_the_documentation_names_the_bounds() -> None:
    text = (ROOT / "docs/public/limits.md").read_text()
    bounds = {
        *fields.MOST_ITEMS.values(),
        *(fields.MOST_INPUTS, fields.MOST_CHARACTERS, strict_json.MAX_DEPTH),
        strict_json.MAX_VALUES,
    }
    assert not {bound for bound in bounds if f"| {bound:,} |" not in text}


class UnreadRequest(MemoryRequest):
    """Counts how often its body is read."""

    read = 0

    async def text(self, limit: int) -> str:
        self.read += 1
        return await super().text(limit)


@pytest.mark.parametrize(("length", "reads"), [("127999", 1), ("128000", 0), (None, 0)])
def test_over_its_limit_a_key_has_large_bodies_refused_unread(
    length: str | None, reads: int
) -> None:
    async def run() -> None:
        gateway = Gateway(requests_per_minute=1)
        runtime = gateway.runtime()
        headers = gateway.headers() | ({} if length is None else {"content-length": length})
        requests = [UnreadRequest(CHAT_PATH, headers, CHAT) for _ in range(3)]
        try:
            statuses = [
                (await app.handle(runtime, gateway.platform, request)).status
                for request in requests
            ]
            await gateway.platform.finish()
            assert statuses == [200, 429, 429]
            assert [request.read for request in requests] == [1, 1, reads]
            written = [row["status"] for row in gateway.platform.usage_logs]
            assert sorted(written) == statuses
        finally:
            await gateway.platform.close()

    asyncio.run(run())


def test_what_a_limit_refused_is_refused_again_until_then() -> None:
    known = refusals.Refusals()
    known.check("key", 100.0)
    known.remember("key", RateLimited("slow down", headers=[("retry-after", "3")]), 100.0)
    known.check("other", 100.0)
    with pytest.raises(RateLimited, match="slow down") as raised:
        known.check("key", 102.9)
    assert ("retry-after", "3") in raised.value.headers
    known.check("key", 103.0)
    known.remember("key", RateLimited("slow down", headers=[("retry-after", "60")]), 100.0)
    known.check("key", 110.0)
    known.remember("key", QuotaExceeded("used up"), 100.0)
    with pytest.raises(QuotaExceeded):
        known.check("key", 104.9)
    known.check("key", 105.0)
