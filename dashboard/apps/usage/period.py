"""The span of time a page shows, cut into the buckets of its chart.

Days begin at midnight of the visitor's zone, and a span of somebody's choice at any minute. Sums
are kept per UTC hour, so an edge within an hour takes the log's rows of that hour
(``apps.usage.edges``). Where the log does not reach back so far, and on pages that have no such
rows, edges are moved to the full UTC hour before. A day has 23 or 25 hours where the clocks change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_HOUR = timedelta(hours=1)
PRESETS: dict[str, str] = {"24h": "24 hours", "7d": "7 days", "30d": "30 days"}
DEFAULT = "7d"
_PRESET_DAYS = {"7d": 7, "30d": 30}
MAX_DAYS = 366
_HOURLY_UP_TO = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Period:
    """Bucket ``i`` is ``[edges[i], edges[i + 1])``; all instants are UTC.

    ``previous`` is the preceding span of equal length, cut at the same time of day, so that an
    unfinished day is compared with the same part of an earlier one. ``chosen``: the local times of
    a span that begins or ends within a day, as ``parse`` reads them; empty for whole days.
    """

    key: str
    edges: tuple[datetime, ...]
    labels_hours: bool
    previous: tuple[datetime, datetime]
    first_day: date
    last_day: date
    chosen: tuple[str, ...] = ()

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
        days = (self.first_day.isoformat(), self.last_day.isoformat())
        first, last = self.chosen or days
        return {"period": "custom", "from": first, "to": last}


def parse(
    params: Mapping[str, str],
    *,
    now: datetime,
    zone: tzinfo,
    log_begins: Callable[[], datetime | None] | None = None,
) -> Period:
    """From ``period`` (a preset, or ``custom`` with ``from`` and ``to``: inclusive local dates, or
    local times such as ``2026-11-20T09:30``, of which the second is the end).

    Dates in the wrong order are exchanged. What cannot be read, lies in the future or is longer
    than a year falls back to the default. ``log_begins``: asked when an edge lies within an hour;
    since when the project's log has all rows, None for an empty one.
    """
    clock = _Clock(now, zone, log_begins)
    key = params.get("period", DEFAULT)
    if key == "24h":
        return _last_24_hours(now, zone)
    today = clock.today()
    if key == "custom":
        texts = params.get("from", ""), params.get("to", "")
        found = _times(*texts, clock) if "T" in "".join(texts) else None
        days = _custom(*texts, today)
        if found is not None:
            return found
        if days is not None:
            return _days("custom", *days, clock)
    if key not in _PRESET_DAYS:
        key = DEFAULT
    return _days(key, today - timedelta(days=_PRESET_DAYS[key] - 1), today, clock)


def latest_days(
    count: int, *, now: datetime, zone: tzinfo
) -> tuple[tuple[date, ...], tuple[datetime, ...]]:
    """The visitor's last days, oldest first, and the full UTC hours between which they lie: day
    ``i`` is ``[edges[i], edges[i + 1])``."""
    clock = _Clock(now, zone)
    first = clock.today() - timedelta(days=count - 1)
    days = tuple(first + timedelta(days=later) for later in range(count + 1))
    return days[:-1], tuple(clock.instant(day) for day in days)


class _Clock:
    """A visitor's time, and the instants at which sums can be cut."""

    def __init__(
        self,
        now: datetime,
        zone: tzinfo,
        log_begins: Callable[[], datetime | None] | None = None,
    ) -> None:
        self.now = now
        self.zone = zone
        self.next_hour = floor(now) + _HOUR
        self._log_begins = log_begins
        self._begins: datetime | None = None

    def today(self) -> date:
        """The visitor's day; where days are cut at full UTC hours, that of the current hour. In
        UTC+5:30 the next day starts at 23:30 local then."""
        today = self.now.astimezone(self.zone).date()
        tomorrow = today + timedelta(days=1)
        return tomorrow if floor(self.now) >= self.instant(tomorrow) else today

    def instant(self, day: date, at: time = time()) -> datetime:
        """Where sums can be cut for that wall clock time."""
        return self.edge(datetime.combine(day, at, tzinfo=self.zone))

    def edge(self, moment: datetime) -> datetime:
        """The instant itself where the log has the rows of its hour, else that hour."""
        hour = floor(moment)
        if hour == moment or self._log_begins is None:
            return hour
        if self._begins is None:
            self._begins = self._log_begins() or _NEVER
        return moment.astimezone(UTC) if hour >= self._begins else hour


_NEVER = datetime.max.replace(tzinfo=UTC)


def floor(moment: datetime) -> datetime:
    """The full UTC hour at or before."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _custom(first_text: str, last_text: str, today: date) -> tuple[date, date] | None:
    try:
        first, last = date.fromisoformat(first_text), date.fromisoformat(last_text)
    except ValueError:
        return None
    first, last = min(first, last), min(max(first, last), today)
    if not first <= last or (last - first).days >= MAX_DAYS or first.year < 2000:
        return None
    return first, last


def _times(first_text: str, last_text: str, clock: _Clock) -> Period | None:
    """A span that begins or ends within a day, up to the end of the current hour."""
    first, last = _local(first_text, clock.zone), _local(last_text, clock.zone)
    if first is None or last is None:
        return None
    first, last = min(first, last), min(max(first, last), clock.next_hour)
    if first >= last or last - first > timedelta(days=MAX_DAYS) or first.year < 2000:
        return None
    start, end = clock.edge(first), clock.edge(last)
    if end <= start:
        end = floor(start) + _HOUR
    begins, ends = first.astimezone(clock.zone), last.astimezone(clock.zone)
    count = (ends.date() - begins.date()).days + 1
    inner = (
        _hours(floor(start), end)
        if end - start <= _HOURLY_UP_TO
        else _walls(begins.date(), count, clock)
    )
    return Period(
        key="custom",
        edges=(start, *(edge for edge in inner if start < edge < end), end),
        labels_hours=count <= 10,
        previous=(clock.edge(start - (end - start)), start),
        first_day=begins.date(),
        last_day=ends.date(),
        chosen=(f"{begins:%Y-%m-%dT%H:%M}", f"{ends:%Y-%m-%dT%H:%M}"),
    )


def _local(text: str, zone: tzinfo) -> datetime | None:
    """A local time, or the beginning of a day, in UTC."""
    try:
        moment = datetime.fromisoformat(text[:16])
        return moment.replace(tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _last_24_hours(now: datetime, zone: tzinfo) -> Period:
    end = floor(now) + _HOUR
    edges = tuple(end - _HOUR * back for back in range(24, -1, -1))
    return Period(
        key="24h",
        edges=edges,
        labels_hours=True,
        previous=(edges[0] - 24 * _HOUR, edges[0]),
        first_day=edges[0].astimezone(zone).date(),
        last_day=now.astimezone(zone).date(),
    )


def _days(key: str, first: date, last: date, clock: _Clock) -> Period:
    count = (last - first).days + 1
    start, end = clock.instant(first), clock.instant(last + timedelta(days=1))
    edges = _hours(start, end) if count <= _HOURLY_UP_TO.days else _walls(first, count, clock)
    shift = timedelta(days=count)
    running_to = min(end, clock.next_hour)
    wall = running_to.astimezone(clock.zone)
    before = clock.instant((wall - shift).date(), wall.time())
    return Period(
        key=key,
        edges=edges,
        labels_hours=count <= 10,
        previous=(clock.instant(first - shift), min(before, start)),
        first_day=first,
        last_day=last,
    )


def _hours(start: datetime, end: datetime) -> tuple[datetime, ...]:
    steps = -((start - end) // _HOUR)
    return (*(start + _HOUR * step for step in range(steps)), end)


def _walls(first: date, count: int, clock: _Clock) -> tuple[datetime, ...]:
    """Quarters of days up to ten days, then days, then weeks: never more than about a hundred."""
    hours = (0, 6, 12, 18) if count <= 10 else (0,)
    step = 1 if count <= 100 else 7
    days = [first + timedelta(days=day) for day in range(0, count, step)]
    edges = {clock.instant(day, time(hour)) for day in days for hour in hours}
    return tuple(sorted(edges | {clock.instant(first + timedelta(days=count))}))
