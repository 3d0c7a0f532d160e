"""Which faults there are: how each begins and ends, and in which world."""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.outage.worlds import World
from tests.doubles.server import FaultName
from tests.worker.edge import PEPPER
from tests.worker.processes import descendants

_PEPPERS = (PEPPER, "another-tests-only-pepper")
_KEYS = ("k1:" + "A" * 43 + "=", "k2:" + "B" * 43 + "=")


@dataclass(frozen=True)
class Case:
    """``world``: where it happens, a name of `worlds.WORLDS`. ``lasts``: seconds."""

    name: str
    world: str
    begin: Callable[[World], object]
    end: Callable[[World], object] = lambda _: None
    lasts: float = 4.0


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
    for pid in (world.edges[0].pid, *descendants(world.edges[0].pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    world.edges[0].end()


def _kill_worker(world: World) -> None:
    os.kill(descendants(world.edges[0].pid)[0], signal.SIGKILL)


def _fill_disk(world: World) -> None:
    """No file of the store's process may grow any more."""
    assert world.store is not None
    for pid in (world.store.pid, *descendants(world.store.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))


def _empty_disk(world: World) -> None:
    assert world.store is not None
    free = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for pid in (world.store.pid, *descendants(world.store.pid)):
        resource.prlimit(pid, resource.RLIMIT_FSIZE, free)


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
