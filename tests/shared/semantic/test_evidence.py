"""The threshold that a scope's own evidence allows, and whether it keeps its promise."""

import random

import pytest

from shared.decision import evidence
from shared.decision.answers import same_answer
from shared.decision.modes import BALANCED, OFF, STRICT


@pytest.mark.parametrize(
    ("wrong", "checked", "bound"),
    [(0, 299, 0.0100), (0, 100, 0.0295), (1, 100, 0.0466), (5, 100, 0.1023)],
)
def test_upper_bound_at_95_percent(wrong: int, checked: int, bound: float) -> None:
    # Values of the one-sided Clopper-Pearson table.
    assert evidence.upper_bound(wrong, checked, 0.95) == pytest.approx(bound, abs=2e-4)


TOP = len(evidence.EDGES) - 1
NULL = 0.023
SEEN = 0.9


def test_a_new_scope_serves_under_the_shipped_prior_and_its_bound_is_told() -> None:
    found = evidence.standing({}, STRICT, project={}, forced_open=False)
    assert (found.state, found.threshold) == ("prior", STRICT.threshold)
    assert found.bound <= STRICT.target_error
    assert (
        evidence.standing({}, BALANCED, project={}, forced_open=False).threshold
        == BALANCED.threshold
    )


@pytest.mark.parametrize(
    ("counts", "forced_open", "state"),
    [
        ({TOP: (100, 2)}, False, "prior"),
        ({TOP: (500, 11)}, False, "evidence"),
        ({TOP: (200, 40)}, False, "closed"),
        ({TOP: (200, 40)}, True, "refuted"),
        # Expected over the target, but not surely so: the owner's risk keeps it open.
        ({TOP: (60, 6)}, True, "forced_open"),
    ],
)
def test_what_a_scope_serves_and_why(
    counts: dict[int, tuple[int, int]], *, forced_open: bool, state: str
) -> None:
    found = evidence.standing(counts, STRICT, project={}, forced_open=forced_open)
    assert found.state == state
    assert found.open is (state not in ("closed", "refuted"))


def test_off_serves_nothing() -> None:
    found = evidence.standing({TOP: (500, 0)}, OFF, project={}, forced_open=True)
    assert (found.state, found.open) == ("off", False)


def test_surer_predictions_stay_open_where_less_sure_ones_are_wrong() -> None:
    counts = {2: (60, 30), TOP: (400, 6)}
    found = evidence.standing(counts, STRICT, project={}, forced_open=False)
    assert found.open
    assert found.threshold > STRICT.threshold


def test_resamples_of_one_prompt_tell_a_talkative_model_from_a_wrong_cache() -> None:
    counts = {TOP: (400, 32)}
    assert not evidence.standing(counts, STRICT, project={}, forced_open=False).open
    assert evidence.standing(
        counts | {evidence.RESAMPLED: (300, 24)}, STRICT, project={}, forced_open=False
    ).open


def test_other_namespaces_of_the_project_stand_in_for_checks_of_its_own() -> None:
    bad = {TOP: (400, 80)}
    assert not evidence.standing({}, STRICT, project=bad, forced_open=False).open
    right = {TOP: (evidence.POOLED_MOST, 4)}
    alone = evidence.standing(right, STRICT, project=right, forced_open=False)
    assert alone.open
    both = {TOP: (evidence.POOLED_MOST + 400, 84)}
    assert evidence.standing(right, STRICT, project=both, forced_open=False) == alone


def test_a_project_that_knows_less_than_its_namespace_changes_nothing() -> None:
    """As after a loss in Redis, before it is restored."""
    counts = {TOP: (100, 2)}
    known = evidence.standing(counts, STRICT, project=counts, forced_open=False)
    for project in ({}, {TOP: (40, 40)}, {TOP: (100, 50)}):
        assert evidence.standing(counts, STRICT, project=project, forced_open=False) == known


@pytest.mark.parametrize("others", [(400, 80), (40, 4)])
def test_the_checks_that_are_missing_open_it_beside_others_too(others: tuple[int, int]) -> None:
    own = (50, 6)

    def found(more: int) -> bool:
        counts = {TOP: (own[0] + more, own[1])}
        project = {TOP: (own[0] + more + others[0], own[1] + others[1])}
        return evidence.standing(counts, STRICT, project=project, forced_open=False).open

    project = {TOP: (own[0] + others[0], own[1] + others[1])}
    missing = evidence.still_needed({TOP: own}, STRICT, project=project)
    assert missing > 0
    assert found(missing)
    assert not found(missing - 1)


def test_how_many_checks_are_missing() -> None:
    assert evidence.still_needed({}, STRICT, project={}) == 0
    counts = {TOP: (50, 6)}
    missing = evidence.still_needed(counts, STRICT, project={})
    assert missing > 0
    assert evidence.standing({TOP: (50 + missing, 6)}, STRICT, project={}, forced_open=False).open


OTHERS = 1000
"""Checks of the project's other namespaces, where it has any."""


def _closed_within(checks: int, error: float, seed: int, others: float | None = None) -> bool:
    """Whether a scope with this share of wrong hits is ever closed; looked at every 20 checks.

    ``others``: the share of wrong hits of the project's other namespaces.
    """
    chance = random.Random(seed)

    def differs(error: float) -> bool:
        return chance.random() < (SEEN if chance.random() < error else NULL)

    beside = 0 if others is None else OTHERS
    bad = sum(differs(others or 0.0) for _ in range(beside))
    differed = 0
    for checked in range(1, checks + 1):
        differed += differs(error)
        if checked % 20 == 0:
            found = evidence.standing(
                {TOP: (checked, differed)},
                STRICT,
                project={TOP: (checked + beside, differed + bad)},
                forced_open=False,
            )
            if not found.open:
                return True
    return False


@pytest.mark.parametrize("others", [None, 0.0])
@pytest.mark.parametrize(
    ("error", "checks", "least", "most"),
    [(0.0, 1000, 0, 5), (0.2, 200, 95, 100), (0.05, 1000, 95, 100)],
)
def test_a_right_scope_stays_open_and_a_wrong_one_closes(
    error: float, checks: int, least: int, most: int, others: float | None
) -> None:
    closed = sum(_closed_within(checks, error, seed, others) for seed in range(100))
    assert least <= closed <= most


def test_counts_are_read_as_redis_tells_them() -> None:
    told = ["checked:3", "7", "wrong:3", "1", "checked:6", "2"]
    assert evidence.read_counts(told) == {3: (7, 1), 6: (2, 0)}
    assert evidence.read_counts([]) == {}


@pytest.mark.parametrize(
    ("probability", "number"), [(0.2, None), (0.45, 0), (0.7, 2), (0.95, 6), (1.0, 6)]
)
def test_bins(probability: float, number: int | None) -> None:
    assert evidence.bin_of(probability) == number


LONG = "Mix flour, water, salt and yeast. Knead it for ten minutes and let it rise. " * 60
"""Some thousand tokens, as real answers have; a prompt's embedding takes 64."""


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("Paris.", "paris", True),
        ("The capital is Paris.", "The capital is Madrid.", False),
        ("Yes, you can do that.", "No, you cannot do that.", False),
        ("It takes 3 days.", "It takes 5 days.", False),
        ("", "Something", False),
        ("Paris.", "The capital of France is Paris.", True),
        (LONG, LONG.replace("Knead it", "Then knead it"), True),
        (LONG, "A passport costs a fee and takes weeks. " * 60, False),
    ],
)
def test_same_answer(left: str, right: str, *, same: bool) -> None:
    assert same_answer(left, right) is same
