"""Usage rows on this machine's disk, written by a process that had to end before they were stored
elsewhere.

A file holds sealed batches, one a line, and is deleted once all of its rows are stored elsewhere.
Processes that start together may read the same one: their inserts do nothing twice.
"""

import json
import os
from collections.abc import Sequence
from pathlib import Path

from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.reporting import writer
from gateway.reporting.outbox import Outbox
from gateway.reporting.pending import MAX_BATCH, Row
from gateway.reporting.sealed_rows import SealedRows

_AAD = b"usage-spool-file"
_SUFFIX = ".rows"


class SpoolFolder:
    """``USAGE_SPOOL_DIR``. Files are readable by this user alone."""

    def __init__(self, folder: Path, platform: Platform, outbox: Outbox) -> None:
        self._folder = folder
        self._platform = platform
        self._outbox = outbox
        self._sealed = SealedRows(platform, outbox.settings.encryption_keys)

    async def write(self, rows: Sequence[Row]) -> Path:
        """Keep rows; on disk when this returns. Raises ``OSError``."""
        lines = []
        for start in range(0, len(rows), MAX_BATCH):
            text = json.dumps(rows[start : start + MAX_BATCH], separators=(",", ":"))
            lines.append(await self._sealed.seal(text, _AAD))
        path = self._folder / (self._platform.request_id() + _SUFFIX)
        _write(path, "\n".join(lines))
        return path

    async def restore(self) -> None:
        """Hand over the rows that earlier processes left, one file after another; rows that cannot
        be stored stay."""
        for path in sorted(self._folder.glob(f"*{_SUFFIX}")):
            try:
                lines = path.read_text().splitlines()
            except OSError as error:  # another process was faster, or it is not ours to read
                log_event("spool_file_not_read", "warning", reason=str(error))
                continue
            if await self._hand_over(path.name, lines):
                path.unlink(missing_ok=True)

    async def _hand_over(self, name: str, lines: Sequence[str]) -> bool:
        pending = self._outbox.pending
        for line in lines:
            rows = await self._sealed.read(line, _AAD)
            if rows is None:
                log_event("spool_file_unreadable", "error", file=name)
                return False
            for row in rows:
                pending.add(row, self._platform.monotonic())
            await writer.deliver(self._platform, self._outbox)
            if any(row["request_id"] in pending.rows for row in rows):
                return False
        return True


def _write(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    unfinished = path.with_suffix(".part")
    with open(unfinished, "x", opener=_private) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
