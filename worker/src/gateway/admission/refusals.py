"""Keys that a limit has refused a moment ago: their large bodies are refused unread.

Limits are looked up together with the cache, hence after a body was parsed. Without this memory a
caller over its limit could make this process parse its largest bodies as fast as it can send them.
"""

from dataclasses import dataclass, field

from gateway.core.errors import QuotaExceeded, RateLimited

_LONGEST_SECONDS = 10.0
_QUOTA_SECONDS = 5.0
_MOST_KEYS = 10_000

Refusal = RateLimited | QuotaExceeded


@dataclass(slots=True)
class Refusals:
    """By key id: what refused it, and until when (monotonic) that holds for certain."""

    known: dict[str, tuple[Refusal, float]] = field(default_factory=dict)

    def remember(self, key_id: str, refusal: Refusal, now: float) -> None:
        """Limits may be raised meanwhile, so nothing is remembered for long."""
        seconds = float(dict(refusal.headers).get("retry-after", _QUOTA_SECONDS))
        if len(self.known) >= _MOST_KEYS:
            self.known.clear()
        self.known[key_id] = (refusal, now + min(seconds, _LONGEST_SECONDS))

    def check(self, key_id: str, now: float) -> None:
        """Raises the refusal again while it holds."""
        refusal, until = self.known.get(key_id, (None, 0.0))
        if refusal is None:
            return
        if now >= until:
            del self.known[key_id]
            return
        raise type(refusal)(refusal.message, headers=refusal.headers)
