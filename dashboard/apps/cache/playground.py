"""Two prompts in, the decision and its reasons out: ``shared.decision`` as the edge runs it.

The token table and the pair model are read by the first comparison in a process, not by its start.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from shared.decision import MODES, Decision, Mode, eligible
from shared.decision.decide import MAX_DISTANCE, MAX_OTHER_WORDS
from shared.decision.evidence import Standing
from shared.decision.explain import Explanation, GuardVerdict, explain, why_ineligible

LONGEST = 1_000
"""Characters of a prompt that the form takes; more than ``MAX_CHARACTERS`` are never eligible."""

BITS = 256


@dataclass(frozen=True, slots=True)
class Example:
    """A pair to try; ``label`` says what it shows."""

    label: str
    asked: str
    cached: str

    @property
    def query(self) -> str:
        """The URL parameters that ``read`` reads."""
        return urlencode({"asked": self.asked, "cached": self.cached})


EXAMPLES = (
    Example(
        "A paraphrase",
        "What is the best way to learn swimming?",
        "How do I learn to swim?",
    ),
    Example("An opposite", "How do I sell a house?", "How do I buy a house?"),
    Example(
        "Another number",
        "How many calories are in 150 g of rice?",
        "How many calories are in 100 g of rice?",
    ),
    Example(
        "A negation",
        "Why don't cats like water?",
        "Why do cats like water?",
    ),
    Example("Another name", "What is the capital of Spain?", "What is the capital of France?"),
    Example(
        "Roles exchanged",
        "How do I convert euros to dollars?",
        "How do I convert dollars to euros?",
    ),
    Example(
        "Changes with time", "What is the weather in Paris today?", "How is the weather in Paris?"
    ),
)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One side. ``why`` is the sentence of the eligibility rule that refused, if one did."""

    text: str
    reason: str | None
    why: str

    @property
    def eligible(self) -> bool:
        return self.reason is None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a mode does with the pair.

    ``decision`` is at the mode's own threshold; ``now`` at the one that the namespace serves from,
    None where that is not known.
    """

    mode: Mode
    decision: Decision
    sentence: str
    standing: Standing | None
    now: bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """``explanation`` and ``outcomes`` only of two eligible prompts."""

    asked: Prompt
    cached: Prompt
    explanation: Explanation | None
    outcomes: tuple[Outcome, ...]

    @property
    def sides(self) -> tuple[tuple[Prompt, str], ...]:
        """Each prompt with what it is called."""
        return (self.cached, "Asked before"), (self.asked, "Asked now")

    @property
    def refusing(self) -> list[GuardVerdict]:
        """The guards that refuse, in the order in which they are asked."""
        return [guard for guard in self._guards if guard.refused]

    @property
    def passing(self) -> list[GuardVerdict]:
        """The others."""
        return [guard for guard in self._guards if not guard.refused]

    @property
    def _guards(self) -> tuple[GuardVerdict, ...]:
        return self.explanation.guards if self.explanation else ()


def compare(asked: str, cached: str, standings: Mapping[str, Standing]) -> Comparison:
    """``standings``: by mode, what a namespace serves now; empty where that is not known."""
    left, right = _prompt(asked), _prompt(cached)
    if not (left.eligible and right.eligible):
        return Comparison(left, right, None, ())
    told = explain(asked, cached)
    outcomes = tuple(
        _outcome(MODES[name], decision, told, standings.get(name))
        for name, decision in told.decisions.items()
    )
    return Comparison(left, right, told, outcomes)


def _prompt(text: str) -> Prompt:
    reason = eligible(text).reason
    return Prompt(text, reason, why_ineligible(reason) if reason else "")


def _outcome(
    mode: Mode, decision: Decision, told: Explanation, standing: Standing | None
) -> Outcome:
    now = None
    if standing is not None:
        now = decision.serve and standing.open and decision.probability >= standing.threshold
    return Outcome(mode, decision, _sentence(mode, decision, told), standing, now)


def _sentence(mode: Mode, decision: Decision, told: Explanation) -> str:
    match decision.reason:
        case "identical":
            return "The same text: the exact cache serves it already."
        case "distance":
            return (
                f"The codes differ in {decision.distance} of {BITS} bits; prompts more than "
                f"{MAX_DISTANCE} apart are never compared."
            )
        case "wording":
            return (
                f"{told.other_words} content words are in one prompt only; with more than "
                f"{MAX_OTHER_WORDS} prompts are never compared."
            )
        case "guard":
            return f"The guard “{decision.guard}” refuses, whatever the probability."
        case "improbable":
            return f"P = {decision.probability:.3f} is below {mode.threshold:.2f}."
        case _:
            return f"No guard refuses, and P = {decision.probability:.3f} is enough."
