"""The official Node SDKs assemble the same object from a hit as from the miss before it.

They need a socket: a small server in front of the kit's edge. It answers one request after the
other, as the SDKs in one Node process ask them.
"""

import json
import shutil
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from tests.conformance.edge import Answer, Edge
from tests.worker import fixtures
from tests.worker.edge import ROOT

FOLDER = ROOT / "tests/e2e/node"
PINNED_NODE = ROOT / "tests/runtime/node_modules/.bin/node"
KINDS = {"openai": "openai", "groq": "openai", "anthropic": "anthropic"}
"""SDK → whose recorded streams it reads."""
CASES = [(sdk, fixture) for sdk, kind in KINDS.items() for fixture in fixtures.names(kind)]
_NEVER_STORED = ("refusal", "server_tool")
_REPLACED = {"openai": frozenset({"reasoning", "reasoning_content"})}
"""Members of a message that the SDK does not know: of these it keeps the last piece alone, and a
replay has other pieces (findings/openai-node-keeps-the-last-piece.sh)."""
_SECONDS = 120


def test_a_hit_is_assembled_as_the_miss_was(conformance_edge: Edge) -> None:
    node = str(PINNED_NODE) if PINNED_NODE.exists() else shutil.which("node")
    installed = all((FOLDER / "node_modules" / name).exists() for name in ("openai", "groq-sdk"))
    if node is None or not installed:
        pytest.skip(f"the Node SDKs are not installed: npm ci --prefix {FOLDER.relative_to(ROOT)}")
    edge = conformance_edge
    asked = [
        {"sdk": sdk, "key": edge.project(), "fixture": f"{KINDS[sdk]}/{fixture}"}
        for sdk, fixture in CASES
    ]
    with _Front(edge) as front:
        process = subprocess.Popen(
            [node, "assembled.mjs", f"http://127.0.0.1:{front.server_port}"],
            cwd=FOLDER,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        done = threading.Event()
        said: list[str] = []

        def wait() -> None:
            said.append(process.communicate(json.dumps(asked), timeout=_SECONDS)[0])
            done.set()

        waiter = threading.Thread(target=wait)
        waiter.start()
        while not done.is_set() and waiter.is_alive():
            front.handle_request()
        waiter.join()
    answers = json.loads(said[0])
    for case, (miss, hit), caches in zip(CASES, answers, front.caches(asked), strict=True):
        if caches == ["MISS", "HIT"]:
            assert _plain(hit, case) == _plain(miss, case), case
        else:
            assert case[1] in _NEVER_STORED, (case, caches)
        assert "error" not in miss or case[1] in _NEVER_STORED, (case, miss)


def _plain(answer: Any, case: tuple[str, str]) -> Any:
    """A hit has Groq's own usage numbers where OpenAI's protocol puts them."""
    told = {"usage", "x_groq"} if case[1] == "groq_usage" else set()
    return _without(answer, told | _REPLACED.get(case[0], frozenset()))


def _without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(item, names) for name, item in value.items() if name not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


class _Front(HTTPServer):
    """The edge behind a socket. The header ``x-fixture`` says what the provider streams."""

    timeout = 0.2

    def __init__(self, edge: Edge) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.edge = edge
        self.seen: list[tuple[str, str | None]] = []

    def caches(self, asked: list[dict[str, str]]) -> list[list[str | None]]:
        """What the cache did for each of ``asked``, in order."""
        return [[status for key, status in self.seen if key == one["key"]] for one in asked]


class _Handler(BaseHTTPRequestHandler):
    server: _Front

    def do_POST(self) -> None:
        edge = self.server.edge
        kind, _, fixture = self.headers["x-fixture"].partition("/")
        edge.answers(Answer(fixtures.stream(kind, fixture).decode(), "text/event-stream"))
        body = self.rfile.read(int(self.headers["content-length"]))
        url = f"http://edge.invalid{self.path}"
        answer = edge.handle_request(
            httpx.Request("POST", url, headers=list(self.headers.items()), content=body)
        )
        key = (self.headers["authorization"] or self.headers["x-api-key"]).removeprefix("Bearer ")
        self.server.seen.append((key, answer.headers.get("x-watchllm-cache")))
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""
