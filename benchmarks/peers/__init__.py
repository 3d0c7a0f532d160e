"""The edge beside other gateways in one run: the same provider, questions and machine, in turn.

Question 473 bytes, answer 628. CPU is of all processes that a request makes work for, the provider
and this one excepted: the gateway, Redis, and with the edge PostgreSQL and the edge API, since its
rows are stored by the time it is read. It is measured with 16 connections, waits with one.

- hit: the same question again.           - miss: each question is a new one.
- stream: a new one, of 50 events, ten milliseconds apart.
- replay: the same question again, as a stream.
- first event: what the gateway adds to the provider's own, at one connection.
- start: from starting one more process until it has answered a question that is cached.
"""

import asyncio
import itertools
import json
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

from benchmarks.peers import load
from benchmarks.peers.edge import edges
from benchmarks.peers.litellm import litellm
from benchmarks.peers.peer import MODEL, Peer, PeerMissingError
from benchmarks.peers.provider import provider_process
from benchmarks.peers.tensorzero import tensorzero

_ROUNDS = 3
_CONNECTIONS = 16
_SECONDS = 2.0
_WAIT_SECONDS = 1.0
_FIRST_EVENTS = 40
_LEFT_OUT = (
    "questions compared by meaning",
    "1,000 open streams and bodies of 100 KB and 1 MB",
    "the same with two processes",
    "Redis killed or frozen (make bench ARGS=outage)",
)
_numbers = itertools.count(1)
Figures = dict[str, dict[str, float]]


def main() -> None:
    """Print a table of figures by peer, and of ratios to the first peer beside the edge."""
    with ExitStack() as stack:
        provider = stack.enter_context(provider_process())
        peers = list(_running(stack, provider))
        if not peers:
            return
        figures = _measured(peers, provider)
        _print(figures)
        for peer in peers:
            if peer.lacks:
                print(f"{peer.name}: {peer.lacks}")
        print(f"load average {os.getloadavg()[0]:.1f} of {os.cpu_count()} processors")
    print("Left out: " + "; ".join(_LEFT_OUT))


def _running(stack: ExitStack, provider: str) -> Iterator[Peer]:
    kinds: tuple[Callable[[str], AbstractContextManager[Any]], ...] = (edges, tensorzero, litellm)
    for kind in kinds:
        try:
            running = stack.enter_context(kind(provider))
        except PeerMissingError as error:
            print(f"{kind.__name__} left out: {error}")
            continue
        yield from running if isinstance(running, list) else [running]


class _Noted:
    """Every value that was measured, by peer and figure."""

    def __init__(self, peers: list[Peer]) -> None:
        self._values: dict[str, dict[str, list[float]]] = {peer.name: {} for peer in peers}

    def add(self, peer: Peer, figure: str, value: float) -> None:
        self._values[peer.name].setdefault(figure, []).append(value)

    def medians(self) -> Figures:
        return {
            peer: {figure: statistics.median(values) for figure, values in figures.items()}
            for peer, figures in self._values.items()
        }


def _measured(peers: list[Peer], provider: str) -> Figures:
    noted = _Noted(peers)
    for what, peer in _in_turn(("hit", "miss", "stream", "replay"), peers):
        gateway, everything = _cpu(peer, what)
        noted.add(peer, f"{what}, CPU-ms", everything)
        noted.add(peer, f"{what}, gateway alone", gateway)
    for what, peer in _in_turn(("hit", "miss", "replay"), peers):
        noted.add(peer, f"{what}, p50 ms", _wait(peer, what))
    for peer in peers:
        noted.add(peer, "RSS, MiB", load.resident_mebibytes(peer.gateway[0]))
    for _ in range(_FIRST_EVENTS):
        direct = _first_event(_port(provider), _direct)
        for peer in peers:
            added = _first_event(peer.port, peer.request) - direct
            noted.add(peer, "first event added, ms", added)
    for _, peer in _in_turn(("start",), peers):
        noted.add(peer, "start, s", peer.again())
    return noted.medians()


def _in_turn(figures: tuple[str, ...], peers: list[Peer]) -> Iterator[tuple[str, Peer]]:
    return ((what, peer) for _ in range(_ROUNDS) for what in figures for peer in peers)


def _cpu(peer: Peer, what: str) -> tuple[float, float]:
    """CPU-ms a request: of the gateway's processes, and of all."""
    make = _requests(peer, what)
    asyncio.run(load.ask(peer.port, make, connections=_CONNECTIONS))  # warm
    load.cpu_at_rest(peer.gateway + peer.stores)
    stored = peer.stored_rows() if peer.stored_rows else 0
    before = load.cpu_seconds(peer.gateway), load.cpu_at_rest(peer.gateway + peer.stores)
    done = len(asyncio.run(load.ask(peer.port, make, seconds=_SECONDS, connections=_CONNECTIONS)))
    everything = load.cpu_at_rest(peer.gateway + peer.stores)
    after = load.cpu_seconds(peer.gateway), everything
    if peer.stored_rows and (rows := peer.stored_rows() - stored) != done:
        raise RuntimeError(f"{peer.name}: {done} answers to {what}, {rows} rows")
    gateway, all_of_them = ((b - a) / done * 1000 for a, b in zip(before, after, strict=True))
    return gateway, all_of_them


def _wait(peer: Peer, what: str) -> float:
    """Milliseconds at one connection, median: to the first event of a replay, else to the end."""
    waits = asyncio.run(load.ask(peer.port, _requests(peer, what), seconds=_WAIT_SECONDS))
    return 1000 * statistics.median(
        each.first if what == "replay" else each.whole for each in waits
    )


def _requests(peer: Peer, what: str) -> Callable[[], bytes]:
    more = {"stream": True} if what in ("stream", "replay") else {}
    if what in ("hit", "replay"):
        request = peer.cached(**more)
        return lambda: request
    return lambda: peer.request(f"number {next(_numbers)}", **more)


def _first_event(port: int, request: Callable[..., bytes]) -> float:
    """Milliseconds until the first bytes of a short stream."""

    def make() -> bytes:
        return request(f"number {next(_numbers)}", stream=True, max_tokens=1)

    (waits,) = asyncio.run(load.ask(port, make))
    return waits.first * 1000


def _direct(tag: str, **more: Any) -> bytes:
    body = {"model": MODEL, "messages": [{"role": "user", "content": tag}], **more}
    return load.post("/v1/chat/completions", json.dumps(body).encode(), "sk-peers")


def _port(url: str) -> int:
    return int(url.rpartition(":")[2].partition("/")[0])


def _print(figures: Figures) -> None:
    names = list(figures)
    beside = next((name for name in names if not name.startswith("WatchLLM")), None)
    columns = [*names, *(f"{name} / {beside}" for name in names if beside and name != beside)]
    width = max(map(len, columns)) + 2
    print(" " * 24 + "".join(f"{column:>{width}}" for column in columns))
    for what in figures[names[0]]:
        values = [figures[name][what] for name in names]
        ratios = [
            f"{figures[name][what] / figures[beside][what]:.2f} ×"
            for name in names
            if beside and name != beside and figures[beside][what]
        ]
        cells = [*(f"{value:.3f}" for value in values), *ratios]
        print(f"{what:24}" + "".join(f"{cell:>{width}}" for cell in cells))
