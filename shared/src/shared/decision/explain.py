"""Everything that is known about a pair of prompts, for people: what the playground shows.

``decide`` stops at the first reason to refuse. Here every guard is asked and the pair model too,
so that a person sees what else stands against a pair; the decisions are ``decide``'s own.
"""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass

from shared.decision.alignment import Alignment
from shared.decision.decide import Decision, decide, encode, sketch, telling
from shared.decision.eligibility_rules import LIMITS, RULES
from shared.decision.features import features
from shared.decision.guards import GUARDS, Guard
from shared.decision.modes import MODES
from shared.decision.pair_model import pair_model


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """``why``: what the guard checks, in a sentence."""

    name: str
    why: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """``other_words``: content words that only one of the prompts has, as ``decide`` counts them.

    ``probability``: the pair model's, also where ``decide`` refuses before asking it.
    ``decisions``: by mode, at that mode's own threshold.
    """

    distance: int
    other_words: int
    guards: tuple[GuardVerdict, ...]
    probability: float
    decisions: Mapping[str, Decision]


def explain(query: str, candidate: str) -> Explanation:
    """Compares two eligible prompts; ValueError when one is empty or too long to encode."""
    left, right = encode(query), encode(candidate)
    distance = (left.code ^ right.code).bit_count()
    pair = Alignment(sketch(query), sketch(candidate))
    return Explanation(
        distance=distance,
        other_words=len(telling(query) ^ telling(candidate)),
        guards=tuple(GuardVerdict(name, _sentence(guard), guard(pair)) for name, guard in GUARDS),
        probability=pair_model().probability(features(pair, distance)),
        decisions={
            name: decide(left, right, mode.threshold)
            for name, mode in MODES.items()
            if mode.threshold <= 1
        },
    )


def why_ineligible(reason: str) -> str:
    """The sentence of the eligibility table for a ``Verdict.reason``; KeyError for no reason."""
    return {**dict(LIMITS), **{rule.reason: rule.why for rule in RULES}}[reason]


def _sentence(guard: Guard) -> str:
    return (inspect.getdoc(guard) or "").split("\n")[0]
