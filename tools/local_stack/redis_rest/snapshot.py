"""The embedded store's file: one SQLite row per key, written in transactions.

SQLite gives what a cache on a developer's machine needs and a plain dump does not: a save costs
what changed, a killed process leaves a whole file, and a second process is kept out. The dumps are
in fakeredis' own DUMP format (a pickle): the file is created readable by its owner only, and it is
emptied when fakeredis' version changes.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

_log = logging.getLogger(__name__)
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS entries (key BLOB PRIMARY KEY, dump BLOB NOT NULL, expires_ms INTEGER);
CREATE INDEX IF NOT EXISTS entries_expiry ON entries (expires_ms);
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """A key's content. An empty `dump`: the key is gone. `ttl_ms` 0: it does not expire."""

    key: bytes
    dump: bytes
    ttl_ms: int


class Snapshot:
    """Loads and saves entries. Raises `RuntimeError` when another process has the file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._db = _open(path)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
                raise RuntimeError(f"{path} is in use by another process") from error
            aside = path.with_suffix(".damaged")
            path.replace(aside)
            _log.warning("%s cannot be read (%s): moved to %s", path, error, aside.name)
            self._db = _open(path)

    def load(self) -> Iterator[Entry]:
        """Every entry that has not expired."""
        now = _now_ms()
        rows = self._db.execute(
            "SELECT key, dump, expires_ms FROM entries WHERE expires_ms IS NULL OR expires_ms > ?",
            (now,),
        )
        for key, dump, expires_ms in rows:
            yield Entry(key=key, dump=dump, ttl_ms=0 if expires_ms is None else expires_ms - now)

    def save(self, entries: Sequence[Entry]) -> None:
        """Write these entries in one transaction, and drop what has expired meanwhile."""
        now = _now_ms()
        with self._db:
            self._db.execute("DELETE FROM entries WHERE expires_ms <= ?", (now,))
            self._db.executemany(
                "DELETE FROM entries WHERE key = ?", ((e.key,) for e in entries if not e.dump)
            )
            self._db.executemany(
                "INSERT OR REPLACE INTO entries VALUES (?, ?, ?)",
                ((e.key, e.dump, now + e.ttl_ms if e.ttl_ms else None) for e in entries if e.dump),
            )

    def close(self) -> None:
        """Close the file."""
        self._db.close()


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    # Saves run in a worker thread, one at a time.
    db = sqlite3.connect(path, timeout=0.5, check_same_thread=False)
    try:
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")  # a power cut may lose a second, never the file
        with db:
            db.executescript(_SCHEMA)
            _forget_other_format(db)
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            db.close()
        raise
    return db


def _forget_other_format(db: sqlite3.Connection) -> None:
    dump_format = f"fakeredis {version('fakeredis')}"
    row = db.execute("SELECT value FROM meta WHERE name = 'dump_format'").fetchone()
    if row and row[0] != dump_format:
        _log.warning("the saved cache was written by %s and is dropped", row[0])
        db.execute("DELETE FROM entries")
    db.execute("INSERT OR REPLACE INTO meta VALUES ('dump_format', ?)", (dump_format,))


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
