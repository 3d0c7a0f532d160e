"""What an answer's tokens cost."""

from collections.abc import Mapping
from dataclasses import replace

from gateway.core.log import log_event
from gateway.formats.base import MOST_NANOUSD, Usage
from shared import pricing
from shared.pricing import Rates

Prices = Mapping[tuple[str, str], Rates]
"""The operator's own, by provider and model (``shared.key_record``)."""


def cost(provider: str, model: str, usage: Usage, at: float, prices: Prices) -> int | None:
    """Nano-USD of an answer, ``None`` when price or tokens are unknown, or the sum is implausible
    (``MOST_NANOUSD``): one tenant's provider says it, and sums of all tenants are counted from it.
    What the answer says of its cost counts. ``at``: unix time."""
    price = _cost(provider, model, usage, at, prices)
    if price is not None and price > MOST_NANOUSD:
        log_event("implausible_cost", "warning", provider=provider, model=model, nanousd=price)
        return None
    return price


def _cost(provider: str, model: str, usage: Usage, at: float, prices: Prices) -> int | None:
    if usage.told_nanousd is not None:
        return usage.told_nanousd
    return pricing.cost_nanousd(
        provider,
        model,
        at=at,
        prompt_tokens=usage.prompt,
        completion_tokens=usage.completion,
        cached_tokens=usage.cached,
        cache_write_tokens=usage.cache_write,
        cache_write_hour_tokens=usage.cache_write_hour,
        other_tokens=usage.other,
        service_tier=usage.service_tier,
        prices=prices,
    )


def prompt_cache_saving(
    provider: str, model: str, usage: Usage, at: float, prices: Prices
) -> int | None:
    """What the provider's prompt cache has saved on an answer: nano-USD, negative where its writes
    cost more than its reads saved; ``None`` when a price is unknown."""
    usage = replace(usage, told_nanousd=None)  # both sums by the table
    price = cost(provider, model, usage, at, prices)
    if not usage.cached and not usage.cache_write:
        return None if price is None else 0
    uncached = replace(usage, cached=None, cache_write=None, cache_write_hour=None)
    without = cost(provider, model, uncached, at, prices)
    return None if price is None or without is None else without - price


def dollars(nanousd: int) -> str:
    """Nano-USD as a decimal number of dollars for a header."""
    return f"{nanousd // 10**9}.{nanousd % 10**9:09d}"
