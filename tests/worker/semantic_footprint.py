"""One question asked twice of a fresh gateway; prints what the semantic tier loaded for it.

`python -m tests.worker.semantic_footprint MODE HEADER PATH TEXT`: the project's mode, the request's
`x-watchllm-semantic` ("" for none), the endpoint and the prompt. Its last line is two numbers:
modules of `shared.decision` that were imported, and files of the model that were opened. A process
of its own, because other tests load them.
"""

import asyncio
import json
import sys
from typing import Any

from gateway import app
from gateway.core import settings
from gateway.pipeline.runtime import Runtime
from gateway.providers.registry import DEFAULT_BASE_URLS
from shared import api_keys
from tests.worker.edge import RECORD
from tests.worker.in_process import ENCRYPTION_KEYS
from tests.worker.memory_platform import Answer, MemoryPlatform, MemoryRequest, read

CHAT = "/v1/chat/completions"
ENV = {
    "SUPABASE_URL": "http://supabase",
    "SUPABASE_KEY": "jwt",
    "UPSTASH_REDIS_REST_URL": "http://redis",
    "UPSTASH_REDIS_REST_TOKEN": "token",
    "API_KEY_PEPPER": "pepper",
    "ENCRYPTION_KEYS": ENCRYPTION_KEYS,
    "OPENAI_API_KEY": "key",
}


def provider(_headers: dict[str, str], body: dict[str, Any]) -> Answer:
    """A completion in the dialect of the request."""
    said: dict[str, Any] = {"text": "Paris"}
    if "messages" in body:
        said = {"message": {"role": "assistant", "content": "Paris"}}
    answer = {
        "id": "1",
        "object": "chat.completion" if "messages" in body else "text_completion",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [{"index": 0, "finish_reason": "stop", **said}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    return "application/json", json.dumps(answer)


async def ask_twice(mode: str, header: str, path: str, text: str) -> None:
    """The second request finds the first one's entry."""
    platform = MemoryPlatform(provider)
    key = api_keys.generate()
    platform.records[api_keys.key_hash(key, b"pepper")] = RECORD | {
        "key_id": "key",
        "project_id": "project",
        "organization_id": "organization",
        "project": RECORD["project"] | {"semantic_mode": mode},
    }
    runtime = Runtime(settings.load(ENV, DEFAULT_BASE_URLS))
    headers = {"authorization": f"Bearer {key}"} | (
        {"x-watchllm-semantic": header} if header else {}
    )
    asked = {"messages": [{"role": "user", "content": text}]} if path == CHAT else {"prompt": text}
    for expected in ("MISS", "HIT"):
        request = MemoryRequest(path, headers, {"model": "gpt-4o-mini", **asked})
        response = await app.handle(runtime, platform, request)
        assert dict(response.headers)["x-watchllm-cache"] == expected, await read(response)
        await platform.finish()
    await platform.close()


if __name__ == "__main__":
    files: list[str] = []
    sys.addaudithook(lambda event, args: files.append(str(args[0])) if event == "open" else None)
    asyncio.run(ask_twice(*sys.argv[1:]))
    rules = sum(name.startswith("shared.decision") for name in sys.modules)
    model = sum(file.endswith(("table.bin", "pair_model.json")) for file in files)
    print(rules, model)  # noqa: T201 (for the test that started it)
