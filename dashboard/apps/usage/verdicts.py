"""Explains a request's cache status in a sentence, and splits its time into phases."""

from dataclasses import dataclass

from apps.usage.models import UsageLog
from shared import usage_events

_REASONS = {
    usage_events.HIT: (
        "A stored answer to exactly this request: every field that can change the answer is equal."
    ),
    usage_events.HIT_SEMANTIC: (
        "A stored answer to a request that means the same; the checks for numbers, names and "
        "negations passed."
    ),
    usage_events.HIT_COALESCED: (
        "The same request was already on its way to the provider: this one waited for that answer."
    ),
    usage_events.MISS: "No stored answer: the provider was asked.",
    usage_events.BYPASS: (
        "The cache was left out: by a header, by the project's settings, because the request "
        "cannot be cached, or because the cache could not be reached."
    ),
    usage_events.REFUSED: (
        "WatchLLM refused this request and asked no provider: it cost nothing, and is no part of "
        "the hit rate. The error code says why."
    ),
}

_FILLS = {
    usage_events.HIT: "fill-hit",
    usage_events.HIT_SEMANTIC: "fill-semantic",
    usage_events.HIT_COALESCED: "fill-coalesced",
    usage_events.REFUSED: "fill-refused",
}


def reason(log: UsageLog) -> str:
    """Of the verdict; the ``decision`` beside it has the numbers."""
    if log.cache_status == usage_events.REFUSED:
        return _REASONS[log.cache_status]
    why = (log.decision or {}).get("bypass")
    if why:
        return f"The cache was left out: {why}."
    if log.error_code and log.upstream_ms is None:
        if log.cache_status == usage_events.BYPASS:
            # Written by an edge that did not know the verdict REFUSED.
            return "The request was refused before the cache was asked; the error code says why."
        if log.cache_status == usage_events.MISS:
            return "The provider was not asked; the error code says why."
    return _REASONS[log.cache_status]


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the waterfall in ms from the request's start."""

    label: str
    css: str
    start: int
    length: int


def waterfall(log: UsageLog) -> list[Span]:
    """From arrival to the last byte. The parts add up to ``latency_ms``.

    ``upstream_ms`` runs from asking the provider to the end of its answer; ``ttfb_ms``, of streams,
    from arrival to the first byte passed on: the provider was asked before it.
    """
    total = log.latency_ms
    if log.upstream_ms is None:
        css = _FILLS.get(log.cache_status, "fill-miss")
        coalesced = log.cache_status == usage_events.HIT_COALESCED
        label = "Waited for the same request" if coalesced else "WatchLLM"
        return [Span(label, css, 0, total)]
    begun = total if log.ttfb_ms is None else min(log.ttfb_ms, total)
    before = min(max(total - log.upstream_ms, 0), begun)
    waited = "Provider" if log.ttfb_ms is None else "Provider, to the first byte"
    spans = [
        Span("WatchLLM", "fill-1", 0, before),
        Span(waited, "fill-miss", before, begun - before),
        Span("Provider, to the last byte", "fill-coalesced", begun, total - begun),
    ]
    return [span for span in spans if span.length]
