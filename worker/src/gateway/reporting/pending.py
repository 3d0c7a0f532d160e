"""Usage rows of this isolate that are not stored anywhere else yet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

Row = dict[str, Any]

MAX_BATCH = 500
MAX_PENDING = 20_000
_LEASE_SECONDS = 8.0
_LONGEST_TURN = 20.0


@dataclass(slots=True)
class PendingRows:
    """Plain data. A row leaves when it is stored elsewhere, not when a writer picks it up: a writer
    that is cancelled, or ends silently with its request, loses nothing.

    ``spooled``: the spool holds rows of this isolate, or a drain left some of others; the next
    batch drains it. ``next_drain``: when to drain it otherwise. ``refused``: how many rows Supabase
    has refused; ``next_refused``: when to try the kept ones again. ``retrier_until``: until when a
    request waits in order to try again. Times are of the platform's monotonic clock.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    lost: int = 0
    spooled: bool = False
    next_drain: float = 0.0
    refused: int = 0
    next_refused: float | None = None
    retrier_until: float = 0.0
    _writer_until: float = 0.0
    _turn_ends: float = 0.0

    def add(self, row: Row) -> None:
        """Keep a row; refuse it (and count it) when far too many wait."""
        if len(self.rows) < MAX_PENDING:
            self.rows[row["request_id"]] = row
        else:
            self.lost += 1

    def try_acquire_writer(self, now: float) -> bool:
        """True for the request that has to write; its batch includes the rows of the others."""
        if now < self._writer_until:
            return False
        self._turn_ends = now + _LONGEST_TURN
        self.hold(now)
        return True

    def hold(self, now: float) -> None:
        """Extend the writer's lease. A writer that stops calling this is replaced when its lease
        has run out; under steady load a second one may start after 20 s, since the first one's
        request may end."""
        self._writer_until = min(now + _LEASE_SECONDS, self._turn_ends)

    def release(self) -> None:
        """The writer is done."""
        self._writer_until = 0.0

    def oldest(self) -> list[Row]:
        """The next batch; it stays here."""
        return list(islice(self.rows.values(), MAX_BATCH))

    def handed_over(self, batch: Sequence[Row]) -> None:
        """Drop rows that are stored elsewhere now."""
        for row in batch:
            self.rows.pop(row["request_id"], None)
