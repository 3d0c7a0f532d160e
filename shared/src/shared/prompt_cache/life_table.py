"""How likely a prefix is used again, by the time since its last use.

The method is the actuarial life table: for each interval after a use, how many prefixes were used
again in it (events) of those that had not been before. Prefixes still waiting count as half
survived. ``prompt_cache.lua`` keeps the counts; here they are read.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

INTERVALS = (300, 900, 1800, 3600)
"""Ends of the intervals, seconds after the last use: the lifetimes that are sold, and one more."""
_LENGTHS = (1.0, 2.0, 1.5, 2.0)
"""Of each interval, in lengths of the one before it."""

Hazards = list[float]
"""For each interval the chance of a use in it, if there was none before."""


class LifeTable(NamedTuple):
    """``events``, ``survivals`` and ``waiting`` by interval."""

    events: Sequence[float]
    survivals: Sequence[float]
    waiting: Sequence[float]

    def shrunk(self, towards: Hazards, strength: float) -> Hazards:
        """The hazards, as if ``strength`` observations of ``towards`` had been made as well.

        Where an interval knows little, its rate is no higher than that of the one before it.
        """
        found: Hazards = []
        before = 1.0
        for events, survived, waits, hazard, length in zip(*self, towards, _LENGTHS, strict=True):
            limit = 1 - (1 - before) ** length
            known = strength * min(limit, hazard)
            before = (events + known) / (events + survived + 0.5 * waits + strength)
            found.append(before)
        return found


def parse(text: str) -> LifeTable:
    """Twelve numbers as ``prompt_cache.lua`` writes them."""
    numbers = tuple(map(float, text.split(" ")))
    return LifeTable(numbers[:4], numbers[4:8], numbers[8:])


def prior(five_minutes: float, hour: float) -> Hazards:
    """Hazards from the chances of a use within five minutes and within an hour."""
    later = 1 - ((1 - hour) / (1 - five_minutes)) ** (1 / 3)
    return [five_minutes, later, later, later]


def uses(hazards: Hazards, lifetimes: Iterable[int]) -> list[float]:
    """The chance of a use within each lifetime; they rise, and are ends of intervals."""
    found = []
    unused, at = 1.0, 0
    for lifetime in lifetimes:
        while at < len(INTERVALS) and INTERVALS[at] <= lifetime:
            unused *= 1 - hazards[at]
            at += 1
        found.append(1 - unused)
    return found
