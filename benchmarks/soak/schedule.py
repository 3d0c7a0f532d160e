"""The soak's faults: one after another in rounds, each round in another order, by the seed."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.soak.stack import Edge, Stack, until_up

_KILLED_SECONDS = 3.0
"""How long what was killed stays away."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``begin`` breaks something and ``end`` mends it. ``loses``: Redis forgets what it knew."""

    name: str
    begin: Callable[[Stack], None]
    end: Callable[[Stack], None]
    loses: bool = False

    @property
    def resets_a_measurement(self) -> bool:
        """Whether something whose growth is measured begins anew: a process, or Redis."""
        return self.loses or self.name.endswith((" killed", " told to end"))


@dataclass(slots=True)
class Window:
    """When a fault began and ended, in seconds of the run."""

    name: str
    began: float
    ended: float
    loses: bool

    def touches(self, began: float, ended: float, *, after: float = 0.0) -> bool:
        """Whether that time overlaps the fault, or the ``after`` seconds that follow it."""
        return began <= self.ended + after and ended >= self.began


def _slow(seconds: float) -> Fault:
    def begin(stack: Stack) -> None:
        stack.relay.delay = seconds

    return Fault(f"Redis slow by {seconds:g} s", begin, lambda stack: stack.relay.heal())


def _flush(stack: Stack) -> None:
    stack.redis.command("FLUSHALL")
    stack.redis.command("SCRIPT", "FLUSH")


def _dies(name: str, which: Callable[[Stack], Edge], *, gently: bool = False) -> Fault:
    def begin(stack: Stack) -> None:
        edge = which(stack)
        if gently:
            edge.terminate()
        else:
            edge.kill()

    def end(stack: Stack) -> None:
        which(stack).start()
        until_up(f"{which(stack).url}/health")

    return Fault(name, begin, end)


def _nothing(_stack: Stack) -> None:
    """What ends by itself."""


FAULTS: tuple[Fault, ...] = (
    _slow(0.1),
    _slow(0.24),
    _slow(0.6),
    _slow(5),
    _slow(30),
    Fault("Redis frozen", lambda s: s.redis.freeze(), lambda s: s.redis.thaw()),
    Fault("Redis refused", lambda s: s.relay.refuse(), lambda s: s.relay.listen()),
    Fault("Redis restarted empty", lambda s: s.redis.kill(), lambda s: s.redis.start(), loses=True),
    Fault("Redis flushed, scripts too", _flush, _nothing, loses=True),
    Fault("database away", lambda s: s.postgres.stop(), lambda s: s.postgres.start()),
    Fault(
        "dashboard frozen",
        lambda s: s.dashboard.signal(signal.SIGSTOP),
        lambda s: s.dashboard.signal(signal.SIGCONT),
    ),
    Fault("dashboard killed", lambda s: s.dashboard.kill(), lambda s: s.dashboard.start()),
    Fault("tick killed", lambda s: s.tick.kill(), lambda s: s.tick.start()),
    Fault("provider stalls", lambda s: s.provider.break_with("held"), lambda s: s.provider.heal()),
    Fault("provider resets", lambda s: s.provider.break_with("reset"), lambda s: s.provider.heal()),
    _dies("edge-resp killed", lambda stack: stack.edges[0]),
    _dies("edge-rest killed", lambda stack: stack.edges[1]),
    _dies("edge-resp told to end", lambda stack: stack.edges[0], gently=True),
)
"""A provider that stalls does so for longer than its time limit (`benchmarks.soak.stack`)."""


def rounds(seed: int, longest: float) -> Iterator[tuple[Fault, float, float]]:
    """Endlessly: a fault, the seconds of quiet before it and the seconds that it lasts."""
    chance = random.Random(seed)
    while True:
        for number, fault in enumerate(chance.sample(FAULTS, len(FAULTS))):
            lasts = _KILLED_SECONDS if " killed" in fault.name else chance.uniform(0.3, 1) * longest
            # Before each round time enough for a minute that no fault touches.
            quiet = chance.uniform(0.5, 1) * longest + (0 if number else 4 * longest)
            yield fault, quiet, lasts


@contextmanager
def under(fault: Fault, stack: Stack, began: float, windows: list[Window]) -> Iterator[None]:
    """Within the block the fault lasts; its window is in ``windows`` from the beginning."""
    window = Window(fault.name, time.monotonic() - began, float("inf"), fault.loses)
    windows.append(window)
    fault.begin(stack)
    try:
        yield
    finally:
        fault.end(stack)
        window.ended = time.monotonic() - began
