"""The product through the official Node SDK (tests/e2e/node), on every host."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.worker.edge import ROOT, Edge

FOLDER = Path(__file__).parent / "node"
PINNED_NODE = ROOT / "tests/runtime/node_modules/.bin/node"
Seen = dict[str, Any]
_ran: dict[str, Seen] = {}


@pytest.fixture
def seen(edge: Edge) -> Seen:
    """What every scenario saw; run once for each host."""
    if edge.host not in _ran:
        node = str(PINNED_NODE) if PINNED_NODE.exists() else shutil.which("node")
        if node is None or not (FOLDER / "node_modules").exists():
            pytest.skip(
                f"the Node SDK is not installed: npm ci --prefix {FOLDER.relative_to(ROOT)}"
            )
        tenant = edge.tenant(project={"max_body_bytes": 2_000_000})
        limited = edge.tenant(plan={"requests_per_minute": 1})
        done = subprocess.run(
            [node, "scenarios.mjs", f"{edge.base_url}/v1", tenant.key, limited.key],
            cwd=FOLDER,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        _ran[edge.host] = json.loads(done.stdout)
    return _ran[edge.host]


def test_nothing_crashed(seen: Seen) -> None:
    crashed = {name: item for name, item in seen.items() if "crashed" in str(item)}
    assert crashed == {}


def test_plain(seen: Seen) -> None:
    first, second = seen["plain"]
    assert (first["cache"], second["cache"]) == ("MISS", "HIT")
    assert first["data"] == second["data"]
    assert first["data"]["choices"][0]["message"]["content"] == "You said: plain"


def test_stream(seen: Seen) -> None:
    completion = seen["stream"]["completion"]
    assert completion["choices"][0]["message"]["content"] == "You said: a stream"
    assert completion["usage"]["total_tokens"] > 0
    assert seen["stream"]["chunks"] > 3


def test_a_replayed_stream_is_the_same_to_the_sdk(seen: Seen) -> None:
    first, second = seen["replay"]
    assert first == second
    assert first["tool_calls"][0]["function"]["name"] == "weather"


def test_tools_schema_and_vision(seen: Seen) -> None:
    assert json.loads(seen["tools"][0]["function"]["arguments"]) == {"city": "example"}
    assert seen["schema"] == {"city": "example"}
    assert seen["vision"] == "You said: What is this? [image_url]"


def test_embeddings_and_models(seen: Seen) -> None:
    assert seen["embeddings"] == {"sizes": [1536, 1536], "same": True, "usage": 2}
    assert "gpt-4o-mini" in seen["models"]


@pytest.mark.parametrize(
    ("scenario", "name", "status", "code"),
    [
        ("wrongKey", "AuthenticationError", 401, "invalid_api_key"),
        ("rateLimited", "RateLimitError", 429, "rate_limit_exceeded"),
        ("badRequest", "BadRequestError", 400, "invalid_request"),
        ("badJson", "BadRequestError", 400, "invalid_json"),
        ("tooLarge", "APIError", 413, "request_too_large"),
        ("unknownRoute", "NotFoundError", 404, "unknown_url"),
        ("methodNotAllowed", "APIError", 405, "method_not_allowed"),
        ("unknownModel", "NotFoundError", 404, "model_not_found"),
    ],
)
def test_errors(seen: Seen, scenario: str, name: str, status: int, code: str) -> None:
    error = seen[scenario]
    assert (error["name"], error["status"], error["code"]) == (name, status, code)
    assert error["requestID"]
    assert (error["retryAfter"] is not None) is (scenario == "rateLimited")
