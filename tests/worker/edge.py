"""The product's edge as its tests meet it: a real process, real sockets, doubles behind it."""

import copy
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import httpx
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.redis.calls import COMMIT
from local_stack import ports
from shared import api_keys
from shared.envelope import Envelope, credential_aad
from tests.doubles.anthropic_api import AnthropicDouble
from tests.doubles.openai_api import OpenAIDouble
from tests.doubles.postgrest import PostgrestDouble
from tests.doubles.server import Double
from tests.doubles.upstash import UpstashDouble
from tests.loopback import NO_CERTIFICATES
from tests.runtime.wrangler import make_project, wrangler_command, wrangler_environment
from tests.worker.processes import at_work, descendants, is_alive

ROOT = Path(__file__).resolve().parents[2]
PEPPER = "tests-only-pepper"
MAX_BODY_BYTES = 1_000_000
PATIENCE_SECONDS = 120.0
"""When what never happens is a failure: a busy machine makes a test slow, and not fail."""
_CALM = 15
"""So many looks in a row find an edge that is at rest."""

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


class EdgeCannotStart(Exception):
    """This machine lacks what a host needs; the message says what."""


def credential(
    project_id: str, provider: str, key: str, base_url: str | None = None
) -> dict[str, Any]:
    """A provider key in a key record, sealed as the dashboard seals it."""
    nonce = bytes(12)
    aad = credential_aad("v2", project_id, provider, base_url)
    sealed = AESGCM(bytes(32)).encrypt(nonce, key.encode(), aad)
    return {
        "id": "credential-1",
        "provider": provider,
        "envelope": Envelope("k1", nonce, sealed, "v2").dump(),
        "priority": 1,
        "base_url": base_url,
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
            timeout=PATIENCE_SECONDS,
            verify=NO_CERTIFICATES,
        )

    def bring_key(self, base_url: str, provider: str = "openai", key: str = "sk-own") -> None:
        """Give the project a provider key of its own, sealed as the dashboard seals it."""
        self.record["credentials"] = [credential(self.project_id, provider, key, base_url)]

    def chat(self, text: str = "", headers: dict[str, str] | None = None, **body: Any) -> Any:
        """One chat completion. Without ``text`` the question is a new one."""
        request = {
            "model": "gpt-4o-mini",
            "messages": [{"role": "user", "content": text or secrets.token_hex(8)}],
            **body,
        }
        return self.post("/v1/chat/completions", request, headers)

    def ask(self, text: str = "", headers: dict[str, str] | None = None, **body: Any) -> Any:
        """``chat``, and where it is a miss wait until its entry is stored."""
        before = self.stores()
        answer = self.chat(text, headers, **body)
        if answer.headers["x-watchllm-cache"] == "MISS":
            until(lambda: self.stores() > before, "the entry to be stored")
        return answer

    def stores(self) -> int:
        """How often this tenant's entries were written, since the last `forget`."""
        names = (COMMIT.sha1, COMMIT.source)
        return sum(command[1] in names for command in self.commands() if len(command) > 1)

    def post(self, path: str, body: Any, headers: dict[str, str] | None = None) -> httpx.Response:
        """POST JSON."""
        return self.http.post(path, json=body, headers=headers)

    def trips(self) -> int:
        """Round trips to Redis that concern this project or its key, since the last `forget`."""
        names = (self.project_id.encode(), self.hash.encode())
        return sum(
            any(name in request.body for name in names) for request in self._edge.upstash.requests
        )

    def commands(self) -> list[list[Any]]:
        """Every Redis command that concerns this project or its key, scripts by their SHA-1."""
        names = (self.project_id, self.hash)
        sent = self._edge.upstash.commands()
        return [command for command in sent if any(name in json.dumps(command) for name in names)]

    def rows(self, count: int = 1) -> list[dict[str, Any]]:
        """The project's usage rows once ``count`` of them are written."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            rows = self._edge.supabase.usage_logs
            found[:] = [row for row in rows if row["project_id"] == self.project_id]
            return len(found) >= count

        until(enough, f"{count} usage rows")
        return found


class Edge:
    """A running edge host with its doubles."""

    def __init__(
        self, host: str, redis_url: str | None = None, *, beside: "Edge | None" = None, **env: str
    ) -> None:
        """``beside``: another process on that edge's Redis, Supabase and providers."""
        self.host = host
        self.openai = beside.openai if beside else OpenAIDouble()
        self.groq = beside.groq if beside else OpenAIDouble()
        self.anthropic = beside.anthropic if beside else AnthropicDouble()
        self.supabase = beside.supabase if beside else PostgrestDouble()
        self.upstash = beside.upstash if beside else UpstashDouble(redis_url)
        own: tuple[Double, ...] = (
            self.openai,
            self.groq,
            self.anthropic,
            self.supabase,
            self.upstash,
        )
        self._doubles = () if beside else own
        self._neighbours: list[Edge] = beside._neighbours if beside else []
        self._neighbours.append(self)
        self._env = env
        self._port = ports.unused()
        self._process: subprocess.Popen[bytes] | None = None
        self._tenants: list[Tenant] = []
        self._output = Path(tempfile.mkdtemp(prefix="watchllm-edge-"))
        self.base_url = f"http://127.0.0.1:{self._port}"

    def tenant(self, **changes: Any) -> Tenant:
        """A new project and key, for as long as the test lasts."""
        self._tenants.append(Tenant(self, changes))
        return self._tenants[-1]

    def redis(self, *command: str) -> Any:
        """Run one Redis command beside the edge."""
        headers = {"authorization": f"Bearer {self.upstash.token}"}
        answer = httpx.post(
            self.upstash.url,
            json=command,
            headers=headers,
            timeout=PATIENCE_SECONDS,
            verify=NO_CERTIFICATES,
        )
        return answer.json()["result"]

    def log(self) -> str:
        """Everything the edge has printed."""
        return (self._output / "log").read_text(errors="replace")

    def quiet(self) -> None:
        """Heal every double, forget what reached it and how it was told to behave; end the
        connections of earlier tenants."""
        while self._tenants:
            self._tenants.pop().http.close()
        for double in self._doubles:
            double.heal()
        self.openai.behave_well()
        self.groq.behave_well()
        self.anthropic.behave_well()
        self.quiet_traffic()

    def quiet_traffic(self) -> None:
        """Forget what reached the doubles."""
        for double in self._doubles:
            double.forget()

    def recovered(self) -> None:
        """Return once the edge asks Redis and Supabase again after a fault."""

        def asks() -> bool:
            answer = self.tenant().chat()
            return answer.status_code == 200 and answer.headers["x-watchllm-cache"] == "MISS"

        until(asks, "the edge's circuit breakers to close", every=0.1)

    @property
    def pid(self) -> int:
        """The host's process."""
        assert self._process is not None
        return self._process.pid

    def settled(self) -> None:
        """Return when background work is done: for a while no thread of this edge, or of another
        on its doubles, has had anything to do, and Redis and Supabase have been left alone.

        What waits for a timer is not seen. A thread that the machine gives no time has something
        to do, so a busy machine makes this longer and not less certain.
        """
        seen = calm = 0

        def calmer() -> bool:
            nonlocal seen, calm
            busy = sum(double.answering() for double in (self.upstash, self.supabase))
            for provider in (self.openai, self.groq, self.anthropic):
                provider.answering()  # it has read what was sent to it; it may hold that for long
            now = len(self.upstash.requests)
            rest = now == seen and not busy and not any(edge.at_work() for edge in self._neighbours)
            seen, calm = now, calm + 1 if rest else 0
            return calm >= _CALM

        until(calmer, "the edge to come to rest")

    def kill(self) -> None:
        """SIGKILL of the server and of the processes that it started; its doubles go on."""
        assert self._process is not None
        started = descendants(self._process.pid)
        self._process.kill()
        for pid in started:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait()
        until(lambda: not any(is_alive(pid) for pid in started), "its processes to be gone")

    def at_work(self) -> bool:
        """Whether a thread of this edge runs or wants to."""
        return self._process is not None and at_work(self._process.pid)

    def __enter__(self) -> Self:
        for double in self._doubles:
            double.start()
        try:
            self.begin()
            # Redis learns the scripts, so that what a test counts does not depend on its place.
            self.tenant().chat()
            self.settled()
            self.quiet()
        except BaseException:
            print(self.log())  # noqa: T201 (pytest shows it with the error)
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        while self._tenants:
            self._tenants.pop().http.close()
        self._neighbours.remove(self)
        self.end()
        shutil.rmtree(self._output)
        for double in self._doubles:
            double.stop()

    def begin(self, **env: str) -> None:
        """Start the process, with these settings changed; return once it answers."""
        self._env |= env
        environment = self._environment()
        with (self._output / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(environment),
                env=environment,
                cwd=self._output if self.host == "workerd" else ROOT,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def end(self) -> None:
        """SIGTERM, and return once it has ended; its doubles go on."""
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _environment(self) -> dict[str, str]:
        return {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "PYTHONPATH": os.pathsep.join(
                str(ROOT / part) for part in ("shared/src", "worker/src", "tools")
            ),
            "ENVIRONMENT": "test",
            "PYTHONUNBUFFERED": "1",
            "MAX_BODY_BYTES": str(MAX_BODY_BYTES),
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
            "BYOK_PRIVATE_ADDRESSES": "1",
            # Busy machines: only the tests of a slow Redis want to see it given up on.
            "STORE_TIMEOUT_MS": "30000",
            "KEY_LOOKUP_TIMEOUT_MS": "30000",
            "SINGLE_FLIGHT_LEASE_SECONDS": "120",
            "ANTHROPIC_BASE_URL": self.anthropic.base_url,
            "ANTHROPIC_API_KEY": self.anthropic.key,
            **self._env,
        }

    def _command(self, environment: dict[str, str]) -> list[str]:
        if self.host == "workerd":
            # wrangler takes the Worker's variables from a file, and a log of its own.
            make_project(self._output)
            variables = "".join(f"{name}={value}\n" for name, value in environment.items())
            (self._output / ".dev.vars").write_text(variables)
            environment |= wrangler_environment(self._output)
            return wrangler_command("dev", "--ip", "127.0.0.1", "--port", str(self._port))
        return edge_command(self.host, self._port)

    def _wait(self) -> None:
        process = self._process
        assert process is not None

        client = httpx.Client(timeout=30, verify=NO_CERTIFICATES)

        def healthy() -> bool:
            if "Pyodide bundle failed" in self.log():
                raise EdgeCannotStart("workerd cannot download its Pyodide here")
            if process.poll() is not None:
                raise RuntimeError(f"the {self.host} host ended with {process.returncode}")
            try:
                return client.get(f"{self.base_url}/health").status_code == 200
            except httpx.TransportError:
                return False

        with client:
            until(healthy, f"the {self.host} host", 2 * PATIENCE_SECONDS)


def until(
    condition: Callable[[], bool],
    what: str,
    seconds: float = PATIENCE_SECONDS,
    *,
    every: float = 0.01,
) -> None:
    """Return once `condition` holds; raise `AssertionError` when it does not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s for {what}")
        time.sleep(every)


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
