"""The threshold that a scope's own evidence allows, and whether it keeps its promise."""

import random
from collections.abc import Callable

import pytest

from shared.decision import evidence
from shared.decision.answers import same_answer
from shared.decision.modes import BALANCED, OFF, STRICT, Mode


@pytest.mark.parametrize(
    ("wrong", "checked", "bound"),
    [(0, 299, 0.0100), (0, 100, 0.0295), (1, 100, 0.0466), (5, 100, 0.1023)],
)
def test_upper_bound_at_95_percent(wrong: int, checked: int, bound: float) -> None:
    # Values of the one-sided Clopper-Pearson table.
    assert evidence.upper_bound(wrong, checked, 0.95) == pytest.approx(bound, abs=2e-4)


def test_no_evidence_bounds_nothing() -> None:
    assert evidence.upper_bound(0, 0) == 1.0
    assert evidence.upper_bound(3, 3) == 1.0
    assert evidence.threshold({}, 0.03) == evidence.CLOSED


def test_more_good_evidence_opens_from_the_top() -> None:
    top = len(evidence.EDGES) - 1
    assert evidence.threshold({top: (100, 0)}, 0.03) == evidence.CLOSED
    assert evidence.threshold({top: (200, 0)}, 0.03) == evidence.EDGES[top]
    lower = {top: (200, 0), top - 1: (30, 0)}
    assert evidence.threshold(lower, 0.03) == evidence.EDGES[top - 1]
    too_few = {top: (200, 0), top - 1: (5, 0), top - 2: (200, 0)}
    assert evidence.threshold(too_few, 0.03) == evidence.EDGES[top]


def test_wrong_answers_close_again() -> None:
    top = len(evidence.EDGES) - 1
    assert evidence.threshold({top: (200, 8)}, 0.03) == evidence.CLOSED
    assert not evidence.refuted({top: (200, 0)}, 0.6, 0.03)
    assert evidence.refuted({top: (100, 20)}, 0.6, 0.03)


TOP = len(evidence.EDGES) - 1


@pytest.mark.parametrize(
    ("counts", "opened", "state", "threshold"),
    [
        ({}, False, "closed", evidence.CLOSED),
        ({}, True, "opened", 0.7),
        ({TOP: (500, 0)}, False, "evidence", 0.95),
        # The owner's risk reaches further down than the evidence does.
        ({TOP: (500, 0)}, True, "opened", 0.7),
        (dict.fromkeys(range(7), (500, 0)), True, "evidence", 0.7),
        (dict.fromkeys(range(7), (500, 0)), False, "evidence", 0.7),
        ({TOP: (100, 20)}, False, "closed", evidence.CLOSED),
        ({TOP: (100, 20)}, True, "refuted", evidence.CLOSED),
    ],
)
def test_what_a_scope_serves_and_why(
    counts: dict[int, tuple[int, int]], opened: bool, state: str, threshold: float
) -> None:
    found = evidence.standing(counts, STRICT, opened=opened)
    assert (found.state, found.threshold, found.open) == (state, threshold, threshold <= 1)


def test_the_bound_is_of_what_is_served() -> None:
    counts = {0: (50, 10), 2: (30, 0), TOP: (600, 1)}
    found = evidence.standing(counts, STRICT, opened=True)
    assert (found.checked, found.wrong) == (630, 1)
    assert found.bound == evidence.upper_bound(1, 630)
    assert evidence.standing(counts, BALANCED, opened=True).checked == 680
    off = evidence.standing(counts, OFF, opened=True)
    assert (off.state, off.open) == ("off", False)


@pytest.mark.parametrize(("wrong", "checked"), [(0, 0), (0, 400), (2, 100), (0, 1000)])
def test_how_many_checks_are_missing(wrong: int, checked: int) -> None:
    missing = evidence.still_needed(wrong, checked, 0.01)
    assert evidence.upper_bound(wrong, checked + missing) <= 0.01
    assert not missing or evidence.upper_bound(wrong, checked + missing - 1) > 0.01


def test_counts_are_read_as_redis_tells_them() -> None:
    told = ["checked:3", "7", "wrong:3", "1", "checked:6", "2"]
    assert evidence.read_counts(told) == {3: (7, 1), 6: (2, 0)}
    assert evidence.read_counts([]) == {}


@pytest.mark.parametrize(
    ("probability", "number"), [(0.2, None), (0.45, 0), (0.7, 2), (0.95, 6), (1.0, 6)]
)
def test_bins(probability: float, number: int | None) -> None:
    assert evidence.bin_of(probability) == number


def right(_probability: float) -> float:
    """A cache that errs once in a thousand hits, however sure it is."""
    return 0.001


def as_promised(_probability: float) -> float:
    """Errs exactly as often as the strict mode may."""
    return 0.01


def over(_probability: float) -> float:
    """Errs somewhat more often than the balanced mode may."""
    return 0.035


def wrong(_probability: float) -> float:
    """Errs once in ten hits."""
    return 0.1


def sure_where_it_says_so(probability: float) -> float:
    """Nearly right at the top, mostly wrong at the bottom: what a calibrated model should be."""
    return min(0.9, 2 * (1 - probability) ** 2)


ERRORS = [right, as_promised, over, wrong, sure_where_it_says_so]
RUNS = 40


def _live(
    seed: int, error: Callable[[float], float], target: float, requests: int
) -> list[tuple[bool, bool]]:
    """A scope's life: for each request with a candidate, whether it was served and was wrong.

    Predictions lie as the replay's do, two thirds of them in the surest bins. Unserved candidates
    teach for free, a tenth of the served ones is checked.
    """
    chance = random.Random(seed)
    counts: dict[int, tuple[int, int]] = {}
    lived: list[tuple[bool, bool]] = []
    for _ in range(requests):
        probability = 1 - 0.55 * chance.random() ** 3
        bad = chance.random() < error(probability)
        serve = probability >= evidence.threshold(counts, target)
        lived.append((serve, bad))
        if not serve or chance.random() < 0.1:
            found = evidence.bin_of(probability)
            assert found is not None
            checked, seen = counts.get(found, (0, 0))
            counts[found] = (checked + 1, seen + bad)
    return lived


@pytest.mark.parametrize("mode", [STRICT, BALANCED], ids=lambda mode: mode.name)
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_served_error_stays_under_delta_in_95_percent_of_runs(
    error: Callable[[float], float], mode: Mode
) -> None:
    exceeded = 0
    for seed in range(RUNS):
        lived = _live(seed, error, mode.target_error, 2_000)
        served = [bad for serve, bad in lived if serve]
        # Of fewer than 1/δ hits a single wrong one is over δ, whatever the rule.
        if len(served) * mode.target_error >= 1:
            exceeded += sum(served) > mode.target_error * len(served)
    assert exceeded <= RUNS * 0.05


@pytest.mark.parametrize("mode", [STRICT, BALANCED], ids=lambda mode: mode.name)
@pytest.mark.parametrize("error", [right, sure_where_it_says_so], ids=lambda error: error.__name__)
def test_the_hit_share_grows_where_the_cache_is_right(
    error: Callable[[float], float], mode: Mode
) -> None:
    grew = 0
    for seed in range(RUNS):
        lived = _live(seed, error, mode.target_error, 2_000)
        early, late = (sum(serve for serve, _ in part) for part in (lived[:1000], lived[1000:]))
        grew += late > early
    assert grew >= RUNS * 0.95


def test_a_cache_that_is_wrong_stays_closed() -> None:
    for seed in range(RUNS):
        assert not any(serve for serve, _ in _live(seed, wrong, STRICT.target_error, 2_000))


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
