"""Buckets of the latency histograms."""

from bisect import bisect_left

# Upper bounds in milliseconds, about 15 % apart (so a percentile is right to within that), from
# 1 ms to past ten minutes. Positions are stored: append, never change.
BOUNDS_MS: tuple[int, ...] = tuple(sorted({max(1, round(1.15**step)) for step in range(98)}))


def bucket_of(latency_ms: int) -> int:
    """Index of the first bound that is at least ``latency_ms``; the number of bounds if none is."""
    return bisect_left(BOUNDS_MS, latency_ms)


def percentile(counts: dict[int, int], share: float) -> int | None:
    """The bound below which ``share`` (0–1) of the requests lie, in ms; None without requests."""
    total = sum(counts.values())
    if not total:
        return None
    seen = 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= share * total:
            break
    return BOUNDS_MS[min(bucket, len(BOUNDS_MS) - 1)]
