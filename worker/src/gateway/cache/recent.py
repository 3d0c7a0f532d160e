"""The answers of the last second, for requests that Redis does not answer.

A stall of Redis must not send a popular prompt to its provider many times. An answer that this
process served or fetched within the last second is served again: it is as fresh as a look-up that
Redis answered a second ago. While Redis answers, it decides what is served, so purges take effect
at once; a purge that this process handles clears this memory, too.

Beside an answer stands the sealed value that it was opened from. Where Redis answers the next
look-up with the same value, it need not be opened again, nor brought into the same form.
"""

from dataclasses import dataclass, field

from gateway.cache.entry import Entry

KEPT_SECONDS = 1.0
_MOST_CHARACTERS = 16 * 2**20
_FORMS = 4
"""For each character of an answer, about so many are kept: sealed, opened, parsed, as a stream."""

Origin = tuple[str, bytes]
"""What an entry was opened from: a value as Redis has it, and the data key that opens it."""


@dataclass(slots=True)
class _Kept:
    good_at: float
    entry: Entry
    origin: Origin | None


@dataclass(slots=True)
class RecentAnswers:
    """By project and exact key, oldest first; bounded by time and by size."""

    most_characters: int = _MOST_CHARACTERS
    _kept: dict[tuple[str, str], _Kept] = field(default_factory=dict)
    _characters: int = 0

    def put(
        self, project_id: str, key: str, entry: Entry, now: float, origin: Origin | None = None
    ) -> None:
        """Keep an answer that was good at ``now`` (monotonic)."""
        self._drop((project_id, key))
        self._kept[project_id, key] = _Kept(now, entry, origin)
        self._characters += _FORMS * len(entry.body)
        while self._kept:
            oldest = next(iter(self._kept))
            is_old = self._kept[oldest].good_at <= now - KEPT_SECONDS
            if not is_old and self._characters <= self.most_characters:
                return
            self._drop(oldest)

    def get(self, project_id: str, key: str, since: float) -> Entry | None:
        """The answer that was still good after ``since``."""
        found = self._kept.get((project_id, key))
        return found.entry if found is not None and found.good_at > since else None

    def opened(self, project_id: str, key: str, value: str, data_key: bytes) -> Entry | None:
        """What this very value held, where it was opened with this key a moment ago."""
        found = self._kept.get((project_id, key))
        return found.entry if found is not None and found.origin == (value, data_key) else None

    def forget(self, project_id: str) -> None:
        """Drop what a project's purge is about, and more: all of it."""
        for place in [place for place in self._kept if place[0] == project_id]:
            self._drop(place)

    def _drop(self, place: tuple[str, str]) -> None:
        kept = self._kept.pop(place, None)
        if kept is not None:
            self._characters -= _FORMS * len(kept.entry.body)
