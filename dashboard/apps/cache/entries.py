"""A project's entries in Redis, counted by scanning its keys.

Nothing counts entries as they come and expire, so they are counted when somebody asks: the
project's keys are looked up in batches (SCAN), a script adds up their sizes. A count looks through
at most ``MOST_SCANS`` batches and says so when that was not all; it is kept for a minute.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.utils import timezone

from apps.accounts.models import User
from apps.audit.services import audit_record
from apps.projects import redis_calls
from apps.projects.cache_control import CacheUnreachableError, unreachable
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from shared import entry_head, redis_keys

SCAN_COUNT = 2_000
MOST_SCANS = 30
_KEPT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """Entries of one model and namespace. Bytes are of the values, without Redis's own.

    ``dead`` ones were purged and wait for their TTL: they are never served.
    """

    model: str
    namespace: str
    entries: int
    size: int
    dead: int
    dead_size: int


@dataclass(frozen=True, slots=True)
class EntryCount:
    """Largest first. ``complete`` is False when more keys were left than a count looks through."""

    kept: list[Kept]
    complete: bool
    counted_at: datetime

    def of(self, *, model: str = "", namespace: str = "") -> "EntryCount":
        """The part of that model and namespace; an empty one stands for all."""
        kept = [
            one
            for one in self.kept
            if model in ("", one.model) and namespace in ("", one.namespace)
        ]
        return EntryCount(kept, self.complete, self.counted_at)

    @property
    def entries(self) -> int:
        return sum(one.entries for one in self.kept)

    @property
    def size(self) -> int:
        return sum(one.size for one in self.kept)

    @property
    def dead(self) -> int:
        return sum(one.dead for one in self.kept)

    @property
    def dead_size(self) -> int:
        return sum(one.dead_size for one in self.kept)


def entries_count(
    project: Project, *, most_scans: int = MOST_SCANS, scan_count: int = SCAN_COUNT
) -> EntryCount:
    """The count, at most a minute old. Raises ``CacheUnreachableError``."""
    known: EntryCount | None = cache.get(_name(project))
    if known is None:
        known = _count(project, most_scans, scan_count)
        cache.set(_name(project), known, _KEPT_SECONDS)
    return known


def count_forget(project: Project) -> None:
    """Forgets the count after a purge or deletion, so that the next call counts again."""
    cache.delete(_name(project))


def entry_delete(*, project: Project, cache_key: str, actor: User | None) -> bool:
    """Deletes one answer; False when it was already gone. Raises ``CacheUnreachableError``."""
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")
    try:
        with redis_client() as redis:
            deleted = redis.delete(redis_keys.entry(str(project.pk), cache_key))
    except Exception as error:
        raise unreachable(error) from error
    count_forget(project)
    audit_record(
        action="cache.entry_delete",
        actor=actor,
        target=project,
        organization=project.organization,
        project_id=project.pk,
        data={"cache_key": cache_key, "deleted": bool(deleted)},
    )
    return bool(deleted)


def _name(project: Project) -> str:
    return f"entries:{project.pk}"


def _count(project: Project, most_scans: int, scan_count: int) -> EntryCount:
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")
    tenant = str(project.pk)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    seen: set[str] = set()
    cursor, complete = 0, False
    try:
        with redis_client() as redis:
            for _ in range(most_scans):
                cursor, found = redis.scan(
                    cursor, match=redis_keys.entry(tenant, "*"), count=scan_count
                )
                # SCAN may tell a key twice while the table of keys grows.
                new = [key for key in dict.fromkeys(found) if key not in seen]
                seen.update(new)
                if new:
                    _add(sums, redis, tenant, new)
                complete = int(cursor) == 0
                if complete:
                    break
    except Exception as error:
        raise unreachable(error) from error
    kept = [Kept(*entry_head.read_label(label), *counts) for label, counts in sums.items()]
    return EntryCount(
        sorted(kept, key=lambda one: (-one.size, one.model, one.namespace)),
        complete,
        timezone.now(),
    )


def _add(sums: dict[str, list[int]], redis: Any, tenant: str, keys: list[str]) -> None:
    counted = redis_calls.count_entries(
        redis,
        cutoffs=redis_keys.cutoffs(tenant),
        entries=keys,
        head_bytes=entry_head.HEAD_BYTES,
    )
    for label, *counts in counted:
        sums[label] = [one + more for one, more in zip(sums[label], counts, strict=True)]
