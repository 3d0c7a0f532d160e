"""A project's entries in Redis, as one request reads and writes them."""

from dataclasses import dataclass, field

from gateway.cache import entry as entries
from gateway.cache.entry import Entry, EntryError
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.redis.store import Store
from shared import redis_keys


@dataclass(frozen=True, slots=True)
class ProjectCache:
    """``data_key``: under which the project's entries are sealed."""

    platform: Platform
    store: Store
    project_id: str
    data_key: bytes = field(repr=False)

    def name(self, exact_key: str) -> str:
        """The Redis key of an entry."""
        return redis_keys.entry(self.project_id, exact_key)

    async def unseal(self, exact_key: str, value: str) -> Entry | None:
        """The entry stored at ``exact_key``; ``None``, and a log line, when it does not open."""
        try:
            return await entries.unseal(self.platform, self.data_key, self.name(exact_key), value)
        except EntryError as error:
            log_event("entry_unreadable", "error", project_id=self.project_id, reason=str(error))
            return None

    async def seal(self, exact_key: str, entry: Entry) -> str:
        """The value to store at ``exact_key``."""
        return await entries.seal(self.platform, self.data_key, self.name(exact_key), entry)
