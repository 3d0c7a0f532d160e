"""One process's count of one limit, used while Redis is away.

A meter has two sources. ``told`` is the use by all processes, as Redis's last answer gave it. The
rest is this process's own. From both, ``room`` says how much more this process may use: an equal
share of what was left when Redis was last heard, and never more than an equal share of the limit.
Shares are rounded up, so that a limit smaller than the number of processes serves somebody.

Nothing here knows Redis or a request. Times are seconds of the platform's monotonic clock.
"""

from dataclasses import dataclass, field

MINUTE = 60.0
DAYS_OF_A_MONTH = 30
LONG_AGO = float("-inf")


@dataclass(slots=True)
class Minute:
    """Amounts of the last minute, in buckets of a second: at most 61 numbers however many come."""

    buckets: dict[int, int] = field(default_factory=dict)

    def add(self, amount: int, now: float) -> None:
        """Amounts may be negative: a reservation that is given back."""
        second = int(now)
        self.buckets[second] = self.buckets.get(second, 0) + amount
        self._forget(now)

    def total(self, now: float) -> int:
        """What the last minute held; never less than 0."""
        self._forget(now)
        return max(0, sum(self.buckets.values()))

    def oldest(self, now: float) -> float | None:
        """When the oldest bucket began."""
        self._forget(now)
        return float(next(iter(self.buckets))) if self.buckets else None

    def _forget(self, now: float) -> None:
        # A bucket leaves when its last moment is a minute old, so no window holds too much.
        oldest = next(iter(self.buckets), None)
        if oldest is None or oldest + 1 + MINUTE > now:
            return
        for second in [second for second in self.buckets if second + 1 + MINUTE <= now]:
            del self.buckets[second]


@dataclass(slots=True)
class MinuteMeter:
    """Requests or ``tokens`` a minute. ``unbooked``: used here, and Redis does not know of it."""

    tokens: bool = False
    used: Minute = field(default_factory=Minute)
    unbooked: Minute = field(default_factory=Minute)
    told: int = 0
    told_at: float = LONG_AGO
    since: int = 0

    def tell(self, told: int, now: float) -> None:
        """Redis's count of the last minute."""
        self.told, self.told_at, self.since = told, now, 0

    def use(self, amount: int, now: float) -> None:
        """This process used ``amount``; a negative one gives back."""
        self.used.add(amount, now)
        self.since += amount

    def room(self, limit: int, processes: int, now: float) -> int:
        """How much more this process may use now."""
        room = share(limit, processes) - self.used.total(now)
        if now < self.told_at + MINUTE:
            room = min(room, share(limit - self.told, processes) - self.since)
        return room

    def wait(self, now: float) -> float:
        """Seconds until there may be room again."""
        oldest = self.used.oldest(now)
        since = self.told_at if oldest is None else max(oldest, self.told_at)
        return min(MINUTE, max(1.0, since + 1 + MINUTE - now))


@dataclass(slots=True)
class MonthMeter:
    """Requests or money of a month, which Redis counts to the month's end.

    ``unbooked``: used here, and Redis does not know of it. ``held``: expected of requests that are
    under way. ``typical``: the last amount that was more than nothing.
    """

    told: int = 0
    told_at: float = LONG_AGO
    since: int = 0
    held: int = 0
    typical: int = 0
    unbooked: int = 0

    def tell(self, told: int, now: float) -> None:
        """Redis's count of the month."""
        self.told, self.told_at, self.since = told, now, 0

    def use(self, amount: int) -> None:
        """This process used ``amount``."""
        self.since += amount
        if amount > 0:
            self.typical = amount

    def room(self, limit: int, processes: int, lost_at: float) -> int:
        """How much more this process may use. ``lost_at``: since when Redis is away.

        Where Redis's last answer was over a minute old by then, or there was none, others may have
        used up the month meanwhile: then no more than a day's part of the limit.
        """
        used = self.since + self.held
        room = share(limit - self.told, processes) - used
        if self.told_at < lost_at - MINUTE:
            room = min(room, share(limit, processes * DAYS_OF_A_MONTH) - used)
        return room


@dataclass(slots=True)
class StreamMeter:
    """Streams that a project has open at its providers, through this process.

    ``open``: until when each holds its slot, unless that is renewed; ``since``: those that were
    opened since Redis's last answer.
    """

    open: dict[str, float] = field(default_factory=dict)
    since: set[str] = field(default_factory=set)
    told: int = 0
    told_at: float = LONG_AGO

    def tell(self, told: int, now: float) -> None:
        """How many Redis knows to be open."""
        self.told, self.told_at = told, now
        self.since.clear()

    def hold(self, slot: str, until: float) -> None:
        """A stream is open; it counts until then."""
        if slot not in self.open:
            self.since.add(slot)
        self.open[slot] = until

    def release(self, slot: str) -> None:
        """The stream has ended."""
        self.open.pop(slot, None)
        self.since.discard(slot)

    def room(self, limit: int, processes: int, now: float) -> int:
        """How many more this process may open now."""
        for slot in [slot for slot, until in self.open.items() if until <= now]:
            self.release(slot)
        room = share(limit, processes) - len(self.open)
        if now < self.told_at + MINUTE:
            room = min(room, share(limit - self.told, processes) - len(self.since))
        return room


def share(amount: int, processes: int) -> int:
    """One process's part, rounded up; 0 of nothing."""
    return max(0, -(-amount // processes))
