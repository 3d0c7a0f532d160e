"""Puts each fault on a loaded edge and prints what its requests met: see `benchmarks.outage`."""

import itertools
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.outage import jobs
from benchmarks.outage.cases import CASES, Case
from benchmarks.outage.load import Answered, Load, Target
from benchmarks.outage.worlds import WORLDS, World
from tests.doubles.redis_process import redis_server_missing
from tests.worker.edge import Edge
from tests.worker.edges import missing

_RATE = {"pyodide": 50.0}
_USUAL_RATE = 80.0
_TENANTS = 4
_CALM_SECONDS = 3.0
_TOLD_MS = 250.0
"""Of a row whose slowest request waits longer, the request is told."""
_ARRIVAL_SECONDS = 60.0
_HEADINGS = (
    "failed",
    "wrong",
    "lost",
    "doubled",
    "1st s ms",
    "after ms",
    "99 % ms",
    "BYPASS",
    "retried",
)


_PROVIDERS_FAULT = ("upstream_", "provider_")
"""How the codes of errors begin that tell of the provider: no row's failure where it is broken."""


@dataclass(frozen=True, slots=True)
class Row:
    """What one fault did. Waits are milliseconds beyond the usual median of the same kind."""

    requests: int
    failed: list[Answered]
    wrong: int
    lost: int
    doubled: int
    first_second: float
    after: float
    late: float
    bypassed: float
    retried: int
    note: str


def main() -> None:
    """Print a line for each fault."""
    if reason := redis_server_missing():
        print(reason)
        return
    groups = os.environ.get("OUTAGE", "").replace(",", " ").split()
    print(f"{_USUAL_RATE:.0f} requests a second of known keys, {_RATE['pyodide']:.0f} on Pyodide.")
    print("Waits: the worst beyond the usual median. Lost and doubled: usage rows.")
    for world, cases in itertools.groupby(CASES, key=lambda case: case.world):
        if groups and world not in groups:
            continue
        if world == "pyodide" and (reason := missing("pyodide")):
            print(f"pyodide left out: {reason}")
            continue
        print(f"\n{world:36}{'requests':>9}" + "".join(f"{name:>9}" for name in _HEADINGS))
        with WORLDS[world]() as made:
            for case in cases:
                _print(case.name, _measured(made, case))
    if not groups or "jobs" in groups:
        jobs.main()


def _measured(world: World, case: Case) -> Row:
    base = world.base
    base.quiet()
    for edge in world.edges:
        edge.recovered()
    base.supabase.usage_logs.clear()
    keys = {f"tenant{number}": base.tenant().key for number in range(_TENANTS)}
    urls = tuple(edge.base_url for edge in world.edges)
    load_name = f"fault{time.monotonic_ns()}"
    with Load(Target(load_name, urls, keys, _RATE.get(case.world, _USUAL_RATE))) as load:
        time.sleep(_CALM_SECONDS)
        began = time.monotonic()
        case.begin(world)
        time.sleep(case.lasts)
        case.end(world)
        ended = time.monotonic()
        time.sleep(_CALM_SECONDS)
        answered = load.ended()
    return _row(world, load_name, answered, began, ended)


def _row(world: World, load_name: str, answered: list[Answered], began: float, ended: float) -> Row:
    asked = [one for one in answered if one.kind != "warm-up"]
    calm = [one for one in asked if one.began + one.took < began]
    usual = {
        kind: statistics.median(one.took for one in calm if one.kind == kind)
        for kind in {one.kind for one in calm}
    }
    added = {one.id: (one.took - usual.get(one.kind, 0.0)) * 1000 for one in asked}
    met = [one for one in asked if one.began + one.took >= began and one.began <= ended + 1]
    first = [added[one.id] for one in met if one.began <= began + 1]
    later = sorted(added[one.id] for one in met if one.began > began + 1)
    lost, doubled = _rows(world.edges, load_name, answered)
    streams = world.streams
    note = f"{streams.whole} of {streams.opened} streams whole" if streams.opened else ""
    streams.opened = 0
    failed = [one for one in asked if one.status != 200]
    told = []
    if world.provider is not None:
        told = [one for one in failed if any(each in one.detail for each in _PROVIDERS_FAULT)]
        failed = [one for one in failed if one not in told]
        note = f"{len(told)} of {sum(one.verdict != 'HIT' for one in asked)} told of the provider"
    slowest = max(met, key=lambda one: added[one.id], default=None)
    if slowest is not None and added[slowest.id] > _TOLD_MS:
        note += (
            f" slowest: {slowest.kind} {slowest.verdict or slowest.status} after "
            f"{slowest.retried} retries, {slowest.began - began:.1f} s into the fault"
        )
    within = [one for one in met if one.verdict and one.began <= ended]
    return Row(
        requests=len(asked),
        failed=failed,
        wrong=sum(one.wrong for one in asked),
        lost=lost,
        doubled=doubled,
        first_second=max(first, default=0.0),
        after=max(later, default=0.0),
        late=statistics.quantiles(later, n=100)[98] if len(later) > 1 else 0.0,
        bypassed=sum(one.verdict == "BYPASS" for one in within) / max(1, len(within)),
        retried=sum(one.retried for one in asked),
        note=note,
    )


def _rows(edges: tuple[Edge, ...], load_name: str, answered: list[Answered]) -> tuple[int, int]:
    """How many usage rows are missing and how many come twice, once they had time to arrive."""
    wanted = {one.id for one in answered if one.status}
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    tenants = [edge.tenant() for edge in edges]
    logs = edges[0].supabase.usage_logs
    while True:
        written = Counter(_ids(logs, load_name))
        if wanted <= set(written) or time.monotonic() > deadline:
            break
        for tenant in tenants:
            tenant.chat()  # rows leave with a request's
        time.sleep(0.5)
    return len(wanted - set(written)), sum(count - 1 for count in written.values())


def _ids(logs: list[dict[str, object]], load_name: str) -> Iterator[str]:
    for row in list(logs):
        name = str(row["request_id"]).rpartition(".")[0]
        if name.startswith(f"{load_name}-"):
            yield name


def _print(name: str, row: Row) -> None:
    figures = (
        len(row.failed),
        row.wrong,
        row.lost,
        row.doubled,
        f"{row.first_second:.0f}",
        f"{row.after:.0f}",
        f"{row.late:.0f}",
        f"{row.bypassed:.1%}",
        row.retried,
    )
    print(f"{name:36}{row.requests:>9}" + "".join(f"{each:>9}" for each in figures), row.note)
    for (status, detail), count in Counter(
        (one.status, one.detail[:120]) for one in row.failed
    ).most_common(3):
        print(f"    {count} × {status or 'no answer'}: {detail}")
    sys.stdout.flush()
