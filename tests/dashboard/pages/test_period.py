"""Periods: edges in the visitor's zone, whole UTC hours, days of 23 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.usage import period

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]


def _parse(zone: str = "UTC", now: datetime = NOW, **params: str) -> period.Period:
    return period.parse(params, now=now, zone=ZoneInfo(zone))


def test_a_day_is_the_last_24_started_hours() -> None:
    shown = _parse(period="24h")
    assert shown.end == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert shown.end - shown.start == timedelta(hours=24)
    assert shown.buckets == 24
    assert shown.previous == (shown.start - timedelta(hours=24), shown.start)


def test_days_begin_at_the_visitors_midnight() -> None:
    shown = _parse("Europe/Berlin", period="30d")
    assert shown.start.astimezone(ZoneInfo("Europe/Berlin")).isoformat().startswith("2026-10-25T00")
    assert shown.buckets == 30


def test_the_day_the_clocks_go_back_has_25_hours() -> None:
    shown = _parse("Europe/Berlin", period="30d")
    assert shown.edges[1] - shown.edges[0] == timedelta(hours=25)
    assert {b - a for a, b in pairwise(shown.edges[1:])} == {timedelta(hours=24)}


def test_the_day_the_clocks_go_forward_has_23_hours() -> None:
    shown = _parse(
        "America/New_York", **{"period": "custom", "from": "2026-03-07", "to": "2026-03-09"}
    )
    day = [edge for edge in shown.edges if edge.astimezone(ZoneInfo("America/New_York")).hour == 0]
    assert [b - a for a, b in pairwise(day)] == [
        timedelta(hours=24),
        timedelta(hours=23),
        timedelta(hours=24),
    ]


def test_where_midnight_is_no_full_utc_hour_days_begin_at_the_hour_before() -> None:
    shown = _parse("Asia/Kolkata", period="30d")
    assert shown.start == datetime(2026, 10, 24, 18, tzinfo=UTC)  # 18:30 is midnight there


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("key", ["24h", "7d", "30d"])
def test_the_running_hour_is_always_shown(zone: str, key: str) -> None:
    for quarter in range(2 * 24 * 4):
        now = NOW + timedelta(minutes=15 * quarter)
        shown = _parse(zone, now, period=key)
        assert shown.start <= now < shown.end, now


def test_a_running_day_is_compared_with_as_much_of_an_earlier_one() -> None:
    shown = _parse(period="7d")
    assert shown.end == datetime(2026, 11, 24, tzinfo=UTC)
    assert shown.previous == (
        datetime(2026, 11, 10, tzinfo=UTC),
        datetime(2026, 11, 16, 11, tzinfo=UTC),
    )


def test_days_in_the_wrong_order_are_exchanged() -> None:
    wrong = _parse(**{"period": "custom", "from": "2026-11-10", "to": "2026-11-01"})
    assert wrong == _parse(**{"period": "custom", "from": "2026-11-01", "to": "2026-11-10"})
    assert (wrong.key, wrong.first_day) == ("custom", date(2026, 11, 1))


@pytest.mark.parametrize(
    "params",
    [
        {"period": "nonsense"},
        {"period": "custom"},
        {"period": "custom", "from": "yesterday", "to": "2026-11-01"},
        {"period": "custom", "from": "2020-01-01", "to": "2026-11-01"},
        {"period": "custom", "from": "2026-12-01", "to": "2026-12-02"},
        {"period": "custom", "from": "0001-01-01", "to": "0001-01-02"},
    ],
)
def test_what_makes_no_sense_is_the_default(params: dict[str, str]) -> None:
    assert _parse(**params) == _parse(period=period.DEFAULT)


@given(
    zone=st.sampled_from(ZONES),
    now=st.integers(0, 3 * 365 * 24 * 60).map(
        lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    first=st.dates(date(2023, 6, 1), date(2026, 12, 31)),
    days=st.integers(0, 365),
    key=st.sampled_from(["24h", "7d", "30d", "custom"]),
)
def test_edges_are_rising_utc_hours_and_the_url_reads_back(
    zone: str, now: datetime, first: date, days: int, key: str
) -> None:
    params = {"period": key, "from": str(first), "to": str(first + timedelta(days=days))}
    shown = period.parse(params, now=now, zone=ZoneInfo(zone))
    assert list(shown.edges) == sorted(set(shown.edges))
    assert all((edge.minute, edge.second, edge.microsecond) == (0, 0, 0) for edge in shown.edges)
    assert all(edge.utcoffset() == timedelta() for edge in shown.edges)
    assert 1 <= shown.buckets <= 101
    assert shown.previous[0] < shown.previous[1] <= shown.start
    assert period.parse(shown.query, now=now, zone=ZoneInfo(zone)) == shown
