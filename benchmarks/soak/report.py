"""The soak's report, in Markdown."""

import platform
import statistics
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.soak.checks import Check
from benchmarks.soak.schedule import Window
from benchmarks.soak.traffic import Asked

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Facts:
    """How the run was started. ``seconds``: for how long."""

    seconds: float
    rate: float
    seed: int
    longest: float


def written(
    facts: Facts,
    found: list[Check],
    asked: list[Asked],
    windows: list[Window],
    visits: Counter[int],
) -> str:
    """The whole report."""
    return "\n".join(
        [
            "# Soak",
            "",
            *_facts(facts),
            "",
            *_invariants(found),
            "",
            *_traffic(asked, visits),
            "",
            *_faults(asked, windows),
            "",
        ]
    )


def _facts(facts: Facts) -> Iterator[str]:
    commit = subprocess.run(
        ["git", "log", "-1", "--format=%h"], check=False, capture_output=True, text=True
    ).stdout.strip()
    dirty = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=no"],
        check=False,
        capture_output=True,
        text=True,
    ).stdout.strip()
    processors = Path("/proc/cpuinfo").read_text().count("processor\t")
    load = Path("/proc/loadavg").read_text().split()[0]
    changed = " with local changes" if dirty else ""
    yield f"- Commit {commit}{changed}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    yield (
        f"- Linux, {processors} processors (load {load} at the end), "
        f"Python {platform.python_version()}"
    )
    yield (
        f'- `make soak ARGS="--minutes {facts.seconds / 60:g} --rate {facts.rate:g} '
        f'--seed {facts.seed} --longest {facts.longest:g}"`'
    )


def _invariants(found: list[Check]) -> Iterator[str]:
    yield "| Invariant | Found | Holds |"
    yield "|---|---|---|"
    for check in found:
        holds = f"**no: {len(check.problems)}**" if check.problems else "yes"
        yield f"| {check.name} | {check.note} | {holds} |"
    for check in found:
        if check.problems:
            yield ""
            yield f"{check.name}:"
            yield ""
            yield from (f"- {problem}" for problem in check.problems[:_SHOWN])
            if len(check.problems) > _SHOWN:
                yield f"- … {len(check.problems) - _SHOWN} more"


def _traffic(asked: list[Asked], visits: Counter[int]) -> Iterator[str]:
    yield "| Requests | Number | Statuses | Verdicts |"
    yield "|---|---|---|---|"
    for kind in sorted({one.kind for one in asked}):
        own = [one for one in asked if one.kind == kind]
        statuses = _counts(Counter(str(one.status or "none") for one in own))
        verdicts = _counts(Counter(one.verdict or "–" for one in own))
        yield f"| {kind} | {len(own)} | {statuses} | {verdicts} |"
    pages = _counts(Counter({str(status or "none"): n for status, n in visits.items()}))
    yield f"| pages of the dashboard | {visits.total()} | {pages} | |"


def _faults(asked: list[Asked], windows: list[Window]) -> Iterator[str]:
    yield 'Hits of known keys, milliseconds. "First second": begun in the first second of a fault.'
    yield ""
    yield "| Fault | Times | Hits | Median | 99 % | Most | Most after the first second | BYPASS |"
    yield "|---|---|---|---|---|---|---|---|"
    hits = [one for one in asked if one.kind == "hit" and one.status == 200]
    calm = [
        one for one in hits if not any(w.touches(one.began, one.ended, after=5) for w in windows)
    ]
    yield _line("none", 0, calm, calm)
    for name in sorted({window.name for window in windows}):
        own = [window for window in windows if window.name == name]
        within = [
            (one, window)
            for one in hits
            for window in own
            if window.began <= one.began <= window.ended
        ]
        later = [one for one, window in within if one.began > window.began + 1]
        yield _line(name, len(own), [one for one, _ in within], later)


def _line(name: str, times: int, hits: list[Asked], later: list[Asked]) -> str:
    took = sorted((one.ended - one.began) * 1000 for one in hits)
    if len(took) < 2:
        return f"| {name} | {times or ''} | {len(took)} | | | | | |"
    late = max(((one.ended - one.began) * 1000 for one in later), default=0.0)
    passed = sum(one.verdict == "BYPASS" for one in hits) / len(hits)
    return (
        f"| {name} | {times or ''} | {len(took)} | {statistics.median(took):.0f} "
        f"| {statistics.quantiles(took, n=100)[98]:.0f} | {took[-1]:.0f} | {late:.0f} "
        f"| {passed:.0%} |"
    )


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items()))
