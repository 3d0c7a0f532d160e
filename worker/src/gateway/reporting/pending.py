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

    ``journaled``: ids of rows that are in the journal, too; ``to_forget``: ids of rows in the
    journal that were handed over meanwhile, so that they can leave it. ``spooled``: Redis holds
    rows of this isolate that the database has not, or a drain left some of others; the next batch
    drains it.
    ``next_drain``: when to drain it otherwise. ``refused``: how many rows Supabase
    has refused; ``next_refused``: when to try the kept ones again. ``retrier_until``: until when a
    request waits in order to try again. Times are of the platform's monotonic clock.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    journaled: set[str] = field(default_factory=set)
    to_forget: set[str] = field(default_factory=set)
    lost: int = 0
    spooled: bool = False
    next_drain: float = 0.0
    refused: int = 0
    next_refused: float | None = None
    retrier_until: float = 0.0
    _added: dict[str, float] = field(default_factory=dict)
    _writer_until: float = 0.0
    _keeper_until: float = 0.0
    _turn_ends: float = 0.0

    def add(self, row: Row, now: float, *, journaled: bool = False) -> None:
        """Keep a row; refuse it (and count it) when far too many wait, unless Redis keeps it."""
        if len(self.rows) < MAX_PENDING:
            row_id = row["request_id"]
            self.rows[row_id] = row
            if journaled:
                self.journaled.add(row_id)
            else:
                self._added[row_id] = now
        elif not journaled:
            self.lost += 1

    def note_journaled(self, row_ids: Sequence[str]) -> None:
        """Redis keeps these rows now, of which some may have been handed over meanwhile."""
        for row_id in row_ids:
            self._added.pop(row_id, None)
            (self.journaled if row_id in self.rows else self.to_forget).add(row_id)

    def has_unsafe(self) -> bool:
        """Whether there are rows that only this process has."""
        return bool(self._added)

    def unsafe(self, added_before: float) -> list[Row]:
        """Rows that only this process has, added before ``added_before``; ``MAX_BATCH`` at most."""
        old = (row_id for row_id, at in self._added.items() if at <= added_before)
        return [self.rows[row_id] for row_id in islice(old, MAX_BATCH)]

    def try_acquire_keeper(self, now: float) -> bool:
        """True for the caller who has to see to it that rows are in Redis soon."""
        if now < self._keeper_until or not self.has_unsafe():
            return False
        self.hold_keeper(now)
        return True

    def hold_keeper(self, now: float) -> None:
        """The keeper lives; one that fell silent is replaced when its lease has run out."""
        self._keeper_until = now + _LEASE_SECONDS

    def release_keeper(self) -> None:
        """The keeper is done."""
        self._keeper_until = 0.0

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
            row_id = row["request_id"]
            self.rows.pop(row_id, None)
            self._added.pop(row_id, None)
            if row_id in self.journaled:
                self.journaled.discard(row_id)
                self.to_forget.add(row_id)

    def left_to_redis(self, batch: Sequence[Row]) -> None:
        """Redis keeps these, and a drain will find them there."""
        for row in batch:
            self.rows.pop(row["request_id"], None)
            self.journaled.discard(row["request_id"])
