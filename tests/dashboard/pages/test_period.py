"""Periods: edges in the visitor's zone, whole UTC hours, days of 23 and 25 hours."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.usage import period

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
ZONES = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Chatham",
    "Australia/Lord_Howe",
]


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


def test_where_midnight_is_no_full_utc_hour_days_begin_then_as_far_as_the_log_goes() -> None:
    shown = _parse("Asia/Kolkata", period="30d")
    assert shown.start == datetime(2026, 10, 24, 18, tzinfo=UTC)  # 18:30 is midnight there
    begins = datetime(2026, 11, 20, tzinfo=UTC)
    exact = period.parse(
        {"period": "30d"}, now=NOW, zone=ZoneInfo("Asia/Kolkata"), log_begins=lambda: begins
    )
    assert exact.start == shown.start
    assert [edge.minute for edge in exact.edges[-5:]] == [0, 30, 30, 30, 30]
    empty = period.parse(
        {"period": "30d"}, now=NOW, zone=ZoneInfo("Asia/Kolkata"), log_begins=lambda: None
    )
    assert empty.edges == shown.edges


def test_the_log_is_asked_only_where_an_edge_lies_within_an_hour() -> None:
    def never() -> None:
        raise AssertionError

    for zone in ("UTC", "Europe/Berlin", "America/New_York"):
        period.parse({"period": "30d"}, now=NOW, zone=ZoneInfo(zone), log_begins=never)


def test_a_span_of_somebodys_choice() -> None:
    params = {"period": "custom", "from": "2026-11-20T22:15", "to": "2026-11-21T01:40"}
    zone = ZoneInfo("Europe/Berlin")
    shown = period.parse(
        params, now=NOW, zone=zone, log_begins=lambda: datetime(2026, 11, 1, tzinfo=UTC)
    )
    assert [f"{edge:%d %H:%M}" for edge in shown.edges] == [
        "20 21:15",
        "20 22:00",
        "20 23:00",
        "21 00:00",
        "21 00:40",
    ]
    assert shown.previous == (shown.start - timedelta(hours=3, minutes=25), shown.start)
    assert shown.query == params
    by_the_hour = period.parse(params, now=NOW, zone=zone)
    assert (by_the_hour.start.minute, by_the_hour.end.minute) == (0, 0)
    one_hour = _parse(**{"period": "custom", "from": "2026-11-20T10:10", "to": "2026-11-20T10:20"})
    assert one_hour.end - one_hour.start == timedelta(hours=1)


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
        {"period": "custom", "from": "0001-01-01T00:00", "to": "2026-11-01T00:00"},
        {"period": "custom", "from": "0001-01-01T00:00+14:00", "to": "9999-12-31T23:59"},
        {"period": "custom", "from": "2026-12-01T00:00", "to": "2026-12-02T00:00"},
        {"period": "custom", "from": "2026-11-01T10:00", "to": "2026-11-01T10:00"},
        {"period": "custom", "from": "T", "to": "T"},
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
    times=st.sampled_from([("", ""), ("T09:15", "T10:40"), ("T23:59", ""), ("", "T00:01")]),
    log=st.none() | st.integers(0, 400),
)
def test_edges_are_rising_and_the_url_reads_back(
    *,
    zone: str,
    now: datetime,
    first: date,
    days: int,
    key: str,
    times: tuple[str, str],
    log: int | None,
) -> None:
    """Full UTC hours before the log begins, and everywhere without one."""
    last = first + timedelta(days=days)
    params = {"period": key, "from": f"{first}{times[0]}", "to": f"{last}{times[1]}"}
    begins = None if log is None else now - timedelta(days=log)
    parse = partial(period.parse, now=now, zone=ZoneInfo(zone))
    for exactly in (None, lambda: begins):
        shown = parse(params, log_begins=exactly)
        assert list(shown.edges) == sorted(set(shown.edges))
        for edge in (*shown.edges, *shown.previous):
            exact = exactly is not None and begins is not None and edge >= begins
            assert exact or (edge.minute, edge.second, edge.microsecond) == (0, 0, 0)
            assert edge.utcoffset() == timedelta()
        assert 1 <= shown.buckets <= 101
        assert shown.previous[0] < shown.previous[1] <= shown.start
        assert parse(shown.query, log_begins=exactly) == shown
