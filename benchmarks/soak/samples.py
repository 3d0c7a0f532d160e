"""What could grow: memory, file descriptors, threads and tasks of each process, keys of Redis."""

import contextlib
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import redis

from benchmarks.soak.stack import Edge, Process, Stack

_PAGE_MB = 4096 / 2**20
_SPOOLS = ("*:usage-spool", "*:usage-refused", "*:usage-rows")


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. ``at``: seconds of the run; ``life``: which start of the process it was, or
    how often Redis had lost its keys."""

    at: float
    name: str
    life: int
    value: float


def take(stack: Stack, at: float, losses: int) -> Iterator[Sample]:
    """Everything once; what does not answer is left out. ``losses``: of Redis's keys, so far."""
    for process in (*stack.edges, stack.dashboard, stack.tick):
        yield from _process(process, at)
    with contextlib.suppress(redis.RedisError):
        yield Sample(at, "Redis keys", losses, float(stack.redis.command("DBSIZE")))
        spooled = 0
        for pattern in _SPOOLS:
            for name in stack.redis.command("KEYS", pattern):
                count = {"hash": "HLEN", "list": "LLEN", "stream": "XLEN", "zset": "ZCARD"}
                spooled += int(stack.redis.command(count[stack.redis.command("TYPE", name)], name))
        yield Sample(at, "spooled chunks", losses, float(spooled))


def _process(process: Process, at: float) -> Iterator[Sample]:
    if process.running is None or process.running.poll() is not None:
        return
    life = process.running.pid
    memory = files = threads = 0.0
    for pid in _tree(life):
        with contextlib.suppress(OSError):
            folder = Path(f"/proc/{pid}")
            memory += int((folder / "statm").read_text().split()[1]) * _PAGE_MB
            files += len(list((folder / "fd").iterdir()))
            threads += len(list((folder / "task").iterdir()))
    yield Sample(at, f"{process.name}: memory (MB)", life, memory)
    yield Sample(at, f"{process.name}: file descriptors", life, files)
    yield Sample(at, f"{process.name}: threads", life, threads)
    if isinstance(process, Edge):
        with contextlib.suppress(httpx.HTTPError, ValueError):
            tasks = httpx.get(f"{process.url}/soak/tasks", timeout=5).text
            yield Sample(at, f"{process.name}: tasks", life, float(tasks))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


@dataclass(frozen=True, slots=True)
class Slope:
    """How one measurement moved over the longest life of its process, the first third left out.

    ``since``: seconds of that life at which it begins. ``early`` and ``late``: medians of the first
    and the last third of what remains.
    """

    name: str
    since: float
    minutes: float
    early: float
    late: float

    @property
    def an_hour(self) -> float:
        """Growth an hour, if it went on like this."""
        return (self.late - self.early) / (self.minutes * 2 / 3) * 60 if self.minutes else 0.0


def slopes(samples: list[Sample]) -> list[Slope]:
    """One for each measurement that has enough samples."""
    found = []
    for name in dict.fromkeys(sample.name for sample in samples):
        own = [sample for sample in samples if sample.name == name]
        lives = {life: [s for s in own if s.life == life] for life in {s.life for s in own}}
        longest = max(lives.values(), key=lambda life: life[-1].at - life[0].at)
        steady = longest[len(longest) // 3 :]
        third = len(steady) // 3
        if third < 2:
            continue
        found.append(
            Slope(
                name,
                steady[0].at - longest[0].at,
                (steady[-1].at - steady[0].at) / 60,
                statistics.median(sample.value for sample in steady[:third]),
                statistics.median(sample.value for sample in steady[-third:]),
            )
        )
    return found
