"""What must hold at the end of a soak. Each check is a name, and what was found to be wrong."""

import itertools
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg

from benchmarks.soak.samples import Sample, slopes
from benchmarks.soak.schedule import Window
from benchmarks.soak.stack import Stack
from benchmarks.soak.tenants import LIMITS, TTL_SECONDS
from benchmarks.soak.traffic import Asked

_ARRIVAL_SECONDS = 150.0
_BOUND_SECONDS = 1.0
"""Rows of answers that are younger than this when their edge is killed may be lost. The docs say a
tenth of a second (docs/adr/0008): a machine that also runs everything else here takes longer."""
_RECOVERY_SECONDS = 5.0
"""After a fault, until a breaker has noticed that it is over."""
_PROVIDER_SECONDS = 25.0
"""After a fault of the provider: what it held fails at its limit (`benchmarks.soak.stack`: 15 s),
then its breaker is open for 5 s (`gateway.providers.memory`); 5 s for a busy machine."""
_MINUTE = 60.0
_LONGEST_WAIT_SECONDS = 5.0
"""A lease of three seconds, the slow model's one, and one for a busy machine."""
_GROWTH = {"memory (MB)": 0.25, "file descriptors": 0.2, "threads": 0.2, "tasks": 0.3}
"""How much more than at first may be in use at the end, as a share, and this much at least:"""
_GROWTH_LEAST = {"memory (MB)": 12.0, "file descriptors": 30.0, "threads": 6.0, "tasks": 12.0}


@dataclass(frozen=True, slots=True)
class Check:
    """``problems``: empty where it holds. ``note``: what was counted."""

    name: str
    note: str
    problems: list[str]


def answers(asked: list[Asked], windows: list[Window]) -> Iterator[Check]:
    """No wrong answer; no failed request but those that provider or edge explain by their fault."""
    wrong = [one for one in asked if one.wrong]
    yield Check("no wrong answer", f"{len(asked)} answers", [f"{one}" for one in wrong[:10]])
    failed = [one for one in asked if one.unexpected]
    excused = Counter[str]()
    problems = []
    for one in failed:
        why = _excuse(one, windows)
        if why:
            excused[why] += 1
        else:
            at = _faults_of(one, windows)
            problems.append(
                f"{one.id} {one.tenant} {one.kind} on {one.edge} at {one.began:.1f} s: "
                f"{one.status} {one.code} after {one.ended - one.began:.2f} s ({at})"
            )
    note = f"{len(failed)} failed; explained: {dict(excused) or 'none'}"
    yield Check("no request fails but by its provider or a killed edge", note, problems)


def waits(asked: list[Asked], windows: list[Window]) -> Iterator[Check]:
    """Nobody waits long for a leader, a store or an edge that is gone."""
    patient = [one for one in asked if one.status and not one.left and not _stalled(one, windows)]
    longest = max((one.ended - one.began for one in patient), default=0.0)
    problems = [
        f"{one.id} {one.tenant} {one.kind} {one.verdict} on {one.edge} at {one.began:.1f} s: "
        f"{one.ended - one.began:.2f} s ({_faults_of(one, windows)})"
        for one in patient
        if one.ended - one.began > _LONGEST_WAIT_SECONDS
    ]
    name = f"no answer takes over {_LONGEST_WAIT_SECONDS:g} s but with a stalled provider"
    yield Check(name, f"longest {longest:.2f} s", problems)


def _stalled(one: Asked, windows: list[Window]) -> bool:
    return any(
        w.name.startswith("provider") and w.touches(one.began, one.ended, after=_RECOVERY_SECONDS)
        for w in windows
    )


def _faults_of(one: Asked, windows: list[Window]) -> str:
    return ", ".join(w.name for w in windows if w.touches(one.began, one.ended)) or "no fault"


def _excuse(one: Asked, windows: list[Window]) -> str:
    for window in windows:
        provider = window.name.startswith("provider")
        after = _PROVIDER_SECONDS if provider else _RECOVERY_SECONDS
        near = window.touches(one.began, one.ended, after=after)
        if near and provider and one.status in (502, 503, 504):
            return window.name
        if near and window.name == f"{one.edge} killed" and one.status in (0, 200):
            return window.name
        away = window.name in ("database away", "dashboard frozen", "dashboard killed")
        if near and away and one.code == "key_check_unavailable" and _forgotten(one, windows):
            return f"{window.name}, its key not known to a new process or an empty Redis"
    return ""


def _forgotten(one: Asked, windows: list[Window]) -> bool:
    """Whether its edge was started anew within the minute that a key record lives in Redis."""
    return any(
        w.name.startswith(one.edge) and w.touches(one.began - _MINUTE, one.ended) for w in windows
    )


def rows(stack: Stack, asked: list[Asked], windows: list[Window]) -> Iterator[Check]:
    """Each answered request has its row, once; what is missing lies within the stated bound."""
    answered = {one.id: one for one in asked if one.status and one.code != "key_check_unavailable"}
    written = _written(stack, set(answered))
    counted = Counter(written)
    lost = [one for name, one in answered.items() if name not in counted and not one.left]
    allowed = [one for one in lost if _within_bound(one, windows)]
    problems = [
        f"{one.id} {one.tenant} {one.kind} {one.verdict} on {one.edge} at {one.ended:.1f} s"
        for one in lost
        if one not in allowed
    ]
    note = f"{len(answered)} answered, {len(counted)} with a row, {len(allowed)} lost in the bound"
    yield Check("rows = answered requests less the stated bound", note, problems)
    doubled = [f"{name}: {count} rows" for name, count in counted.items() if count > 1]
    yield Check("no row twice", f"{len(written)} rows", doubled)
    with psycopg.connect(stack.database_url) as database:
        total = _number(database, "SELECT count(*) FROM usage_logs")
        summed = _number(database, "SELECT coalesce(sum(requests), 0) FROM usage_hourly")
    problems = [] if total == summed else [f"{total} rows, {summed} in the hourly sums"]
    yield Check("the hourly sums count every row once", f"{total} rows", problems)


def _within_bound(one: Asked, windows: list[Window]) -> bool:
    return any(
        w.name == f"{one.edge} killed" and w.began - _BOUND_SECONDS <= one.ended <= w.ended
        for w in windows
    )


def _written(stack: Stack, wanted: set[str]) -> list[str]:
    """Our ids of the rows, once all wanted ones are there, no more come and the sums have them."""
    deadline = time.monotonic() + _ARRIVAL_SECONDS
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        while True:
            found = [
                str(name).rpartition(".")[0]
                for (name,) in database.execute(
                    "SELECT request_id FROM usage_logs WHERE request_id LIKE 'soak-%'"
                )
            ]
            summed = _number(database, "SELECT coalesce(sum(requests), 0) FROM usage_hourly")
            total = _number(database, "SELECT count(*) FROM usage_logs")
            complete = wanted <= set(found) and summed == total
            if complete or time.monotonic() > deadline:
                return found
            time.sleep(2)


def _number(database: "psycopg.Connection[tuple[int, ...]]", query: str) -> int:
    row = database.execute(query).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def limits(stack: Stack, asked: list[Asked], windows: list[Window]) -> Iterator[Check]:
    """With Redis no limit lets more through than it says, and without it one process's share more.

    Nothing is asked of minutes in which Redis lost its counts or an edge those of its memory.
    """
    broken = [w for w in windows if w.name.startswith("Redis")]
    forgetful = [w for w in windows if w.loses or w.name.startswith("edge")]

    def sound(began: float, ended: float) -> bool:
        return not any(w.touches(began, ended, after=_RECOVERY_SECONDS) for w in broken)

    admitted = sorted(one.began for one in asked if one.tenant == "minute" and one.status == 200)
    most = LIMITS["minute"]["requests_per_minute"]
    with_share = most + most // len(stack.edges)
    worst = {"with Redis": 0, "without": 0, "counts lost": 0}
    first = 0
    for last, at in enumerate(admitted):
        # Admission is up to the time of answering later than sending: a little less than a minute.
        while admitted[first] < at - _MINUTE + 2:
            first += 1
        since = admitted[first] - _MINUTE
        kind = "with Redis" if sound(since, at) else "without"
        if any(w.touches(since, at, after=_RECOVERY_SECONDS) for w in forgetful):
            kind = "counts lost"
        worst[kind] = max(worst[kind], last - first + 1)
    problems = [
        f"{worst[kind]} within a minute {kind}, {bound} allowed"
        for kind, bound in (("with Redis", most), ("without", with_share))
        if worst[kind] > bound
    ]
    note = f"{most} allowed, {with_share} without Redis; most in a minute: {worst}"
    yield Check("requests a minute", note, problems)

    quota = LIMITS["quota"]["monthly_requests"]
    losses = [0.0, *(w.began for w in broken if w.loses), float("inf")]
    problems, counts = [], []
    for began, ended in itertools.pairwise(losses):
        own = [
            one
            for one in asked
            if one.tenant == "quota" and one.status == 200 and began <= one.began < ended
        ]
        with_redis = sum(sound(one.began, one.ended) for one in own)
        counts.append(with_redis)
        if with_redis > quota:
            problems.append(f"{with_redis} between {began:.0f} and {ended:.0f} s")
    yield Check("monthly quota", f"{quota} allowed; between losses of Redis {counts}", problems)
    open_streams = stack.provider.most_open["streams"]
    allowed = LIMITS["streams"]["concurrent_streams"]
    with_share = allowed + -(-allowed // len(stack.edges))
    note = f"{allowed} allowed, {with_share} without Redis; most at once {open_streams}"
    problems = [f"{open_streams} at once"] if open_streams > with_share else []
    yield Check("open streams", note, problems)


def leftovers(stack: Stack, seconds: float) -> Iterator[Check]:
    """Neither a lock nor a slot of a stream is left ``seconds`` after the last request."""
    deadline = time.monotonic() + seconds
    began = time.monotonic()
    while True:
        found = [str(name) for name in stack.redis.command("KEYS", "*:lock:*")]
        for name in stack.redis.command("KEYS", "*:streams"):
            now = int(stack.redis.command("TIME")[0]) * 1000
            found += [f"{name} {slot}" for slot in _slots(stack, str(name), now)]
        if not found or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    took = time.monotonic() - began
    yield Check("no lock and no slot is left", f"looked for {took:.0f} s", found)


def _slots(stack: Stack, name: str, now: int) -> list[str]:
    return [str(slot) for slot in stack.redis.command("ZRANGEBYSCORE", name, now, "+inf")]


def growth(samples: list[Sample]) -> Iterator[Check]:
    """Nothing that a process holds goes on growing."""
    for slope in slopes(samples):
        kind = slope.name.rpartition(": ")[2]
        if kind == "Redis keys" and slope.since < TTL_SECONDS:
            yield Check("Redis keys are flat", "not judged: shorter than their time to live", [])
            continue
        least = _GROWTH_LEAST.get(kind, 200.0 if kind == "Redis keys" else 20.0)
        bound = max(slope.early * _GROWTH.get(kind, 0.3), least)
        grown = slope.late - slope.early
        note = f"{slope.early:.0f} → {slope.late:.0f} over {slope.minutes:.0f} minutes"
        problems = [f"{slope.an_hour:+.0f} an hour"] if grown > bound else []
        yield Check(f"{slope.name} is flat", note, problems)
