"""One request as it is written to ``usage_logs``: the row contract of the edge and the database."""

from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final, Literal

CacheStatus = Literal["HIT", "HIT-SEMANTIC", "HIT-COALESCED", "MISS", "BYPASS", "REFUSED"]
HIT: Final = "HIT"
HIT_SEMANTIC: Final = "HIT-SEMANTIC"
HIT_COALESCED: Final = "HIT-COALESCED"
MISS: Final = "MISS"
BYPASS: Final = "BYPASS"
REFUSED: Final = "REFUSED"
"""Of rows only: an error of ours ended the request before a provider was asked. The response's
header says what the cache had done until then."""
HITS: tuple[CacheStatus, ...] = (HIT, HIT_SEMANTIC, HIT_COALESCED)
CACHE_STATUSES: tuple[CacheStatus, ...] = (
    HIT,
    HIT_SEMANTIC,
    HIT_COALESCED,
    MISS,
    BYPASS,
    REFUSED,
)


@dataclass(slots=True)
class CacheDecision:
    """What was decided about the cache, and why: ``usage_logs.decision``. ``None``: not said.

    A bypass says ``bypass``, a prompt that is not compared by meaning ``eligible`` and ``reason``.
    Where candidates were judged, ``mode`` to ``guard`` tell of the best one: ``candidate`` and
    ``asked`` are exact keys, ``distance`` is in bits, ``bin`` where evidence counts the
    probability, ``matched`` the candidate's text (only in projects that log prompts). ``shadow``:
    the hit was checked against a fresh answer; ``agreed``: whether the two answers agree. A verdict
    says ``verdict``, ``hit`` (the hit's row), ``candidate``, ``namespace`` and ``bin``.
    ``estimated``: the row's tokens and cost are, because the provider did not tell them.
    """

    bypass: str | None = None
    eligible: bool | None = None
    verdict: str | None = None
    hit: str | None = None
    mode: str | None = None
    namespace: str | None = None
    threshold: float | None = None
    candidates: int | None = None
    candidate: str | None = None
    distance: int | None = None
    probability: float | None = None
    bin: int | None = None
    served: bool | None = None
    reason: str | None = None
    guard: str | None = None
    matched: str | None = None
    asked: str | None = None
    shadow: bool | None = None
    agreed: bool | None = None
    estimated: bool | None = None

    def dump(self) -> dict[str, Any]:
        """As JSON. ``bin`` and ``guard`` of a judged candidate are there also when it has none."""
        said = {name: getattr(self, name) for name in _DECISION_FIELDS}
        kept = ("bin", "guard") if self.served is not None else ()
        return {name: value for name, value in said.items() if value is not None or name in kept}


_DECISION_FIELDS = tuple(field.name for field in fields(CacheDecision))


@dataclass(slots=True)
class UsageEvent:
    """Money is integer nano-USD (10⁻⁹ $); ``None`` means unknown, never zero. Times are ms.

    On a hit ``cost_nanousd`` is 0 and ``saved_nanousd`` what the provider would have charged;
    on a miss it is the other way round. Where no provider was asked and nothing was served, both
    are 0. Tokens are those of the original answer.

    ``cached_tokens`` were read from the provider's prompt cache and ``cache_write_tokens`` written
    to it, ``cache_write_hour_tokens`` of these for the longer of two lifetimes; all are parts of
    ``prompt_tokens``. ``prompt_cache_nanousd`` is what the request would have cost without that
    cache, less what it did: negative where writes cost more than reads saved. 0 on a hit.
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
    cache_write_tokens: int | None = None
    cache_write_hour_tokens: int | None = None
    cost_nanousd: int | None = None
    saved_nanousd: int | None = None
    prompt_cache_nanousd: int | None = None
    latency_ms: int = 0
    upstream_ms: int | None = None
    ttfb_ms: int | None = None
    status: int = 200
    error_code: str | None = None
    decision: CacheDecision | None = None
    prompt: str | None = None
    response: str | None = None
    labels: dict[str, str] | None = None

    def row(self) -> dict[str, Any]:
        """The JSON row that PostgREST inserts."""
        row = dict(zip(COLUMNS, _values(self), strict=True))
        row["decision"] = None if self.decision is None else self.decision.dump()
        return row


COLUMNS: tuple[str, ...] = tuple(field.name for field in fields(UsageEvent))
_values = attrgetter(*COLUMNS)
