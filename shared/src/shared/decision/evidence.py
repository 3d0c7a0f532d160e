"""What a scope's own answers say about its semantic hits, and the threshold that follows.

Each checked pair of prompts has a predicted P(same answer) and an outcome: did the provider's
fresh answer agree with the cached one? Outcomes are counted in bins of the prediction. A scope
serves from the lowest bin edge above which the Clopper-Pearson upper bound of the wrong share
(Clopper & Pearson 1934, one-sided) is at most the mode's target δ; with no such edge it is closed.

The bound is looked at after every outcome, not once. ``CONFIDENCE`` is stricter than the 95 % that
is promised, so that looking often does not break the promise (simulated in the tests).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from shared.decision.modes import Mode

CONFIDENCE = 0.99
EDGES = (0.45, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95)
"""Lower edges of the bins; a prediction below the first one is never tried."""
CLOSED = 1.01
OWN_CHECKS = 20


def bin_of(probability: float) -> int | None:
    """The bin's number, ``None`` below the first edge."""
    found = None
    for number, edge in enumerate(EDGES):
        if probability >= edge:
            found = number
    return found


@lru_cache(maxsize=4096)
def upper_bound(wrong: int, checked: int, confidence: float = CONFIDENCE) -> float:
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


def lower_bound(wrong: int, checked: int) -> float:
    """The smallest wrong share that is still plausible; 0 for none checked."""
    return 1 - upper_bound(checked - wrong, checked) if checked else 0.0


def threshold(counts: Mapping[int, tuple[int, int]], target_error: float) -> float:
    """The least probability this scope may serve, ``CLOSED`` when its evidence allows none.

    ``counts``: bin → (checked, wrong). Walks down from the surest bin, adding evidence, and keeps
    the lowest edge whose bound holds. A less sure bin opens on checks of its own, never on
    surer ones' alone: it needs ``OWN_CHECKS`` of them with no more than δ wrong.
    """
    checked = wrong = 0
    found = CLOSED
    for number in range(len(EDGES) - 1, -1, -1):
        own, own_wrong = counts.get(number, (0, 0))
        checked += own
        wrong += own_wrong
        if own < OWN_CHECKS or own_wrong > own * target_error:
            if own:
                break
            continue
        if upper_bound(wrong, checked) <= target_error:
            found = EDGES[number]
    return found


def refuted(counts: Mapping[int, tuple[int, int]], least: float, target_error: float) -> bool:
    """True when even the lower bound of the wrong share at ``least`` and above is over δ."""
    tried = [pair for number, pair in counts.items() if EDGES[number] >= least]
    checked, wrong = sum(pair[0] for pair in tried), sum(pair[1] for pair in tried)
    return lower_bound(wrong, checked) > target_error


@dataclass(frozen=True, slots=True)
class Standing:
    """What a scope serves in a mode, and what its evidence says about that.

    ``state``: "off" (the mode serves nothing), "closed" (not enough evidence, or evidence against),
    "evidence" (opened by the bound), "opened" (at the owner's risk, the bound does not hold yet)
    or "refuted" (opened by its owner, closed again because the error is over δ).
    ``threshold``: the least probability served; over 1 when nothing is.
    ``checked``, ``wrong``, ``bound``: of the bins that hold what is served, or would be if open.
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


def standing(counts: Mapping[int, tuple[int, int]], mode: Mode, *, opened: bool) -> Standing:
    """Closed until the evidence bounds the error by δ, never below the mode's own threshold.

    A scope that its owner ``opened`` starts at the mode's threshold instead, until the evidence
    shows that its error is over δ.
    """
    if mode.threshold > 1:
        return Standing("off", CLOSED, 0, 0, 1.0)
    earned = max(threshold(counts, mode.target_error), mode.threshold)
    at_risk = opened and not refuted(counts, mode.threshold, mode.target_error)
    serving = mode.threshold if at_risk else earned
    if earned <= serving <= 1:
        state = "evidence"
    elif at_risk:
        state = "opened"
    else:
        state = "refuted" if opened else "closed"
    lowest = bin_of(serving if serving <= 1 else mode.threshold) or 0
    tried = [pair for number, pair in counts.items() if number >= lowest]
    checked, wrong = sum(pair[0] for pair in tried), sum(pair[1] for pair in tried)
    return Standing(state, serving, checked, wrong, upper_bound(wrong, checked))


def still_needed(wrong: int, checked: int, target_error: float) -> int:
    """How many further checks, all agreeing, bring the bound down to ``target_error``."""
    low, high = 0, 1
    while upper_bound(wrong, checked + high) > target_error:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if upper_bound(wrong, checked + middle) > target_error:
            low = middle + 1
        else:
            high = middle
    return low


def read_counts(pairs: Sequence[str]) -> dict[int, tuple[int, int]]:
    """Bin → (checked, wrong) from names and values of the Redis hash, one after the other.

    The hash is ``redis_keys.semantic_evidence``: ``checked:<bin>`` and ``wrong:<bin>`` → counts.
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
