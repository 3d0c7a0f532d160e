"""The product's edge as its tests meet it: a real process, real sockets, doubles behind it."""

import copy
import os
import secrets
import socket
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any, Self

import httpx
from shared import api_keys

from tests.doubles.openai_api import OpenAIDouble
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.upstash import UpstashDouble

ROOT = Path(__file__).resolve().parents[2]
PEPPER = "tests-only-pepper"

RECORD: dict[str, Any] = {
    "revision": 1,
    "status": "active",
    "expires_at": None,
    "plan": {
        "slug": "unlimited",
        "monthly_requests": None,
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "overage": "stop",
    },
    "key_limits": {
        "requests_per_minute": None,
        "tokens_per_minute": None,
        "monthly_budget_nanousd": None,
    },
    "project": {
        "slug": "tests",
        "cache_enabled": True,
        "ttl_seconds": 3600,
        "embeddings_ttl_seconds": 86400,
        "max_temperature": None,
        "max_body_bytes": 10_000_000,
        "namespace": "",
        "semantic_mode": "off",
        "cache_on_disconnect": True,
        "default_provider": "openai",
        "log_prompts": False,
        "data_key_salt": "00" * 16,
        "monthly_budget_nanousd": None,
        "routes": [],
    },
    "credentials": [],
}


class Tenant:
    """One project with one key, known to the Supabase double."""

    def __init__(self, edge: "Edge", changes: dict[str, Any]) -> None:
        self.key = api_keys.generate()
        self.hash = api_keys.key_hash(self.key, PEPPER.encode())
        self.project_id = str(uuid.uuid4())
        self.record = copy.deepcopy(RECORD) | {
            "key_id": str(uuid.uuid4()),
            "project_id": self.project_id,
            "organization_id": str(uuid.uuid4()),
        }
        for name, value in changes.items():
            if isinstance(value, dict):
                self.record[name] |= value
            else:
                self.record[name] = value
        self._edge = edge
        edge.supabase.records[self.hash] = self.record
        self.http = httpx.Client(
            base_url=edge.base_url,
            headers={"authorization": f"Bearer {self.key}"},
            timeout=60,
        )

    def chat(self, text: str = "", headers: dict[str, str] | None = None, **body: Any) -> Any:
        """One chat completion. Without ``text`` the question is a new one."""
        request = {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": text or secrets.token_hex(8)}],
            **body,
        }
        return self.post("/v1/chat/completions", request, headers)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """POST JSON."""
        return self.http.post(path, json=body, headers=headers)

    def rows(self, count: int = 1) -> list[dict[str, Any]]:
        """The project's usage rows once ``count`` of them are written; fails after 10 s."""
        for _ in range(400):
            rows = [r for r in self._edge.supabase.usage_logs if r["project_id"] == self.project_id]
            if len(rows) >= count:
                return rows
            time.sleep(0.025)
        raise AssertionError(f"{len(rows)} usage rows instead of {count}")


class Edge:
    """A running edge host with its doubles."""

    def __init__(self, host: str, redis_url: str | None = None, **env: str) -> None:
        self.host = host
        self.openai = OpenAIDouble()
        self.groq = OpenAIDouble()
        self.supabase = PostgrestDouble()
        self.upstash = UpstashDouble(redis_url)
        self._env = env
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None
        self.base_url = f"http://127.0.0.1:{self._port}"

    def tenant(self, **changes: Any) -> Tenant:
        """A new project and key."""
        return Tenant(self, changes)

    def settled(self) -> None:
        """Return when no round trip has reached Redis for a while: background work is done."""
        seen = -1
        while seen != len(self.upstash.requests):
            seen = len(self.upstash.requests)
            time.sleep(0.15)

    def __enter__(self) -> Self:
        for double in (self.openai, self.groq, self.supabase, self.upstash):
            double.start()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": os.pathsep.join(
                str(ROOT / part) for part in ("shared/src", "worker/src", "tools")
            ),
            "ENVIRONMENT": "test",
            "SUPABASE_URL": self.supabase.url,
            "SUPABASE_KEY": self.supabase.key,
            "UPSTASH_REDIS_REST_URL": self.upstash.url,
            "UPSTASH_REDIS_REST_TOKEN": self.upstash.token,
            "API_KEY_PEPPER": PEPPER,
            "ENCRYPTION_KEYS": "k1:" + "A" * 43 + "=",
            "OPENAI_BASE_URL": self.openai.base_url,
            "OPENAI_API_KEY": self.openai.key,
            "GROQ_BASE_URL": self.groq.base_url,
            "GROQ_API_KEY": self.groq.key,
            **self._env,
        }
        self._process = subprocess.Popen(
            edge_command(self.host, self._port), env=environment, cwd=ROOT, text=True
        )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for double in (self.openai, self.groq, self.supabase, self.upstash):
            double.stop()

    def _wait(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"the {self.host} host ended with {self._process.returncode}")
            try:
                if httpx.get(f"{self.base_url}/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise RuntimeError(f"the {self.host} host did not become healthy")


def edge_command(host: str, port: int) -> list[str]:
    """How the local stack starts the edge on ``host``."""
    if host == "pyodide":
        main = ROOT / "tools/local_stack/pyodide_host/main.mjs"
        return ["node", str(main), "--port", str(port), "--python", sys.executable]
    assert host == "cpython"
    return [
        *(sys.executable, "-m", "granian", "--interface", "asgi", "--loop", "uvloop"),
        *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
        "gateway.platform.cpython:app",
    ]


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
