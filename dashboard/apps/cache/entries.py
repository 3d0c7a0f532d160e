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
from apps.projects.cache_control import CacheUnreachableError, unreachable
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from shared import entry_head, lua, redis_keys

SCAN_COUNT = 2_000
MOST_SCANS = 30
_KEPT_SECONDS = 60
_MEASURE = (
    lua.source("cutoff")
    + """
-- KEYS: 1 cutoffs, then entries   ARGV: bytes of an entry's head
-- Answer: label, live entries, their bytes, dead entries (purged, not yet expired), their bytes; …
local function plain(text)
  local decoded = string.gsub(text, '%%(%x%x)', function(c) return string.char(tonumber(c, 16)) end)
  return decoded
end
local cuts, groups, order = {}, {}, {}
for i = 2, #KEYS do
  local head = redis.call('GETRANGE', KEYS[i], 0, ARGV[1] - 1)
  local created, model, namespace = string.match(head, '^(%d+):([^:]*):([^:]*):')
  if created then
    local label = model .. ':' .. namespace
    if not groups[label] then
      groups[label] = {0, 0, 0, 0}
      order[#order + 1] = label
      cuts[label] = cutoff(KEYS[1], 'model:' .. plain(model), 'ns:' .. plain(namespace))
    end
    local at = tonumber(created) > cuts[label] and 1 or 3
    groups[label][at] = groups[label][at] + 1
    groups[label][at + 1] = groups[label][at + 1] + redis.call('STRLEN', KEYS[i])
  end
end
local answer = {}
for _, label in ipairs(order) do
  answer[#answer + 1] = label
  for at = 1, 4 do answer[#answer + 1] = groups[label][at] end
end
return answer
"""
)


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
    told = redis.eval(
        _MEASURE, keys=[redis_keys.cutoffs(tenant), *keys], args=[str(entry_head.HEAD_BYTES)]
    )
    for start in range(0, len(told), 5):
        label, *counts = told[start : start + 5]
        sums[label] = [one + int(more) for one, more in zip(sums[label], counts, strict=True)]
