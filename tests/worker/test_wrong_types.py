"""Every value of a rich request, and of a provider's answer, replaced by one of another type.

The caller gets the provider's answer or an error that says what is wrong; the gateway itself never
stumbles, neither before the response nor after it.
"""

import asyncio
import json
from typing import Any

import pytest

from gateway import app
from gateway.cache.recent import RecentAnswers
from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.memory import ProviderMemory
from gateway.providers.registry import DEFAULT_BASE_URLS
from gateway.semantic.embedder_memory import EmbedderMemory
from shared import api_keys
from tests.worker.edge import RECORD
from tests.worker.in_process import ENCRYPTION_KEYS
from tests.worker.memory_platform import Answer, MemoryPlatform, MemoryRequest, read
from tests.worker.wrong_types import ANTHROPIC, OPENAI, REQUESTS, mutations

pytestmark = pytest.mark.spread

ENV = {
    "SUPABASE_URL": "http://supabase",
    "SUPABASE_KEY": "jwt",
    "UPSTASH_REDIS_REST_URL": "http://redis",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "API_KEY_PEPPER": "pepper",
    "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-anthropic",
}
ANSWERS: dict[str, dict[str, Any]] = {
    "chat": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": OPENAI,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "No.",
                    "refusal": None,
                    "reasoning_content": "hm",
                    "tool_calls": [
                        {
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "rain", "arguments": "{}"},
                        }
                    ],
                },
                "logprobs": {"content": [{"token": "No", "logprob": -0.1}]},
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 3,
            "completion_tokens": 2,
            "total_tokens": 5,
            "prompt_tokens_details": {"cached_tokens": 1},
        },
    },
    "messages": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": ANTHROPIC,
        "content": [
            {"type": "thinking", "thinking": "hm", "signature": "s"},
            {"type": "text", "text": "No.", "citations": None},
            {"type": "tool_use", "id": "toolu_1", "name": "rain", "input": {"city": "Kyiv"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "output_tokens": 2,
            "cache_read_input_tokens": 1,
            "cache_creation": {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 0},
        },
    },
    "responses": {
        "id": "resp_1",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": OPENAI,
        "error": None,
        "incomplete_details": None,
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "h"}]},
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "No.", "annotations": []}],
            },
            {"type": "function_call", "id": "fc_1", "call_id": "c", "name": "rain"},
        ],
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 1},
            "output_tokens": 2,
        },
    },
    "completions": {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": OPENAI,
        "choices": [
            {"index": 0, "text": "No.", "finish_reason": "stop", "logprobs": None},
            {"index": 1, "text": "Yes.", "finish_reason": "stop", "logprobs": None},
        ],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
    },
    "embeddings": {
        "object": "list",
        "model": OPENAI,
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.1, 0.2]},
            {"object": "embedding", "index": 1, "embedding": [0.3, 0.4]},
        ],
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
    },
}
CHUNKS: list[dict[str, Any]] = [
    {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": OPENAI,
        "choices": [
            {
                "index": 0,
                "delta": {
                    "role": "assistant",
                    "content": "No.",
                    "tool_calls": [
                        {
                            "index": 0,
                            "id": "call_1",
                            "type": "function",
                            "function": {"name": "rain", "arguments": "{}"},
                        }
                    ],
                },
                "logprobs": {"content": [{"token": "No", "logprob": -0.1}]},
                "finish_reason": None,
            }
        ],
    },
    {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    {"id": "chatcmpl-1", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}},
]
EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": ANSWERS["messages"]
        | {"content": [], "stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}},
    },
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "t", "name": "rain", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": "{}"},
    },
    {"type": "content_block_stop", "index": 0},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use", "stop_sequence": None},
        "usage": {"output_tokens": 2},
    },
    {"type": "message_stop"},
]


class Gateway:
    """The whole gateway in this process, before a provider that answers whatever it is told."""

    def __init__(self, redis_url: str | None = None, **plan: Any) -> None:
        self.answer: Answer | None = None
        self.platform = MemoryPlatform(
            lambda *asked: self.answer or _good(*asked), redis_url=redis_url
        )
        self._settings = settings.load(ENV, DEFAULT_BASE_URLS)
        self._runtime = self.runtime()
        self._key = api_keys.generate()
        self.platform.records[api_keys.key_hash(self._key, b"pepper")] = RECORD | {
            "key_id": "key",
            "project_id": "aaaaaaaa-0000-4000-8000-000000000000",
            "organization_id": "organization",
            "credentials": [],
            "plan": RECORD["plan"] | plan,
            "project": RECORD["project"] | {"semantic_mode": "balanced"},
        }

    def runtime(self) -> Runtime:
        """A new isolate."""
        return Runtime(self._settings)

    def headers(self) -> dict[str, str]:
        """What every request carries."""
        return {"authorization": f"Bearer {self._key}", "content-type": "application/json"}

    async def post(self, path: str, body: Any, *, turn: int) -> tuple[int, str]:
        """Status and text; background work is done, and raised nothing.

        Each ``turn`` has a namespace of its own, so that no other turn's answer is found there.
        """
        headers = self.headers() | {"x-watchllm-cache-namespace": f"turn-{turn}"}
        request = MemoryRequest(path, headers, body)
        # Nothing of the last answer is remembered: each provider's breaker is closed, and an answer
        # that is found is read from Redis.
        runtime = self._runtime
        runtime.providers, runtime.embedder = ProviderMemory(), EmbedderMemory()
        runtime.recent = RecentAnswers()
        response = await app.handle(runtime, self.platform, request)
        text = await read(response)
        await self.platform.finish()
        return response.status, text


def _good(headers: dict[str, str], body: dict[str, Any]) -> Answer:
    if "prompt" in body:
        name = "completions"
    elif "input" in body:
        name = "embeddings" if "dimensions" in body else "responses"
    else:
        name = "messages" if "x-api-key" in headers else "chat"
    return "application/json", json.dumps(ANSWERS[name])


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_with_a_value_of_another_type(name: str, redis_url: str | None) -> None:
    path, good = REQUESTS[name]

    async def run() -> list[str]:
        gateway = Gateway(redis_url)
        wrong = []
        try:
            status, text = await gateway.post(path, good, turn=0)
            assert status == (404 if name == "feedback" else 200), text
            for turn, (where, body) in enumerate(mutations(good), 1):
                status, text = await gateway.post(path, body, turn=turn)
                if status not in (200, 400, 404, 502) or "internal_error" in text:
                    wrong.append(f"{where}: {status} {text[:200]}")
        finally:
            await gateway.platform.close()
        return wrong

    assert not (wrong := asyncio.run(run())), "\n".join(wrong)


ASKED = {
    "chat": ("chat", ANSWERS["chat"]),
    "chat to Anthropic": ("chat to Anthropic", ANSWERS["messages"]),
    "messages": ("messages", ANSWERS["messages"]),
    "messages to OpenAI": ("messages to OpenAI", ANSWERS["chat"]),
    "responses": ("responses", ANSWERS["responses"]),
    "completions": ("completions", ANSWERS["completions"]),
    "embeddings": ("embeddings", ANSWERS["embeddings"]),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_with_a_value_of_another_type(name: str, redis_url: str | None) -> None:
    """Passed on or refused; what is then found in the cache is the same."""
    asked, good = ASKED[name]
    path, body = REQUESTS[asked]

    async def run() -> list[str]:
        gateway = Gateway(redis_url)
        wrong = []
        try:
            gateway.answer = ("application/json", json.dumps(good))
            status, text = await gateway.post(path, body, turn=0)
            assert status == 200, text
            for turn, (where, answer) in enumerate(mutations(good), 1):
                gateway.answer = ("application/json", json.dumps(answer))
                status, text = await gateway.post(path, body, turn=turn)
                if status not in (200, 502) or "internal_error" in text:
                    wrong.append(f"{where}: {status} {text[:200]}")
                    continue
                again, repeated = await gateway.post(path, body, turn=turn)
                if status == 200 and (again, _answer(repeated)) != (200, _answer(text)):
                    wrong.append(f"{where}: then {again} {repeated[:200]}")
                if name != "embeddings":
                    again, repeated = await gateway.post(path, body | {"stream": True}, turn=turn)
                    if again not in (200, 502) or "internal_error" in repeated:
                        wrong.append(f"{where}: streamed {again} {repeated[:200]}")
        finally:
            await gateway.platform.close()
        return wrong

    assert not (wrong := asyncio.run(run())), "\n".join(wrong)


STREAMS = {
    "chat": ("chat, stream", CHUNKS),
    "chat to Anthropic": ("chat to Anthropic", EVENTS),
    "messages": ("messages, stream", EVENTS),
    "messages to OpenAI": ("messages to OpenAI", CHUNKS),
}


@pytest.mark.parametrize("name", STREAMS)
def test_an_event_with_a_value_of_another_type(name: str, redis_url: str | None) -> None:
    """The client gets the stream, or its error in the stream."""
    asked, good = STREAMS[name]
    path, body = REQUESTS[asked]

    async def run() -> list[str]:
        gateway = Gateway(redis_url)
        wrong = []
        try:
            for turn, (where, events) in enumerate(mutations(good)):
                gateway.answer = ("text/event-stream", _stream(events))
                status, text = await gateway.post(path, body | {"stream": True}, turn=turn)
                if status not in (200, 502) or "internal_error" in text:
                    wrong.append(f"{where}: {status} {text[:200]}")
        finally:
            await gateway.platform.close()
        return wrong

    assert not (wrong := asyncio.run(run())), "\n".join(wrong)


def _answer(text: str) -> Any:
    """A translated answer that is not stored is made anew, perhaps a second later."""
    answer = json.loads(text)
    answer.pop("created", None)
    return answer


def _stream(events: list[Any]) -> str:
    lines = []
    for event in events:
        if isinstance(event, dict) and isinstance(event.get("type"), str):
            lines.append(f"event: {event['type']}\n")
        lines.append(f"data: {json.dumps(event)}\n\n")
    return "".join(lines) + "data: [DONE]\n\n"
