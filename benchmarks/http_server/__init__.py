"""What the HTTP server in front of the edge costs a request: granian, and uvicorn as it could be.

Every server answers 628 bytes with 16 headers, of which the application knows all beforehand, to
the same request of 473 bytes, 16 connections at once; then the edge itself answers a hit behind
granian and behind uvicorn. They take turns. uvicorn is no dependency: `UVICORN` names a folder that
has it (`pip install --target FOLDER uvicorn`).
"""

import asyncio
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from benchmarks.http_server import nothing
from benchmarks.peers import load
from benchmarks.peers.peer import python_path, start, stop, until_it_answers
from local_stack import ports
from tests.doubles.redis_process import redis_process, redis_server_missing
from tests.worker.edge import Edge

_ROUNDS = 7
_SECONDS = 1.5
_PATH = "/v1/chat/completions"
_GRANIAN = (sys.executable, "-m", "granian", "--loop", "uvloop", "--host", "127.0.0.1")


def main() -> None:
    """Print microseconds of CPU a request, median and least of seven rounds."""
    folder = os.environ.get("UVICORN")
    if folder is None:
        print("uvicorn left out: UVICORN names no folder (pip install --target FOLDER uvicorn)")
    request = load.post(_PATH, b"x" * 473, "nobody")
    with _nothings(folder, request) as servers:
        _compare(servers, lambda: request)
    if reason := redis_server_missing():
        print(f"the edge left out: {reason}")
        return
    with redis_process() as url, ExitStack() as stack:
        base = stack.enter_context(Edge("cpython", redis_url=url, REDIS_URL=url))
        edges = {"edge, granian": base}
        if folder is not None:
            other = _OnUvicorn("cpython", beside=base, REDIS_URL=url, PYTHONPATH_MORE=folder)
            edges["edge, uvicorn"] = stack.enter_context(other)
        tenant = base.tenant(plan={"requests_per_minute": 10**9, "monthly_requests": 10**9})
        hit = load.post(_PATH, nothing.QUESTION, tenant.key)
        servers = {
            name: (int(edge.base_url.rpartition(":")[2]), edge.pid) for name, edge in edges.items()
        }
        _compare(servers, lambda: hit)


class _OnUvicorn(Edge):
    def _environment(self) -> dict[str, str]:
        environment = super()._environment()
        more = environment.pop("PYTHONPATH_MORE")
        return environment | {"PYTHONPATH": os.pathsep.join([environment["PYTHONPATH"], more])}

    def _command(self, environment: dict[str, str]) -> list[str]:  # noqa: ARG002
        port = self.base_url.rpartition(":")[2]
        return _uvicorn(port, "gateway.platform.cpython:app", "httptools", "on")


def _uvicorn(port: str, app: str, http: str, lifespan: str) -> list[str]:
    """``http``: one of uvicorn's own, or the name of a protocol class of `nothing`."""
    known = http == "httptools"
    lines = [
        "import uvicorn",
        f"http = {http!r}" if known else f"from benchmarks.http_server.protocols import {http}",
        (
            f"uvicorn.run({app!r}, host='127.0.0.1', port={port}, loop='uvloop', ws='none',"
            f" http={'http' if known else http}, lifespan={lifespan!r}, access_log=False,"
            " log_level='warning', proxy_headers=False, server_header=False)"
        ),
    ]
    return [sys.executable, "-c", "\n".join(lines)]


@contextmanager
def _nothings(folder: str | None, request: bytes) -> Iterator[dict[str, tuple[int, int]]]:
    """Port and process id of each server of an application that does nothing."""
    app = "benchmarks.http_server.nothing:asgi"
    path = [python_path("shared/src", "worker/src", "tools", "."), *([folder] if folder else [])]
    commands: dict[str, Callable[[str], list[str]]] = {
        "granian, ASGI": lambda port: [*_granian(port), "--interface", "asgi", app],
        "granian, RSGI": lambda port: [
            *(*_granian(port), "--interface", "rsgi"),
            "benchmarks.http_server.nothing:rsgi",
        ],
    }
    if folder:
        commands |= {
            "uvicorn": lambda port: _uvicorn(port, app, "httptools", "off"),
            "uvicorn, whole answers": lambda port: _uvicorn(port, app, "WholeAnswers", "off"),
            "uvicorn, before ASGI": lambda port: _uvicorn(port, app, "BeforeAsgi", "off"),
        }
    servers = {}
    with ExitStack() as stack:
        for name, command in commands.items():
            port = ports.unused()
            process = start(command(str(port)), {"PYTHONPATH": os.pathsep.join(path)})
            stack.callback(stop, process)
            until_it_answers(port, request, process)
            servers[name] = (port, process.pid)
        yield servers


def _granian(port: str) -> list[str]:
    return [*_GRANIAN, "--port", port, "--log-level", "warning"]


def _compare(servers: dict[str, tuple[int, int]], request: Callable[[], bytes]) -> None:
    costs: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(_ROUNDS):
        for name, (port, pid) in servers.items():
            asyncio.run(load.ask(port, request, connections=16))
            before = load.cpu_seconds([pid])
            done = asyncio.run(load.ask(port, request, seconds=_SECONDS, connections=16))
            costs[name].append((load.cpu_at_rest([pid]) - before) / len(done) * 1e6)
    for name, found in costs.items():
        print(f"{name:24} {statistics.median(found):6.0f} µs CPU, least {min(found):6.0f}")
