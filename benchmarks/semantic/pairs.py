"""Minimal pairs: two prompts a hair apart, written for this benchmark, twelve kinds, both labels.

Half of them (by hash) was never looked at while rules were tuned.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.semantic.replay import pair_hash
from shared.decision import decide, eligible, encode

_FILE = Path(__file__).with_name("minimal_pairs.tsv")
_PROBES = Path(__file__).with_name("probes.tsv")
_BLIND = Path(__file__).with_name("blind_pairs.tsv")
_OTHER_LANGUAGES = Path(__file__).with_name("other_language_pairs.tsv")


@dataclass(frozen=True)
class Pair:
    """``same``: one answer serves both prompts. ``held_back``: not used for tuning."""

    category: str
    same: bool
    first: str
    second: str
    held_back: bool


def load() -> list[Pair]:
    """All pairs, in file order."""
    return _read(_FILE, "category")


def probes() -> list[Pair]:
    """Pairs with different answers, written to find holes; their category is the batch.

    The first batch led to guards; the second and third were written after them; the fourth and
    fifth, written against the rules that the blind pairs brought, led to more.
    """
    return _read(_PROBES, "batch", label="different")


def blind() -> list[Pair]:
    """Pairs of both labels, written without knowledge of the rules; their category is the set.

    Sets 1 and 3 to 8 led to rules after their first run; of set 2 only totals were read.
    """
    return _read(_BLIND, "set")


def other_languages() -> list[Pair]:
    """Pairs in other languages than English; their category is the language."""
    return _read(_OTHER_LANGUAGES, "language")


def served(pair: Pair, threshold: float) -> bool:
    """Whether the product would answer the second prompt with the first one's answer."""
    if not (eligible(pair.first).eligible and eligible(pair.second).eligible):
        return False
    return judged_same(pair, threshold)


def judged_same(pair: Pair, threshold: float) -> bool:
    """The decision alone, as if both prompts were eligible."""
    return decide(encode(pair.second), encode(pair.first), threshold).serve


def rates(pairs: list[Pair], serve: Callable[[Pair], bool]) -> tuple[float, float]:
    """(share of different pairs served, share of same pairs served)."""
    shares = []
    for same in (False, True):
        chosen = [pair for pair in pairs if pair.same is same]
        shares.append(sum(map(serve, chosen)) / max(1, len(chosen)))
    return shares[0], shares[1]


def _read(file: Path, category: str, label: str = "") -> list[Pair]:
    with file.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle, delimiter="\t"))
    return [
        Pair(
            category=row[category],
            same=(label or row["label"]) == "same",
            first=row["first"],
            second=row["second"],
            held_back=int(pair_hash(row["first"], row["second"]), 16) % 2 == 1,
        )
        for row in rows
    ]
