"""Numbers and charts as pages write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.ui import charts
from apps.ui.templatetags import ui


@pytest.mark.parametrize(
    ("nanousd", "text"),
    [
        (None, "—"),
        (0, "$0.00"),
        (1, "$0.000000001"),
        (999, "$0.000000999"),
        (1_000, "$0.000001"),
        (1_470_000, "$0.001470"),
        (9_999_999, "$0.010000"),
        (10_000_000, "$0.01"),
        (14_999_999, "$0.01"),
        (15_000_000, "$0.02"),
        (1_234_567_891_000, "$1,234.57"),
        (-2_500_000_000, "-$2.50"),
    ],
)
def test_money(nanousd: int | None, text: str) -> None:
    assert ui.usd(nanousd) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "—"),
        (0, "0"),
        (950, "950"),
        (1_000, "1,000"),
        (9_999, "9,999"),
        (10_000, "10k"),
        (12_345, "12.3k"),
        (-12_345, "-12.3k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (4_567_890, "4.57M"),
        (10**9, "1B"),
    ],
)
def test_compact_numbers(value: int | None, text: str) -> None:
    assert ui.compact(value) == text


def test_a_scale_has_one_unit() -> None:
    steps = [ui.axis(value) for value in (0, 500, 2_500, 5_000, 10_000)]
    assert steps == ["0", "500", "2.5k", "5k", "10k"]


@pytest.mark.parametrize(
    ("filter_", "value", "text"),
    [
        (ui.ms, None, "—"),
        (ui.ms, 850, "850 ms"),
        (ui.ms, 1_234, "1.23 s"),
        (ui.duration, 3_600, "1 hour"),
        (ui.duration, 5_400, "90 minutes"),
        (ui.duration, 172_800, "2 days"),
        (ui.duration, 61, "61 seconds"),
        (ui.percent, None, "—"),
        (ui.percent, 0.4224, "42.2%"),
        (ui.exact_usd, 410_000, "0.000410000"),
        (ui.dollars, 2_900, "$29"),
        (ui.dollars, 2_950, "$29.50"),
    ],
)
def test_other_units(filter_: Any, value: Any, text: str) -> None:
    assert filter_(value) == text


def test_changes_say_what_they_are_compared_with() -> None:
    assert "+50.0%" in ui.delta(150, 100)
    assert ui.delta(0, 0) == "No traffic in this period"
    assert ui.delta(5, 0) == "No earlier traffic"
    assert "good" in ui.delta(50, 100, down_is_good="yes")
    assert ui.delta_points(0.5, 0.5) == "Unchanged from 50.0%"
    assert "bad" in ui.delta_points(0.4, 0.5)
    assert "\N{MINUS SIGN}10.0 pts" in ui.delta_points(0.4, 0.5)
    assert ui.change(1, 2) == "\N{MINUS SIGN}50.0%"
    assert ui.change(3, 0) == "—"


@pytest.mark.parametrize(
    ("now", "before", "text"),
    [
        (999, 100, "+899.0%"),
        (1_000, 100, "\N{MULTIPLICATION SIGN}10"),
        (332_606, 10, "\N{MULTIPLICATION SIGN}33.3k"),
    ],
)
def test_a_steep_growth_is_told_in_times(now: int, before: int, text: str) -> None:
    assert ui.change(now, before) == text
    assert f">{text}<" in ui.delta(now, before)


@given(st.lists(st.lists(st.integers(0, 10**15), min_size=5, max_size=5), min_size=1, max_size=8))
def test_bars_stay_inside_the_plot_and_in_proportion(values: list[list[int]]) -> None:
    series = [
        charts.Series(f"S{number}", f"fill-{number}", column)
        for number, column in enumerate(values)
    ]
    chart = charts.stacked("T", ["a", "b", "c", "d", "e"], series, form=str, axis=str)
    top = int(chart.ticks[0])
    for position, bar in enumerate(chart.bars):
        total = sum(column[position] for column in values)
        height = sum(float(part.height) for part in bar.segments)
        assert height == pytest.approx(total / top * 100, abs=0.01)
        assert all(-0.01 <= float(part.y) <= 100 for part in bar.segments)
        assert bar.total == str(total)
    assert chart.empty == (not any(map(any, values)))


@given(st.integers(0, 10**18))
def test_the_axis_ends_just_above_the_largest_bar(value: int) -> None:
    top = charts.nice_ceiling(value)
    assert top >= max(value, 4)
    assert top % 4 == 0
    assert top <= max(4, 2 * value)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Change Password", "Change password"),
        ("\n  Two-Factor Authentication\n", "\n  Two-factor authentication\n"),
        ("IP Address", "IP address"),
        ("Sign In Via Google", "Sign in via Google"),
        ("Done. Go on", "Done. Go on"),
    ],
)
def test_allauths_titles_are_written_as_ours(theirs: str, ours: str) -> None:
    assert ui.sentence_case(theirs) == ours


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605", "Safari on iPhone"),
        ("curl/8", "unknown"),
    ],
)
def test_browsers_by_the_name_people_know(agent: str, name: str) -> None:
    assert ui.browser(agent) == name


def test_a_tables_head_escapes_names_and_aligns_numbers() -> None:
    head = ui.thead("Model", "<b>", numbers="p50, p95")
    assert head == (
        '<thead><tr><th scope="col">Model</th><th scope="col">&lt;b&gt;</th>'
        '<th scope="col" class="right">p50</th><th scope="col" class="right">p95</th></tr></thead>'
    )
