"""One request as it is written to ``usage_logs``: the row contract of the edge and the database."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal

CacheStatus = Literal["HIT", "HIT-SEMANTIC", "HIT-COALESCED", "MISS", "BYPASS"]
HIT: Final = "HIT"
HIT_SEMANTIC: Final = "HIT-SEMANTIC"
HIT_COALESCED: Final = "HIT-COALESCED"
MISS: Final = "MISS"
BYPASS: Final = "BYPASS"
HITS: tuple[CacheStatus, ...] = (HIT, HIT_SEMANTIC, HIT_COALESCED)
CACHE_STATUSES: tuple[CacheStatus, ...] = (HIT, HIT_SEMANTIC, HIT_COALESCED, MISS, BYPASS)


@dataclass(slots=True)
class UsageEvent:
    """Money is integer nano-USD (10⁻⁹ $); ``None`` means unknown, never zero. Times are ms.

    On a hit ``cost_nanousd`` is 0 and ``saved_nanousd`` what the provider would have charged;
    on a miss it is the other way round. Tokens are those of the original answer.
    """

    request_id: str
    ts: str
    project_id: str
    organization_id: str
    api_key_id: str
    endpoint: str
    provider: str | None = None
    model: str | None = None
    stream: bool = False
    cache_status: CacheStatus = BYPASS
    cache_key: str | None = None
    similarity: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    cost_nanousd: int | None = None
    saved_nanousd: int | None = None
    latency_ms: int = 0
    upstream_ms: int | None = None
    ttfb_ms: int | None = None
    status: int = 200
    error_code: str | None = None
    decision: dict[str, Any] | None = None
    prompt: str | None = None
    response: str | None = None

    def row(self) -> dict[str, Any]:
        """The JSON row that PostgREST inserts."""
        return dict(zip(COLUMNS, _values(self), strict=True))


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(UsageEvent))
_values = attrgetter(*COLUMNS)
