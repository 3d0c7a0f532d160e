"""Judgements made by reading, and the rates that follow from them.

``judgements.json`` maps the hash of a pair to "same" (the cached answer serves the question) or
"different". Labels of the data set are too noisy for rates near 1 %: every pair that they call
different was read before it counts as wrong.
"""

import json
import math
from dataclasses import dataclass
from pathlib import Path

from benchmarks.semantic.replay import Hit, pair_hash

_FILE = Path(__file__).with_name("judgements.json")
SAMPLE = 40  # mismatches read per MiniLM threshold, the first by hash


@dataclass(frozen=True)
class Audit:
    """``wrong``: estimated share of wrong hits; ``upper``: 95 % upper bound; ``unread``: pairs."""

    served: int
    mismatches: int
    read: int
    wrong: float
    upper: float
    unread: list[Hit]


def audit(hits: list[Hit], *, sample: int | None = None) -> Audit:
    """Judges the hits that the labels call different: all of them, or the first ``sample``."""
    judged: dict[str, str] = json.loads(_FILE.read_text())
    mismatches = sorted(
        (hit for hit in hits if not hit.labelled_same),
        key=lambda hit: pair_hash(hit.asked, hit.cached),
    )
    chosen = mismatches if sample is None else mismatches[:sample]
    verdicts = [judged.get(pair_hash(hit.asked, hit.cached)) for hit in chosen]
    unread = [hit for hit, verdict in zip(chosen, verdicts, strict=True) if verdict is None]
    read = len(chosen) - len(unread)
    bad = verdicts.count("different")
    share = len(mismatches) / len(hits) if hits else 0.0
    wrong = share * bad / read if read else share
    if len(chosen) == len(mismatches):
        upper = clopper_pearson_upper(bad + len(unread), len(hits))
    else:
        upper = share * clopper_pearson_upper(bad, read)
    return Audit(len(hits), len(mismatches), read, wrong, upper, unread)


def clopper_pearson_upper(bad: int, total: int, confidence: float = 0.95) -> float:
    """Exact one-sided upper bound of a binomial share, by bisection."""
    if total == 0 or bad >= total:
        return 1.0
    low, high = bad / total, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_most(bad, total, middle) > 1 - confidence:
            low = middle
        else:
            high = middle
    return high


def _at_most(bad: int, total: int, share: float) -> float:
    """P(at most ``bad`` of ``total``) with the given share."""
    if share <= 0:
        return 1.0
    terms = (
        math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1)
        + k * math.log(share) + (total - k) * math.log1p(-share)
        for k in range(bad + 1)
    )  # fmt: skip
    return sum(math.exp(term) for term in terms)
