"""The span of time a page shows, cut into the buckets of its chart.

Sums are kept per UTC hour, so every edge is a full UTC hour. Days begin at midnight of the
visitor's zone; where that is no full UTC hour (India, Nepal …) they begin at the full hour before,
and all pages, exports and links agree on it. A day has 23 or 25 hours where the clocks change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_HOUR = timedelta(hours=1)
PRESETS: dict[str, str] = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT = "7d"
_PRESET_DAYS = {"7d": 7, "30d": 30}
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Period:
    """Bucket ``i`` is ``[edges[i], edges[i + 1])``; all instants are UTC.

    ``previous`` is the preceding span of equal length, cut at the same time of day, so that an
    unfinished day is compared with the same part of an earlier one.
    """

    key: str
    edges: tuple[datetime, ...]
    labels_hours: bool
    previous: tuple[datetime, datetime]
    first_day: date
    last_day: date

    @property
    def start(self) -> datetime:
        return self.edges[0]

    @property
    def end(self) -> datetime:
        return self.edges[-1]

    @property
    def buckets(self) -> int:
        return len(self.edges) - 1

    @property
    def query(self) -> dict[str, str]:
        """The URL parameters that ``parse`` reads back."""
        if self.key != "custom":
            return {"period": self.key}
        return {
            "period": "custom",
            "from": self.first_day.isoformat(),
            "to": self.last_day.isoformat(),
        }


def parse(params: Mapping[str, str], *, now: datetime, zone: tzinfo) -> Period:
    """From ``period`` (a preset, or ``custom`` with ``from`` and ``to``, inclusive local dates).

    Dates in the wrong order are exchanged. What cannot be read, lies in the future or is longer
    than a year falls back to the default.
    """
    key = params.get("period", DEFAULT)
    if key == "24h":
        return _last_24_hours(now, zone)
    today = _today(now, zone)
    if key == "custom":
        days = _custom(params, today)
        if days is not None:
            return _days("custom", *days, now=now, zone=zone)
    if key not in _PRESET_DAYS:
        key = DEFAULT
    return _days(key, today - timedelta(days=_PRESET_DAYS[key] - 1), today, now=now, zone=zone)


def latest_days(
    count: int, *, now: datetime, zone: tzinfo
) -> tuple[tuple[date, ...], tuple[datetime, ...]]:
    """The visitor's last days, oldest first, and the instants between which they lie: day ``i`` is
    ``[edges[i], edges[i + 1])``."""
    first = _today(now, zone) - timedelta(days=count - 1)
    days = tuple(first + timedelta(days=later) for later in range(count + 1))
    return days[:-1], tuple(_instant(day, 0, zone) for day in days)


def _today(now: datetime, zone: tzinfo) -> date:
    """The day of the current UTC hour. In UTC+5:30 the next day starts at 23:30 local, on a full
    UTC hour."""
    today = now.astimezone(zone).date()
    tomorrow = today + timedelta(days=1)
    return tomorrow if _floor(now) >= _instant(tomorrow, 0, zone) else today


def _custom(params: Mapping[str, str], today: date) -> tuple[date, date] | None:
    try:
        first = date.fromisoformat(params.get("from", ""))
        last = date.fromisoformat(params.get("to", ""))
    except ValueError:
        return None
    first, last = min(first, last), min(max(first, last), today)
    if not first <= last or (last - first).days >= MAX_DAYS or first.year < 2000:
        return None
    return first, last


def _last_24_hours(now: datetime, zone: tzinfo) -> Period:
    end = _floor(now) + _HOUR
    edges = tuple(end - _HOUR * back for back in range(24, -1, -1))
    return Period(
        key="24h",
        edges=edges,
        labels_hours=True,
        previous=(edges[0] - 24 * _HOUR, edges[0]),
        first_day=edges[0].astimezone(zone).date(),
        last_day=now.astimezone(zone).date(),
    )


def _days(key: str, first: date, last: date, *, now: datetime, zone: tzinfo) -> Period:
    count = (last - first).days + 1
    end = _instant(last + timedelta(days=1), 0, zone)
    edges = _hours(_instant(first, 0, zone), end) if count <= 2 else _walls(first, count, zone)
    shift = timedelta(days=count)
    running_to = min(end, _floor(now) + _HOUR)
    wall = running_to.astimezone(zone)
    previous_end = _instant((wall - shift).date(), wall.hour, zone)
    return Period(
        key=key,
        edges=edges,
        labels_hours=count <= 10,
        previous=(_instant(first - shift, 0, zone), previous_end),
        first_day=first,
        last_day=last,
    )


def _hours(start: datetime, end: datetime) -> tuple[datetime, ...]:
    return tuple(start + _HOUR * step for step in range((end - start) // _HOUR + 1))


def _walls(first: date, count: int, zone: tzinfo) -> tuple[datetime, ...]:
    """Quarters of days up to ten days, then days, then weeks: never more than about a hundred."""
    hours = (0, 6, 12, 18) if count <= 10 else (0,)
    step = 1 if count <= 100 else 7
    days = [first + timedelta(days=day) for day in range(0, count, step)]
    edges = {_instant(day, hour, zone) for day in days for hour in hours}
    return tuple(sorted(edges | {_instant(first + timedelta(days=count), 0, zone)}))


def _instant(day: date, hour: int, zone: tzinfo) -> datetime:
    """The full UTC hour at or before that wall clock time."""
    return _floor(datetime.combine(day, time(hour), tzinfo=zone))


def _floor(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
