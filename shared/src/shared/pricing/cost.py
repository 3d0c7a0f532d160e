"""What the tokens of an answer cost."""

from collections.abc import Mapping

from shared.pricing.table import Rates, rates

_NO_PRICES: Mapping[tuple[str, str], Rates] = {}


def cost_nanousd(
    provider: str,
    model: str,
    *,
    at: float,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    cached_tokens: int | None = None,
    cache_write_tokens: int | None = None,
    cache_write_hour_tokens: int | None = None,
    other_tokens: int | None = None,
    service_tier: str = "",
    prices: Mapping[tuple[str, str], Rates] = _NO_PRICES,
) -> int | None:
    """The charge in nano-USD (10⁻⁹ $), or ``None`` when model, tokens, tier or a price are unknown.

    ``at``: unix time of the request. ``cached_tokens`` and ``cache_write_tokens`` are parts of
    ``prompt_tokens``, and ``cache_write_hour_tokens`` of the latter. ``other_tokens``: how many of
    all tokens are sound or pictures. ``service_tier``: as the provider names the one that it gave.
    ``prices``: by provider and model, in force before the table's, for every tier.
    """
    if prompt_tokens is None:
        return None
    rate = prices.get((provider, model.lower())) or rates(
        provider, model, prompt_tokens=prompt_tokens, at=at, tier=service_tier
    )
    if rate is None or (other_tokens and rate.text_only):
        return None
    cached = min(cached_tokens or 0, prompt_tokens)
    written = min(cache_write_tokens or 0, prompt_tokens - cached)
    hourly = min(cache_write_hour_tokens or 0, written)
    hourly_rate = _hourly_rate(rate)
    if hourly and hourly_rate is None:
        return None
    dollars_per_million = (
        (prompt_tokens - cached - written) * rate.input
        + cached * (rate.input if rate.cached_input is None else rate.cached_input)
        + (written - hourly) * (rate.input if rate.cache_write is None else rate.cache_write)
        + hourly * (hourly_rate or 0)
        + (completion_tokens or 0) * rate.output
    )
    return round(dollars_per_million * 1_000)


def _hourly_rate(rate: Rates) -> float | None:
    """Where writing has no price of its own, keeping for longer has none either."""
    return rate.input if rate.cache_write is None else rate.cache_write_hour
