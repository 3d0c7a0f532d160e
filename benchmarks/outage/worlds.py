"""In which worlds of processes faults happen.

A world has edges on the settings that they ship with, the doubles behind them, and a real
redis-server behind a relay.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.breakable import RedisServer, Relay
from benchmarks.outage.provider import provider_process
from benchmarks.outage.streams import OpenStreams
from benchmarks.soak.stack import until_up
from local_stack import ports
from tests.worker.edge import ROOT, Edge

_SHIPPED = {
    "STORE_TIMEOUT_MS": "",
    "KEY_LOOKUP_TIMEOUT_MS": "",
    "SINGLE_FLIGHT_LEASE_SECONDS": "",
}
"""The edge's own defaults: tests are more patient."""


@dataclass
class World:
    """``edges`` take the load, all of them behind one load balancer; ``base`` owns the doubles."""

    base: Edge
    edges: tuple[Edge, ...]
    redis: RedisServer
    relay: Relay
    provider: Relay | None = None
    store: "subprocess.Popen[bytes] | None" = None
    streams: OpenStreams = field(default_factory=OpenStreams)


class _Workers(Edge):
    """Two workers of one granian, which starts one that died again."""

    def _command(self, environment: dict[str, str]) -> list[str]:
        *command, app = super()._command(environment)
        return [*command, "--workers", "2", "--respawn-failed-workers", app]


@contextmanager
def _redis() -> Iterator[World]:
    """One edge with a connection of its own to Redis."""
    with (
        _stores() as (redis, relay),
        provider_process() as provider,
        Edge("cpython", **_SHIPPED) as base,
        Edge(
            "cpython", beside=base, **_SHIPPED, REDIS_URL=relay.url, OPENAI_BASE_URL=provider
        ) as edge,
    ):
        yield World(base, (edge,), redis, relay)


@contextmanager
def _rest(host: str = "cpython") -> Iterator[World]:
    """One edge on Upstash's REST protocol."""
    with (
        _stores() as (redis, relay),
        provider_process() as provider,
        Edge(host, redis.url, **_SHIPPED, OPENAI_BASE_URL=provider) as base,
    ):
        yield World(base, (base,), redis, relay)


@contextmanager
def _provider() -> Iterator[World]:
    """One edge whose provider is behind a relay."""
    with (
        _stores() as (redis, relay),
        Edge("cpython", **_SHIPPED) as base,
        Relay(base.openai.port) as provider,
    ):
        url = f"http://127.0.0.1:{provider.port}/v1"
        more = {**_SHIPPED, "REDIS_URL": relay.url, "OPENAI_BASE_URL": url}
        with Edge("cpython", beside=base, **more) as edge:
            yield World(base, (edge,), redis, relay, provider)


@contextmanager
def _two() -> Iterator[World]:
    """Two edges on one Redis."""
    with _stores() as (redis, relay), Edge("cpython", **_SHIPPED) as base:
        more = {**_SHIPPED, "REDIS_URL": redis.url}
        with ExitStack() as stack:
            edges = []
            for _ in range(2):
                folder = stack.enter_context(TemporaryDirectory(prefix="watchllm-outage-"))
                edge = Edge("cpython", beside=base, **more, USAGE_SPOOL_DIR=folder)
                edges.append(stack.enter_context(edge))
            yield World(base, tuple(edges), redis, relay)


@contextmanager
def _workers() -> Iterator[World]:
    """One granian with two workers."""
    with (
        _stores() as (redis, relay),
        provider_process() as provider,
        Edge("cpython", **_SHIPPED) as base,
        _Workers(
            "cpython", beside=base, **_SHIPPED, REDIS_URL=redis.url, OPENAI_BASE_URL=provider
        ) as edge,
    ):
        yield World(base, (edge,), redis, relay)


@contextmanager
def _embedded() -> Iterator[World]:
    """One edge on the local stack's store, which keeps its data in a file."""
    port, folder = ports.unused(), Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108
    file = folder / f"watchllm-outage-{os.getpid()}.sqlite3"
    command = [sys.executable, "-m", "local_stack.redis_rest", "--port", str(port)]
    with _stores() as (redis, relay), Edge("cpython", **_SHIPPED) as base:
        store = subprocess.Popen(
            [*command, "--data-file", str(file)],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(ROOT / "tools"),
                "UPSTASH_REDIS_REST_TOKEN": base.upstash.token,
            },
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            until_up(f"http://127.0.0.1:{port}/ping?_token={base.upstash.token}")
            url = {"UPSTASH_REDIS_REST_URL": f"http://127.0.0.1:{port}"}
            with Edge("cpython", beside=base, **_SHIPPED, **url) as edge:
                yield World(base, (edge,), redis, relay, store=store)
        finally:
            os.killpg(store.pid, signal.SIGKILL)
            store.wait()
            for each in folder.glob(f"{file.name}*"):
                each.unlink()


@contextmanager
def _stores() -> Iterator[tuple[RedisServer, Relay]]:
    redis = RedisServer()
    redis.start()
    try:
        with Relay(redis.port) as relay:
            yield redis, relay
    finally:
        redis.kill()


WORLDS: dict[str, Callable[[], "contextlib.AbstractContextManager[World]"]] = {
    "redis": _redis,
    "rest": _rest,
    "provider": _provider,
    "two": _two,
    "workers": _workers,
    "disk": _embedded,
    "pyodide": lambda: _rest("pyodide"),
}
