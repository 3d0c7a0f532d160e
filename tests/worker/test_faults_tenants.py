"""Two tenants send 10,000 random, overlapping requests at once: not one byte crosses.

Each tenant has a provider key of its own, and the provider writes the asker's mark into every
answer: whatever way an answer takes, its mark tells whose it is.
"""

import asyncio
import base64
import json
import random
import struct
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway import app
from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from shared import api_keys
from shared.envelope import Envelope
from tests.worker.edge import RECORD
from tests.worker.in_process import ENCRYPTION_KEYS
from tests.worker.memory_platform import Answer, MemoryPlatform, MemoryRequest, read

REQUESTS = 10_000
AT_ONCE = 40
SEED = 20261123
PATHS = {
    "chat": "/v1/chat/completions",
    "completion": "/v1/completions",
    "embedding": "/v1/embeddings",
    "message": "/v1/messages",
    "purge": "/v1/cache/purge",
}
ENV = {
    "SUPABASE_URL": "http://supabase",
    "SUPABASE_KEY": "jwt",
    "UPSTASH_REDIS_REST_URL": "http://redis",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "API_KEY_PEPPER": "pepper",
    "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
    "SINGLE_FLIGHT_LEASE_SECONDS": "5",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """``mark`` is in all that is this tenant's, ``number`` in its vectors."""

    mark: str
    number: float
    key: str
    project_id: str


def enter(platform: MemoryPlatform, letter: str, number: float) -> Tenant:
    """A tenant that the database knows, with a provider key that begins with its mark."""
    mark = f"mark-of-{letter * 8}"
    project_id = f"{letter * 8}-0000-4000-8000-000000000000"
    tenant = Tenant(mark, number, api_keys.generate(), project_id)
    credentials = []
    for provider in ("openai", "anthropic"):
        nonce = bytes(12)
        sealed = AESGCM(bytes(32)).encrypt(nonce, f"{mark}{KEY_END}".encode(), project_id.encode())
        envelope = Envelope("k1", nonce, sealed).dump()
        credentials.append(
            {
                "id": f"{letter}-{provider}",
                "provider": provider,
                "envelope": envelope,
                "priority": 1,
                "base_url": None,
            }
        )
    platform.records[api_keys.key_hash(tenant.key, b"pepper")] = RECORD | {
        "key_id": f"{letter}-key",
        "project_id": project_id,
        "organization_id": "one-organization",  # even that they share
        "credentials": credentials,
        "project": RECORD["project"] | {"semantic_mode": "balanced"},
    }
    return tenant


def provider(numbers: dict[str, float]) -> Any:
    """Answers every dialect; the beginning of the key it is asked with is the answer's mark."""

    def answer(headers: dict[str, str], body: dict[str, Any]) -> Answer:
        secret = headers.get("x-api-key") or headers["authorization"].removeprefix("Bearer ")
        # Not the key itself: the edge cuts an echoed key out of answers.
        mark = secret.removesuffix(KEY_END)
        if "input" in body:
            inputs = body["input"] if isinstance(body["input"], list) else [body["input"]]
            return _json(_vectors(inputs, numbers[mark], body))
        if "prompt" in body:
            choice = {"index": 0, "text": mark, "finish_reason": "stop", "logprobs": None}
            return _json({"object": "text_completion", "choices": [choice], "usage": _USAGE})
        if "x-api-key" in headers:
            return _json(
                {
                    "id": "msg_1",
                    "type": "message",
                    "role": "assistant",
                    "model": body["model"],
                    "content": [{"type": "text", "text": mark}],
                    "stop_reason": "end_turn",
                    "stop_sequence": None,
                    "usage": {"input_tokens": 3, "output_tokens": 2},
                }
            )
        return _chat(mark, stream=bool(body.get("stream")))

    return answer


KEY_END = "-of-a-provider-key"
_USAGE = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def _json(body: dict[str, Any]) -> Answer:
    return "application/json", json.dumps(body)


def _vectors(inputs: list[str], number: float, body: dict[str, Any]) -> dict[str, Any]:
    vector: Any = [number, float(len(inputs))]
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
    data = [{"object": "embedding", "index": i, "embedding": vector} for i in range(len(inputs))]
    usage = {"prompt_tokens": len(inputs), "total_tokens": len(inputs)}
    return {"object": "list", "model": body["model"], "data": data, "usage": usage}


def _chat(secret: str, *, stream: bool) -> Answer:
    common = {"id": "chatcmpl-1", "created": 1, "model": "gpt-4o-mini"}
    if not stream:
        message = {"role": "assistant", "content": secret}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        body = {**common, "object": "chat.completion", "choices": [choice], "usage": _USAGE}
        return _json(body)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": secret[i : i + 5]} for i in range(0, len(secret), 5)]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    kind = {**common, "object": "chat.completion.chunk"}
    events = [{**kind, "choices": [choice]} for choice in choices]
    events.append({**kind, "choices": [], "usage": _USAGE})
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return "text/event-stream", text + "data: [DONE]\n\n"


SUBJECTS = ("reset my password", "cancel my order", "change my plan", "export my data")
FORMS = ("How do I {}?", "how can i {}", "What is the way to {}?", "Please tell me how to {}.")


def random_request(choose: random.Random) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Path, control headers and body; few enough different ones that they meet all the time."""
    kind = choose.choices(list(PATHS), weights=(60, 10, 20, 9, 1))[0]
    question = choose.choice(FORMS).format(choose.choice(SUBJECTS))
    headers: dict[str, str] = {}
    if choose.random() < 0.1:
        headers["x-watchllm-cache"] = choose.choice(("on", "off", "refresh"))
    if choose.random() < 0.1:
        headers["x-watchllm-cache-namespace"] = choose.choice(("one", "two"))
    body: dict[str, Any]
    if kind == "purge":
        body = choose.choice([{"all": True}, {"model": "gpt-4o-mini"}, {"namespace": "one"}])
    elif kind == "embedding":
        texts = [f"text {choose.randrange(12)}" for _ in range(choose.randint(1, 4))]
        body = {"model": "text-embedding-3-small", "input": texts}
        body["encoding_format"] = choose.choice(("float", "base64"))
    elif kind == "completion":
        body = {"model": "gpt-3.5-turbo-instruct", "prompt": question}
    else:
        model = "claude-sonnet-4-5" if kind == "message" else "gpt-4o-mini"
        body = {"model": model, "messages": [{"role": "user", "content": question}]}
        if kind == "message":
            body["max_tokens"] = 50
        else:
            body["temperature"] = choose.choice((0, 0.5))
            body["stream"] = choose.random() < 0.4
    return PATHS[kind], headers, body


def said(text: str) -> str:
    """All text of an answer, streamed or whole, of any endpoint."""
    if text.startswith("data: "):
        chunks = [json.loads(part[6:]) for part in text.split("\n\n") if part.startswith("data: {")]
        deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas)
    return text


def vectors(text: str) -> list[float]:
    """The first number of each vector."""
    found = []
    for item in json.loads(text)["data"]:
        vector = item["embedding"]
        if isinstance(vector, str):
            vector = struct.unpack("<2f", base64.b64decode(vector))
        found.append(float(vector[0]))
    return found


async def test_not_one_byte_crosses(redis_url: str | None) -> None:
    choose = random.Random(SEED)
    numbers: dict[str, float] = {}
    platform = MemoryPlatform(provider(numbers), redis_url=redis_url)
    tenants = [enter(platform, "a", 1.0), enter(platform, "b", 2.0)]
    numbers |= {tenant.mark: tenant.number for tenant in tenants}
    runtime = Runtime(settings.load(ENV, DEFAULT_BASE_URLS))
    statuses: Counter[str] = Counter()

    async def one(tenant: Tenant, other: Tenant) -> None:
        path, headers, body = random_request(choose)
        sent = {"authorization": f"Bearer {tenant.key}", **headers}
        response = await app.handle(runtime, platform, MemoryRequest(path, sent, body))
        text = await read(response)
        assert response.status == 200, text
        if path == PATHS["purge"]:
            return
        statuses[dict(response.headers)["x-watchllm-cache"]] += 1
        if path == PATHS["embedding"]:
            assert set(vectors(text)) == {tenant.number}
        else:
            assert tenant.mark in said(text)
        everything = text + said(text) + json.dumps(response.headers)
        assert other.mark not in everything
        assert other.project_id not in everything

    waiting: set[asyncio.Task[None]] = set()
    for _ in range(REQUESTS):
        pair = choose.sample(tenants, 2)
        waiting.add(asyncio.create_task(one(*pair)))
        if len(waiting) >= AT_ONCE:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
    await asyncio.gather(*waiting)
    await platform.finish()
    await platform.close()

    # The run covered every way in which an answer can come.
    assert min(statuses[way] for way in ("HIT", "HIT-COALESCED", "HIT-SEMANTIC", "MISS", "BYPASS"))
    assert statuses["HIT"] > REQUESTS / 4, statuses
    for row in platform.usage_logs:
        owner = tenants[0] if row["api_key_id"] == "a-key" else tenants[1]
        assert row["project_id"] == owner.project_id
    assert len(platform.usage_logs) >= sum(statuses.values())
    # At rest nothing is readable, and each command is about one tenant alone.
    for command in platform.stored:
        assert not any(tenant.mark in command for tenant in tenants)
        assert (
            sum(tenant.project_id in command for tenant in tenants) <= 1 or "usage-spool" in command
        )
