"""What the playground is told agrees with what the edge decides."""

import csv
from pathlib import Path

import pytest

from shared.decision import MODES, decide, eligible
from shared.decision.decide import MAX_DISTANCE, MAX_OTHER_WORDS
from shared.decision.eligibility_rules import LIMITS, RULES
from shared.decision.explain import explain, why_ineligible
from shared.decision.guards import GUARDS

ROOT = Path(__file__).parents[3]
PAIRS = [
    (row["first"], row["second"])
    for row in csv.DictReader(
        (ROOT / "benchmarks/semantic/minimal_pairs.tsv").read_text("utf-8").splitlines(),
        delimiter="\t",
    )
    if eligible(row["first"]).eligible and eligible(row["second"]).eligible
]


def test_there_are_pairs_to_explain() -> None:
    assert len(PAIRS) > 200


@pytest.mark.parametrize("mode", ["strict", "balanced"])
def test_the_parts_add_up_to_the_decision(mode: str) -> None:
    threshold = MODES[mode].threshold
    for first, second in PAIRS:
        told = explain(first, second)
        decision = decide(first, second, threshold)
        assert told.decisions[mode] == decision
        assert told.distance == decision.distance
        refused = [guard.name for guard in told.guards if guard.refused]
        if decision.guard is not None:
            assert refused[0] == decision.guard
        serves = (
            told.distance <= MAX_DISTANCE
            and told.other_words <= MAX_OTHER_WORDS
            and not refused
            and told.probability >= threshold
        )
        assert decision.serve == (serves or decision.reason == "identical"), (first, second)


def test_each_guard_says_what_it_checks() -> None:
    told = explain("How do I buy a house?", "How do I sell a house?")
    assert [guard.name for guard in told.guards] == [name for name, _ in GUARDS]
    assert all(guard.why.endswith(".") for guard in told.guards)
    assert next(guard.name for guard in told.guards if guard.refused) == "opposites"
    assert set(told.decisions) == {"strict", "balanced"}


def test_each_reason_to_refuse_a_prompt_has_its_sentence() -> None:
    for reason in [*dict(LIMITS), *(rule.reason for rule in RULES)]:
        assert why_ineligible(reason)
    assert "time" in why_ineligible(eligible("What is the weather today?").reason or "")
