"""Everything the soak runs: real Redis and PostgreSQL, dashboard, tick, two edges, a provider.

One edge speaks to Redis itself (`REDIS_URL`), the other through Upstash's REST protocol, as on
Cloudflare. Both reach it through one relay, which makes it slow.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.breakable import RedisServer, Relay
from benchmarks.soak.provider import SoakProvider
from local_stack import ports
from tests.contract.postgres import Cluster, cluster
from tests.worker.edge import edge_command

ROOT = Path(__file__).resolve().parents[2]
_DATABASE = "postgres"
_START_SECONDS = 180.0
_SECRETS = {
    "API_KEY_PEPPER": "soak-only-pepper",
    "ENCRYPTION_KEYS": "soak:" + "A" * 43 + "=",
    "SUPABASE_KEY": "soak-only-supabase-key",
}
_REST_TOKEN = "soak-only-token"  # noqa: S105


@dataclass
class Process:
    """One program, its output in a file; it and what it started are one group."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    cwd: Path = ROOT
    running: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it (again)."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.running = subprocess.Popen(
                self.command,
                env={
                    **{n: os.environ[n] for n in ("PATH", "HOME", "LANG") if n in os.environ},
                    "PYTHONUNBUFFERED": "1",
                    **self.environment,
                },
                cwd=self.cwd,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def signal(self, number: signal.Signals) -> None:
        """Send it to the whole group."""
        if self.running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.running.pid, number)

    def kill(self) -> None:
        """SIGKILL to the whole group."""
        self.signal(signal.SIGKILL)
        if self.running is not None:
            self.running.wait()

    def terminate(self) -> None:
        """SIGTERM to the program itself; return once it has ended."""
        if self.running is not None:
            self.running.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.running.wait(60)
            self.kill()


@dataclass
class Edge(Process):
    """An edge process and its address."""

    port: int = field(default=0, kw_only=True)

    @property
    def url(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


@dataclass(frozen=True)
class Stack:
    """What is running, and how to break it."""

    redis: RedisServer
    relay: Relay
    postgres: Cluster
    provider: SoakProvider
    dashboard: Process
    tick: Process
    edges: tuple[Edge, Edge]
    tenants: dict[str, dict[str, str]]
    dashboard_url: str
    folder: Path

    @property
    def database_url(self) -> str:
        """For psycopg."""
        return self.postgres.url(_DATABASE)


@contextmanager
def running(folder: Path) -> Iterator[Stack]:
    """Start it all, with the tenants of `benchmarks.soak.tenants`; logs go to ``folder``."""
    with ExitStack() as stack:
        redis = RedisServer()
        redis.start()
        stack.callback(redis.kill)
        relay = stack.enter_context(Relay(redis.port))
        postgres = stack.enter_context(cluster())
        provider = stack.enter_context(SoakProvider())
        rest = _rest(folder, relay)
        dashboard_url = f"http://127.0.0.1:{ports.unused()}"
        django = _django(postgres, rest, dashboard_url)
        manage = str(ROOT / "dashboard" / "manage.py")
        _step(django, manage, "migrate", "--verbosity", "0")
        _step(django, manage, "collectstatic", "--no-input", "--verbosity", "0")
        tenants = json.loads(_step(django, "-m", "benchmarks.soak.seed"))
        dashboard = Process(
            "dashboard",
            [
                *(sys.executable, "-m", "gunicorn", "--config", "python:config.web_server"),
                *("--bind", dashboard_url.removeprefix("http://"), "--workers", "2"),
            ],
            django,
            folder,
        )
        tick = Process("tick", [sys.executable, manage, "tick", "--every", "10"], django, folder)
        edges = (
            _edge("edge-resp", folder, provider, dashboard_url, {"REDIS_URL": relay.url}),
            _edge("edge-rest", folder, provider, dashboard_url, _upstash(rest)),
        )
        for process in (rest, dashboard, tick, *edges):
            process.start()
            stack.callback(process.kill)
        for url in (f"{dashboard_url}/healthz", *(f"{edge.url}/health" for edge in edges)):
            until_up(url)
        yield Stack(
            *(redis, relay, postgres, provider, dashboard, tick, edges, tenants),
            *(dashboard_url, folder),
        )


def until_up(url: str) -> None:
    """Return once it answers 200; raise ``RuntimeError`` when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(url, timeout=10).status_code == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{url} did not answer")


def _rest(folder: Path, relay: Relay) -> Process:
    port = str(ports.unused())
    environment = {
        "PYTHONPATH": str(ROOT / "tools"),
        "UPSTASH_REDIS_REST_TOKEN": _REST_TOKEN,
        "REDIS_URL": relay.url,
        "PORT": port,
    }
    command = [sys.executable, "-m", "local_stack.redis_rest", "--port", port]
    return Process("redis-rest", command, environment, folder)


def _upstash(rest: Process) -> dict[str, str]:
    return {
        "UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{rest.environment['PORT']}",
        "UPSTASH_REDIS_REST_TOKEN": _REST_TOKEN,
    }


def _django(postgres: Cluster, rest: Process, url: str) -> dict[str, str]:
    return {
        **_SECRETS,
        **_upstash(rest),
        "PYTHONPATH": _path("shared/src", "dashboard", "tools", "."),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_SECRET_KEY": "soak",
        "DJANGO_DEBUG": "true",
        "DATABASE_URL": postgres.url(_DATABASE),
        "EDGE_API_ENABLED": "true",
        "DASHBOARD_BASE_URL": url,
    }


def _edge(
    name: str, folder: Path, provider: SoakProvider, supabase: str, redis: dict[str, str]
) -> Edge:
    port = ports.unused()
    command = edge_command("cpython", port)
    environment = {
        **_SECRETS,
        **redis,
        "PYTHONPATH": _path("shared/src", "worker/src", "tools", "."),
        "SOAK_APP": command[-1],
        "ENVIRONMENT": "soak",
        # Told, since one that is started while Redis is away cannot count them.
        "EDGE_PROCESSES": "2",
        "SUPABASE_URL": supabase,
        "OPENAI_BASE_URL": provider.base_url,
        "OPENAI_API_KEY": provider.key,
        # So that a stalled provider shows within the fault, and not ten minutes later.
        "UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS": "15",
        "UPSTREAM_IDLE_TIMEOUT_SECONDS": "15",
    }
    command[-1] = "benchmarks.soak.edge_app:app"
    return Edge(name, command, environment, folder, port=port)


def _step(environment: Mapping[str, str], *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{arguments} failed:\n{done.stderr}")
    return done.stdout


def _path(*folders: str) -> str:
    return os.pathsep.join(str(ROOT / folder) for folder in folders)
