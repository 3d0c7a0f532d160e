"""Which faults there are: how each begins and ends, and in which world of processes.

A world has edges on the settings that they ship with, the doubles behind them, and a real
redis-server behind a relay.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
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
from tests.doubles.server import FaultName
from tests.worker.edge import PEPPER, ROOT, Edge

_SHIPPED = {
    "STORE_TIMEOUT_MS": "",
    "KEY_LOOKUP_TIMEOUT_MS": "",
    "SINGLE_FLIGHT_LEASE_SECONDS": "",
}
"""The edge's own defaults: tests are more patient."""
_PEPPERS = (PEPPER, "another-tests-only-pepper")
_KEYS = ("k1:" + "A" * 43 + "=", "k2:" + "B" * 43 + "=")


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


@dataclass(frozen=True)
class Case:
    """``world``: where it happens, one of `WORLDS`. ``lasts``: seconds."""

    name: str
    world: str
    begin: Callable[[World], object]
    end: Callable[[World], object] = lambda _: None
    lasts: float = 4.0


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


def _slow(seconds: float) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.relay.delay = seconds

    return begin


def _reply(reply: bytes) -> Callable[[World], None]:
    def begin(world: World) -> None:
        world.relay.reply = reply

    return begin


def _flush(world: World) -> None:
    world.redis.command("FLUSHALL")
    world.redis.command("SCRIPT", "FLUSH")


def _full(policy: str, spare: int) -> Callable[[World], None]:
    def begin(world: World) -> None:
        used = int(world.redis.command("INFO", "memory")["used_memory"])
        world.redis.command("CONFIG", "SET", "maxmemory-policy", policy)
        world.redis.command("CONFIG", "SET", "maxmemory", used + spare)

    return begin


def _roomy(world: World) -> None:
    world.redis.command("CONFIG", "SET", "maxmemory", 0)


def _restart_empty(world: World) -> None:
    world.redis.kill()
    world.redis.start()


def _heal(world: World) -> None:
    world.relay.heal()
    world.base.upstash.heal()
    world.base.supabase.heal()


def _both(fault: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        if fault == "frozen":
            world.redis.freeze()
        else:
            world.relay.refuse()
        world.base.supabase.break_with("frozen" if fault == "frozen" else "refused")

    return begin


def _both_end(world: World) -> None:
    world.redis.thaw()
    world.relay.listen()
    world.base.supabase.heal()


def _resets(stage: str) -> Callable[[World], None]:
    def begin(world: World) -> None:
        assert world.provider is not None
        world.provider.resets = "request" if stage == "request" else "answer"

    return begin


def _provider_heals(world: World) -> None:
    assert world.provider is not None
    world.provider.heal()
    world.provider.listen()


def _provider_refuses(world: World) -> None:
    assert world.provider is not None
    world.provider.refuse()


def _sigterm_with_streams(world: World) -> None:
    first = world.edges[0]
    world.streams.open(world.base.openai, first, 50)
    os.kill(first.pid, signal.SIGTERM)


def _back_after_streams(world: World) -> None:
    world.streams.finish(world.base.openai)
    world.edges[0].end()
    world.edges[0].begin()


def _sigterm_without_stores(world: World) -> None:
    """Requests go on at the other process, without a store; its rows wait in memory."""
    world.redis.freeze()
    world.base.supabase.break_with("frozen")
    time.sleep(1)
    world.edges[0].end()


def _back_with_stores(world: World) -> None:
    world.redis.thaw()
    world.base.supabase.heal()
    world.edges[0].begin()


def _sigterm_with_full_disk(world: World) -> None:
    for pid in (world.edges[0].pid, *_children(world.edges[0].pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    world.edges[0].end()


def _kill_worker(world: World) -> None:
    for task in Path(f"/proc/{world.edges[0].pid}/task").iterdir():
        children = (task / "children").read_text().split()
        if children:
            os.kill(int(children[0]), signal.SIGKILL)
            return
    raise RuntimeError("granian has no worker")


def _fill_disk(world: World) -> None:
    """No file of the store's process may grow any more."""
    assert world.store is not None
    for pid in (world.store.pid, *_children(world.store.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _empty_disk(world: World) -> None:
    assert world.store is not None
    free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for pid in (world.store.pid, *_children(world.store.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, free)


def _children(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield int(child)
            yield from _children(int(child))


def _rotate(world: World) -> None:
    """As the guide says: known to all first, then used by all; one process after another."""
    first, second = _KEYS
    for keys in (f"{first},{second}", f"{second},{first}"):
        for edge in world.edges:
            edge.end()
            edge.begin(ENCRYPTION_KEYS=keys)


def _change_pepper(world: World) -> None:
    """Likewise. The keys of the load were made under the first one."""
    first, second = _PEPPERS
    for used, other in ((first, second), (second, first)):
        for edge in world.edges:
            edge.end()
            edge.begin(API_KEY_PEPPER=used, API_KEY_PEPPER_SECOND=other)


def _store_cases(world: str) -> Iterator[Case]:
    """Upstash's REST protocol and Supabase's, on any host."""

    def break_(service: str, fault: FaultName) -> Callable[[World], None]:
        def begin(made: World) -> None:
            double = made.base.upstash if service == "REST" else made.base.supabase
            double.break_with(fault)

        return begin

    for service in ("REST", "key/usage API"):
        yield Case(f"{service} frozen", world, break_(service, "frozen"), _heal)
        yield Case(f"{service} refused", world, break_(service, "refused"), _heal)
        yield Case(f"{service} answers 500", world, break_(service, "error"), _heal)


CASES: tuple[Case, ...] = (
    Case("nothing", "redis", lambda _: None),
    Case("Redis SIGKILL", "redis", lambda w: w.redis.kill(), lambda w: w.redis.start()),
    Case("Redis SIGSTOP", "redis", lambda w: w.redis.freeze(), lambda w: w.redis.thaw()),
    Case("Redis slow by 100 ms", "redis", _slow(0.1), _heal),
    Case("Redis slow by 240 ms", "redis", _slow(0.24), _heal),
    Case("Redis slow by 600 ms", "redis", _slow(0.6), _heal),
    Case("Redis OOM", "redis", _full("noeviction", -100_000), _roomy),
    Case("Redis evicts", "redis", _full("allkeys-random", -100_000), _roomy),
    Case("FLUSHALL + SCRIPT FLUSH", "redis", _flush),
    Case("Redis restarted empty", "redis", _restart_empty),
    Case(
        "Redis READONLY",
        "redis",
        lambda w: w.redis.command("REPLICAOF", "127.0.0.1", 1),
        lambda w: w.redis.command("REPLICAOF", "NO", "ONE"),
    ),
    Case("Redis LOADING", "redis", _reply(b"-LOADING Redis is loading the dataset\r\n"), _heal),
    Case("Redis sends garbage", "redis", _reply(b"\x16\x03\x01garbage\r\n"), _heal),
    Case(
        "key/usage API frozen",
        "redis",
        lambda w: w.base.supabase.break_with("frozen"),
        _heal,
    ),
    Case("both frozen", "redis", _both("frozen"), _both_end),
    Case("both refused", "redis", _both("refused"), _both_end),
    *_store_cases("rest"),
    Case("provider resets before its answer", "provider", _resets("request"), _provider_heals),
    Case("provider resets in its answer", "provider", _resets("answer"), _provider_heals),
    Case("provider refuses", "provider", _provider_refuses, _provider_heals),
    Case("SIGTERM with 50 open streams", "two", _sigterm_with_streams, _back_after_streams, 2.0),
    Case("SIGTERM, both stores frozen", "two", _sigterm_without_stores, _back_with_stores, 1.0),
    Case(
        "SIGTERM, disk of the spool full",
        "two",
        _sigterm_with_full_disk,
        lambda w: w.edges[0].begin(),
        1.0,
    ),
    Case("ENCRYPTION_KEYS rotated", "two", _rotate, lasts=1.0),
    Case("API_KEY_PEPPER rotated", "two", _change_pepper, lasts=1.0),
    Case("a worker killed", "workers", _kill_worker),
    Case("disk of the embedded store full", "disk", _fill_disk, _empty_disk),
    *_store_cases("pyodide"),
)
