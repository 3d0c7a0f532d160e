"""What checks say about a namespace's semantic hits, and the threshold that follows.

A check compares the answer that was served with a fresh one and says "agreed" or "different". Two
fresh answers to ONE prompt also differ sometimes (the null rate n), and a wrong hit is not always
seen (power w). A namespace whose share of wrong hits is e therefore shows "different" in

    q(e, n) = n + e * (w - n)

of its checks, and what counts is the excess over n. Both e and n are estimated (empirical Bayes;
the derivation and the simulation are in docs/adr/0103):

- the shipped prior of e is what the benchmark measured, with a small share of bad namespaces;
- the project's other namespaces stand in, at a reduced weight, for checks that a namespace does not
  have yet; no counter is shared between tenants;
- the namespace's own checks do the rest; resamples of one prompt, where there are any, estimate n.

A namespace serves from the lowest bin of predicted P(same answer) for which the expected share of
wrong hits is at most the mode's target. Rules of this file: pure functions of counts; no clock, no
Redis.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from shared.decision.modes import Mode

CONFIDENCE = 0.95
SURE = 0.99
"""Confidence of ``upper_bound`` on the observed share of "different"."""
EDGES = (0.45, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""Lower edges of the bins; a prediction below the first one is never tried."""
CLOSED = 1.01
RESAMPLED = -1
"""Stands for a bin: (checked, different) of two fresh answers to one prompt."""
OWN_WEIGHT = 200
"""With fewer checks of its own, an open namespace is said to be open by the prior."""

POWER = 0.6
"""The probability w that a check sees a wrong hit. Against the nearest other question .90 was
measured. Pairs that pass all guards are closer than that, so it is assumed lower, which is safe."""
NULL_PRIOR = (5.0, 215.0)
"""Beta of n: 2.3 % (of pairs of sister models 0.3 to 3.3 %)."""
POOLED_SHARE = 0.5
POOLED_MOST = OWN_WEIGHT
"""Weight of the checks of a project's other namespaces, and up to how many checks, the namespace's
own included, they count. More would close a right namespace for good beside a wrong one."""
LOWER_SHARE = 0.5
"""Weight of checks in bins below the threshold, when only higher bins would be served."""

_ERRORS = (
    .0002, .0005, .001, .002, .003, .004, .006, .008, .01, .0125, .016, .02, .025, .03, .04, .05,
    .065, .08, .1, .13, .17, .22, .3, .4, .55, .75,
)  # fmt: skip
_NULLS = (
    0.003,
    0.006,
    0.01,
    0.014,
    0.018,
    0.023,
    0.028,
    0.034,
    0.04,
    0.047,
    0.055,
    0.065,
    0.08,
    0.1,
    0.13,
)
_BAD = (1.0, 30.0)
_BAD_SHARE = 0.04
"""Share and Beta of namespaces whose traffic is unlike the benchmark: a mean of 3 % wrong."""


def bin_of(probability: float) -> int | None:
    """The bin's number, ``None`` below the first edge."""
    found = None
    for number, edge in enumerate(EDGES):
        if probability >= edge:
            found = number
    return found


@dataclass(frozen=True, slots=True)
class Estimate:
    """The share of wrong hits: expected, and the bounds that hold with ``CONFIDENCE`` each."""

    mean: float
    lower: float
    upper: float


@lru_cache(maxsize=4096)
def estimate(
    wrong: float, checked: float, prior: tuple[float, float], resampled: tuple[int, int] = (0, 0)
) -> Estimate:
    """The posterior of e after ``wrong`` "different" of ``checked``.

    ``prior``: Beta of e among good namespaces (``Mode.prior``). ``resampled``: (checked, different)
    of resamples. Sums over a grid of e and n; a quantile is interpolated in its cell.
    """
    expected = _mixed(prior)
    nulls = _cells(
        _NULLS, NULL_PRIOR[0] + resampled[1], NULL_PRIOR[1] + resampled[0] - resampled[1]
    )
    agreed = checked - wrong
    logs = [
        [
            wrong * math.log(null + error * max(0.0, POWER - null))
            + agreed * math.log1p(-null - error * max(0.0, POWER - null))
            for null in _NULLS
        ]
        for error in _ERRORS
    ]
    top = max(map(max, logs))
    mass = [
        share * sum(weight * math.exp(log - top) for weight, log in zip(nulls, row, strict=True))
        for share, row in zip(expected, logs, strict=True)
    ]
    total = sum(mass)
    mean = sum(error * share for error, share in zip(_ERRORS, mass, strict=True)) / total
    return Estimate(
        mean, _quantile(mass, (1 - CONFIDENCE) * total), _quantile(mass, CONFIDENCE * total)
    )


def _quantile(mass: Sequence[float], at: float) -> float:
    below = 0.0
    for (low, high), share in zip(_edges(_ERRORS), mass, strict=True):
        if below + share >= at:
            return low + (high - low) * (at - below) / share
        below += share
    return 1.0


@lru_cache(maxsize=8)
def _mixed(prior: tuple[float, float]) -> tuple[float, ...]:
    good, bad = _cells(_ERRORS, *prior), _cells(_ERRORS, *_BAD)
    return tuple((1 - _BAD_SHARE) * a + _BAD_SHARE * b for a, b in zip(good, bad, strict=True))


@lru_cache(maxsize=1024)
def _cells(points: tuple[float, ...], a: float, b: float) -> tuple[float, ...]:
    """A Beta distribution's probability mass in the cell of each point (midpoint rule)."""
    parts = 8
    found = []
    for low, high in _edges(points):
        step = (high - low) / parts
        middles = (low + (part + 0.5) * step for part in range(parts))
        found.append(
            step * sum(math.exp((a - 1) * math.log(x) + (b - 1) * math.log1p(-x)) for x in middles)
        )
    total = sum(found)
    return tuple(share / total for share in found)


@lru_cache(maxsize=4)
def _edges(points: tuple[float, ...]) -> tuple[tuple[float, float], ...]:
    inner = [math.sqrt(low * high) for low, high in pairwise(points)]
    return tuple(zip([0.0, *inner], [*inner, 1.0], strict=True))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a namespace serves in a mode, and what its evidence says about that.

    ``state``: "off" (the mode serves nothing), "prior" (open by the shipped prior and the project's
    other namespaces: few checks of its own), "evidence" (open, and ``OWN_WEIGHT`` checks of its own
    agree), "forced_open" (at the owner's risk, the expected error is over δ), "closed" (the
    evidence is against it) or "refuted" (forced open by its owner, and the evidence is sure that
    the error is over δ). ``threshold``: the least probability served; over 1 when nothing is.
    ``checked``, ``wrong``: its own, summed over the bins at or above the serving threshold (the
    mode's own threshold when nothing is served). ``bound``: upper bound of its share of wrong hits.
    """

    state: str
    threshold: float
    checked: int
    wrong: int
    bound: float

    @property
    def open(self) -> bool:
        """Whether anything is served."""
        return self.threshold <= 1


Counts = Mapping[int, tuple[int, int]]
"""Bin (or ``RESAMPLED``) → (checked, different)."""


def standing(counts: Counts, mode: Mode, *, project: Counts, forced_open: bool) -> Standing:
    """Open from the first day under the shipped prior, until the evidence is against it.

    ``project``: the same counts of all the project's namespaces together, this one included; empty
    where none is known. Where the evidence is against the mode's own threshold, a higher one may
    still hold; checks in the bins below it then count with ``LOWER_SHARE``. A namespace that is
    forced open closes only when the lower bound of its error is over δ.
    """
    if mode.threshold > 1:
        return Standing("off", CLOSED, 0, 0, 1.0)
    base = bin_of(mode.threshold) or 0
    lowest = next(
        (n for n in range(base, len(EDGES)) if _held(counts, n, mode, project)), len(EDGES)
    )
    sure = forced_open and _estimated(counts, base, mode, project).lower > mode.target_error
    if lowest == base:
        serving, state = mode.threshold, "evidence"
    elif forced_open and not sure:
        serving, state = mode.threshold, "forced_open"
    elif lowest < len(EDGES):
        serving, state = EDGES[lowest], "evidence"
    else:
        serving, state = CLOSED, "refuted" if forced_open else "closed"
    from_bin = bin_of(serving) or 0 if serving <= 1 else base
    checked, wrong = _sums(counts, from_bin)
    if state == "evidence" and checked < OWN_WEIGHT:
        state = "prior"
    bound = _estimated(counts, from_bin, mode, project).upper
    return Standing(state, serving, checked, wrong, bound)


def _held(counts: Counts, lowest: int, mode: Mode, project: Counts) -> bool:
    return _estimated(counts, lowest, mode, project).mean <= mode.target_error


def _estimated(counts: Counts, lowest: int, mode: Mode, project: Counts) -> Estimate:
    """Of what would be served from bin ``lowest`` up."""
    base = bin_of(mode.threshold) or 0
    checked, wrong = _sums(counts, lowest)
    all_checked, all_wrong = _sums(counts, base)
    pooled, pooled_wrong = _pooled((checked, wrong), _sums(project, lowest))
    return estimate(
        round(wrong + LOWER_SHARE * (all_wrong - wrong) + pooled_wrong, 2),
        round(checked + LOWER_SHARE * (all_checked - checked) + pooled, 2),
        mode.prior,
        counts.get(RESAMPLED, (0, 0)),
    )


def _pooled(own: tuple[int, int], project: tuple[int, int]) -> tuple[float, float]:
    """What the other namespaces' checks count for: (checked, different), as the arguments are.

    Counts that Redis lost may leave the project with less than the namespace has.
    """
    others = max(0, project[0] - own[0])
    if not others:
        return 0.0, 0.0
    weight = min(POOLED_SHARE, max(0, POOLED_MOST - own[0]) / others)
    return weight * others, weight * min(others, max(0, project[1] - own[1]))


def _sums(counts: Counts, lowest: int) -> tuple[int, int]:
    tried = [pair for number, pair in counts.items() if number >= lowest]
    return sum(pair[0] for pair in tried), sum(pair[1] for pair in tried)


@lru_cache(maxsize=4096)
def upper_bound(wrong: int, checked: int, confidence: float = SURE) -> float:
    """The largest wrong share that is still plausible after ``wrong`` of ``checked``; 1 for none.

    Solves P(X ≤ wrong; checked, p) = 1 - confidence for p by bisection.
    """
    if checked <= 0 or wrong >= checked:
        return 1.0
    low, high = max(wrong / checked, 1e-9), 1 - 1e-9
    for _ in range(24):
        middle = (low + high) / 2
        if _binomial_cdf(wrong, checked, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def still_needed(counts: Counts, mode: Mode, *, project: Counts) -> int:
    """How many further checks, all agreeing, open the mode's own threshold; 0 where it is open."""
    base = bin_of(mode.threshold) or 0
    (checked, wrong), (every, bad) = _sums(counts, base), _sums(project, base)
    resampled = counts.get(RESAMPLED, (0, 0))

    def opens(more: int) -> bool:
        pooled, pooled_wrong = _pooled((checked + more, wrong), (every + more, bad))
        return (
            estimate(
                round(wrong + pooled_wrong, 2),
                round(checked + more + pooled, 2),
                mode.prior,
                resampled,
            ).mean
            <= mode.target_error
        )

    low, high = 0, 1
    while not opens(high) and high < 1 << 20:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if opens(middle) else (middle + 1, high)
    return low


def read_counts(pairs: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Counts from names and values of the Redis hash, one after the other.

    The hash is ``redis_keys.semantic_evidence``, or the project's: ``checked:<bin>`` and
    ``wrong:<bin>`` → counts.
    """
    counters = dict(zip(pairs[::2], map(int, pairs[1::2]), strict=True))
    bins = {int(name.split(":")[1]) for name in counters}
    return {
        number: (counters.get(f"checked:{number}", 0), counters.get(f"wrong:{number}", 0))
        for number in bins
    }


def _binomial_cdf(most: int, trials: int, share: float) -> float:
    """P(X <= most) for X ~ Binomial(trials, share), 0 < share < 1; terms by their ratio."""
    log_term = trials * math.log1p(-share)
    ratio = math.log(share) - math.log1p(-share)
    total = math.exp(log_term)
    for successes in range(1, most + 1):
        log_term += math.log((trials - successes + 1) / successes) + ratio
        total += math.exp(log_term)
    return total
