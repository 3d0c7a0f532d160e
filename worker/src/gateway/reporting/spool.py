"""Usage rows in Redis while Supabase cannot take them: kept for days, drained by any isolate.

A project's spool is a hash of chunks: a few rows each, as JSON, sealed as everything else in Redis
is. Chunks are read, inserted, and only then deleted by name, so two isolates that drain at once, or
one that dies on the way, insert some rows twice (which ``request_id`` makes harmless) and lose
none. A set of project ids says which projects have a spool.

Rows that Supabase rejects (a constraint, a type) go to a second spool of the same form. They are
tried again once an hour, so that they are stored once the cause is fixed, if that happens within a
week.
"""

import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis import calls
from gateway.redis.store import StoreUnavailable
from gateway.redis.upstash import UpstashError
from gateway.reporting.outbox import Outbox
from gateway.reporting.pending import MAX_BATCH, Row
from gateway.reporting.sealed_rows import SealedRows
from shared import redis_keys

TTL_SECONDS = 7 * 24 * 3600
MAX_CHUNKS = 50_000
"""For each project. Past it, rows are refused and wait in the isolate's memory."""
_LEASE_MS = 10_000
_RETRY_MS = 3_600_000
_PROJECTS = 20
_CHUNKS = 50


@dataclass(frozen=True, slots=True)
class SpoolKeys:
    """The names of one spool's keys."""

    index: str
    lease: str
    spool: Callable[[str], str]


WAITING = SpoolKeys(
    redis_keys.usage_spools(), redis_keys.usage_spool_lease(), redis_keys.usage_spool
)
REFUSED = SpoolKeys(
    redis_keys.usage_refused_index(), redis_keys.usage_refused_lease(), redis_keys.usage_refused
)


class Spool:
    """One of the two spools as one request's background work sees it."""

    def __init__(self, platform: Platform, outbox: Outbox, names: SpoolKeys = WAITING) -> None:
        self._names = names
        self._platform = platform
        self._sealed = SealedRows(platform, outbox.settings.encryption_keys)
        self._store = outbox.store(platform)

    async def save(self, rows: Sequence[Row]) -> list[Row]:
        """Keep rows in one round trip; the answer are those for which there was no room.

        Raises ``StoreUnavailable``.
        """
        projects: dict[str, list[Row]] = {}
        for row in rows:
            projects.setdefault(row["project_id"], []).append(row)
        chunks = [
            (
                project_id,
                self._platform.request_id(),
                await self._sealed.seal(json.dumps(own, separators=(",", ":")), _aad(project_id)),
            )
            for project_id, own in projects.items()
        ]
        full = await calls.spool_save(
            self._store,
            index=self._names.index,
            spools=[self._names.spool(project_id) for project_id in projects],
            ttl_seconds=TTL_SECONDS,
            most_chunks=MAX_CHUNKS,
            chunks=chunks,
        )
        groups = list(projects.values())
        return [row for position in full for row in groups[position - 1]]

    async def drain(self, insert: Callable[[list[Row]], Awaitable[None]]) -> bool:
        """Insert some of what is spooled, of any project; True when the spool is empty.

        Raises ``StoreUnavailable``, and ``FetchFailed`` where ``insert`` does.
        """
        index = self._names.index
        count, projects = await self._lead(_LEASE_MS)
        if not projects:
            return bool(count == 0)
        spools = {project_id: self._names.spool(project_id) for project_id in projects}
        left = count - len(spools)
        until = self._platform.monotonic() + _LEASE_MS / 1000
        try:
            while spools and self._platform.monotonic() < until:
                found = await calls.spool_read(
                    self._store, spools=list(spools.values()), most_chunks=_CHUNKS
                )
                for (project_id, spool), pairs in zip(list(spools.items()), found, strict=True):
                    chunks = dict(zip(pairs[::2], pairs[1::2], strict=True))
                    done = await self._insert(project_id, chunks, insert)
                    rest = await calls.spool_forget(
                        self._store,
                        index=index,
                        spool=spool,
                        project_id=project_id,
                        chunk_ids=done,
                    )
                    if not rest or not done:
                        left += bool(rest)
                        del spools[project_id]
        finally:
            # A failure is harmless: the lease expires by itself, and two isolates may drain at
            # once.
            with contextlib.suppress(StoreUnavailable, UpstashError):
                await self._store.command("DEL", self._names.lease)
        return not left and not spools

    async def retry(self, insert: Callable[[list[Row]], Awaitable[list[Row]]]) -> None:
        """Insert what lies here, some of it, unless that was tried within the hour.

        ``insert`` answers with the rows that are refused again; their chunk stays as it is, and
        expires. Raises ``StoreUnavailable``, and ``FetchFailed`` where ``insert`` does.
        """
        _, projects = await self._lead(_RETRY_MS)
        for project_id in projects:
            spool = self._names.spool(project_id)
            (pairs,) = await calls.spool_read(self._store, spools=[spool], most_chunks=_CHUNKS)
            done = []
            for chunk_id, chunk in zip(pairs[::2], pairs[1::2], strict=True):
                rows = await self._readable(project_id, chunk)
                if rows is not None and not await insert(rows):
                    done.append(chunk_id)
            await calls.spool_forget(
                self._store,
                index=self._names.index,
                spool=spool,
                project_id=project_id,
                chunk_ids=done,
            )

    async def _lead(self, lease_ms: int) -> tuple[int, list[str]]:
        found = await calls.spool_lead(
            self._store,
            index=self._names.index,
            lease=self._names.lease,
            lease_ms=lease_ms,
            most_projects=_PROJECTS,
        )
        return found.total, found.projects

    async def _insert(
        self,
        project_id: str,
        chunks: dict[str, str],
        insert: Callable[[list[Row]], Awaitable[None]],
    ) -> list[str]:
        """The ids of the chunks whose rows are in. One that does not open stays until it expires:
        its encryption key may come back."""
        opened: list[str] = []
        rows: list[Row] = []
        for chunk_id, chunk in chunks.items():
            found = await self._readable(project_id, chunk)
            if found is not None:
                rows += found
                opened.append(chunk_id)
        for start in range(0, len(rows), MAX_BATCH):
            await insert(rows[start : start + MAX_BATCH])
        return opened

    async def _readable(self, project_id: str, chunk: str) -> list[Row] | None:
        rows = await self._sealed.read(chunk, _aad(project_id))
        if rows is None:
            log_event("spool_unreadable", "error", project_id=project_id)
        return rows


def _aad(project_id: str) -> bytes:
    """A prefix separates spool chunks from provider keys, which are sealed under the same key."""
    return f"usage:{project_id}".encode()
