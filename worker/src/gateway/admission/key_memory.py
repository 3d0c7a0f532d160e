"""The key records that this isolate knows: plain data that outlives requests.

Unknown keys are remembered apart from known ones, so that a flood of them cannot push a known
record out; and they share a bounded number of look-ups, so that it cannot fill the database's
connections either.
"""

from dataclasses import dataclass, field

from shared.key_record import KeyRecord

UNKNOWN_SECONDS = 5.0
_MAX_KNOWN = 10_000
_MAX_UNKNOWN = 1_000
_MAX_LOOK_UPS = 32


@dataclass(slots=True)
class Remembered:
    """A record and when Supabase answered it, by the platform's monotonic clock.

    ``refusal``: the status (``revoked``, ``suspended``) that Redis had been told when it was asked
    at ``refusal_asked_at``.
    """

    record: KeyRecord
    fetched_at: float
    refreshing: bool = False
    refusal: str | None = None
    refusal_asked_at: float = float("-inf")


@dataclass(slots=True)
class KeyMemory:
    """``records`` by key hash; ``unknown``: until when (monotonic) a hash counts as unknown."""

    records: dict[str, Remembered] = field(default_factory=dict)
    unknown: dict[str, float] = field(default_factory=dict)
    _looking_up: dict[str, float] = field(default_factory=dict)

    def remember(self, key_hash: str, record: KeyRecord | None, fetched_at: float) -> None:
        """Keep a record, or for a moment that there is none; the oldest makes room."""
        self.records.pop(key_hash, None)
        self.unknown.pop(key_hash, None)
        if record is None:
            _make_room(self.unknown, _MAX_UNKNOWN)
            self.unknown[key_hash] = fetched_at + UNKNOWN_SECONDS
        else:
            _make_room(self.records, _MAX_KNOWN)
            self.records[key_hash] = Remembered(record, fetched_at)

    def is_unknown(self, key_hash: str, now: float) -> bool:
        """True while the last look-up found no such key and is recent enough."""
        return self.unknown.get(key_hash, 0.0) > now

    def begin_look_up(self, key_hash: str, now: float, seconds: float) -> bool:
        """Take the right to look this key up; whoever gets ``True`` must call ``end_look_up``.

        ``False`` while another request looks it up, or while too many keys are being looked up. A
        request that dies holds the right for ``seconds`` at most.
        """
        running = self._looking_up
        if running.get(key_hash, 0.0) > now:
            return False
        if len(running) >= _MAX_LOOK_UPS:
            for other in [name for name, until in running.items() if until <= now]:
                del running[other]
            if len(running) >= _MAX_LOOK_UPS:
                return False
        running[key_hash] = now + seconds
        return True

    def end_look_up(self, key_hash: str) -> None:
        """Let the next request look this key up."""
        self._looking_up.pop(key_hash, None)


def _make_room(kept: dict[str, Remembered] | dict[str, float], most: int) -> None:
    if len(kept) >= most:
        del kept[next(iter(kept))]
