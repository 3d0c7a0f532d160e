"""Usage rows in Redis from the moment of their requests' post-response.

The post-response of a miss writes its row in the same round trip; rows of hits follow in batches,
unless the database has taken them by then. The process that inserts a row into the database deletes
it here. If it dies before that, another process drains the journal. A row may be inserted twice,
which does nothing, because ``request_id`` is unique. Rows of all projects lie together, each sealed
with its id as additional data.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.reporting.outbox import Outbox
from gateway.reporting.pending import Row
from gateway.reporting.sealed_rows import SealedRows
from shared import redis_keys

MOST_ROWS = 10_000
"""The most rows; further ones wait in memory, or in the project's spool."""
_MOST_CHARACTERS = 20_000
"""The longest row that is kept here, logged prompt and answer included."""
_PER_READ = 500
_DRAIN_SECONDS = 10.0
_UNREADABLE_MS = 3_600_000


class _Names(TypedDict):
    journal: str
    journal_due: str


class JournalRow(_Names):
    """Arguments of ``commit.lua``."""

    row_id: str
    row: str
    most_rows: int


class Journal:
    """The journal as one request's background work sees it."""

    def __init__(self, platform: Platform, outbox: Outbox) -> None:
        self._platform = platform
        self._pending = outbox.pending
        self._sealed = SealedRows(platform, outbox.settings.encryption_keys)
        self._names: _Names = {
            "journal": redis_keys.usage_journal(),
            "journal_due": redis_keys.usage_journal_due(),
        }
        self._store = outbox.store(platform)

    async def argument(self, row: Row | None) -> JournalRow:
        """``row`` as ``commit.lua`` takes it; ``None``: there is none."""
        sealed = "" if row is None else await self.seal(row)
        row_id = row["request_id"] if row is not None and sealed else ""
        return {**self._names, "row_id": row_id, "row": sealed, "most_rows": MOST_ROWS}

    async def seal(self, row: Row) -> str:
        """A row as it lies in Redis; empty where it is too large for the journal."""
        text = json.dumps([row], separators=(",", ":"))
        if len(text) > _MOST_CHARACTERS:
            return ""
        return await self._sealed.seal(text, _aad(row["request_id"]))

    async def save(self, rows: Sequence[Row], *, due_in_ms: int = 0) -> list[str]:
        """Keep rows. Returns the ids of those that are kept now. ``due_in_ms``: until then no
        process drains them. Raises ``StoreUnavailable``.
        """
        sealed = [(row["request_id"], await self.seal(row)) for row in rows]
        fitting = [one for one in sealed if one[1]]
        if not fitting:
            return []
        refused = await calls.journal_save(
            self._store, **self._names, due_in_ms=due_in_ms, most_rows=MOST_ROWS, rows=fitting
        )
        return [row_id for row_id, _ in fitting if row_id not in refused]

    def note_kept(self, row_id: str) -> None:
        """A script has kept this row, which may have been handed over meanwhile."""
        self._pending.note_journaled([row_id])

    async def forget(self, row_ids: Sequence[str]) -> None:
        """These rows are stored elsewhere. Raises ``StoreUnavailable``."""
        await calls.journal_forget(self._store, **self._names, row_ids=row_ids)

    async def drain(self, insert: Callable[[list[Row]], Awaitable[None]]) -> bool:
        """Insert rows that are due, of any process; True when no due row is left.

        Raises ``StoreUnavailable``, and ``FetchFailed`` where ``insert`` does.
        """
        until = self._platform.monotonic() + _DRAIN_SECONDS
        while self._platform.monotonic() < until:
            found = await calls.journal_read(self._store, **self._names, most_rows=_PER_READ)
            if not found:
                return True
            rows: list[Row] = []
            for row_id, sealed in found:
                opened = await self._sealed.read(sealed, _aad(row_id))
                if opened is None:
                    log_event("journal_row_unreadable", "error", row=row_id)
                    await self._postpone(row_id, sealed)
                else:
                    rows += opened
            if rows:
                await insert(rows)
                await self.forget([row["request_id"] for row in rows])
        return False

    async def _postpone(self, row_id: str, sealed: str) -> None:
        """Keep rows that do not open, because their encryption key may come back, but read them
        less often."""
        await calls.journal_save(
            self._store,
            **self._names,
            due_in_ms=_UNREADABLE_MS,
            most_rows=MOST_ROWS,
            rows=[(row_id, sealed)],
        )


def _aad(row_id: str) -> bytes:
    return f"usage-journal:{row_id}".encode()
