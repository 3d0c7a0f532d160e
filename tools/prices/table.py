"""The lines of `prices.jsonl`, read from genai-prices.

Only whole names are taken over. The package also matches by prefix, by part of a name and by
regular expression, which prices models that did not exist when the rule was written; here an
unknown model has an unknown price. Models billed by anything but text tokens are left out.
"""

import datetime
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

from genai_prices import types
from genai_prices.data import providers as all_providers

PROVIDERS = {
    "openai": "openai",
    "anthropic": "anthropic",
    "groq": "groq",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "together": "together",
    "openrouter": "openrouter",
    "x-ai": "xai",
    "google": "gemini",
    "cloudflare": "workers_ai",
}
"""Their provider → ours."""

_RATES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "cache_write_1h_mtok": "cache_write_hour",
}
_NOT_TEXT = ("audio", "image", "video")


def head() -> dict[str, Any]:
    """The first line: which version of the package, read when."""
    return {
        "source": f"genai-prices {version('genai-prices')} (PyPI, MIT)",
        "as_of": datetime.date.today().isoformat(),  # noqa: DTZ011 (a label)
    }


def lines() -> Iterator[dict[str, Any]]:
    """One object a model: provider, names, prices, and the tiers that differ from standard."""
    for provider in all_providers:
        ours = PROVIDERS.get(provider.id)
        if ours is None:
            continue
        for model in provider.models:
            names = sorted(_names(provider, model))
            prices = list(_prices(model))
            if not names or not prices:
                continue
            line: dict[str, Any] = {"provider": ours, "names": names, "prices": prices}
            if tiers := _tiers(model):
                line["tiers"] = tiers
            if _has_other_tokens(model):
                line["text_only"] = True
            yield line


def _names(provider: types.Provider, model: types.ModelInfo) -> Iterator[str]:
    """Every whole name in the model's rule that the package itself gives to this model."""
    for name in {model.id, *_texts(model.match)}:
        if provider.find_model(name) is model:
            yield name.lower()


def _texts(match: Any) -> Iterator[str]:
    for part in getattr(match, "or_", None) or getattr(match, "and_", None) or ():
        yield from _texts(part)
    for name in ("equals", "starts_with"):
        text = getattr(match, name, "")
        if text and text[-1] not in "-@:/.":
            yield text


def _prices(model: types.ModelInfo) -> Iterator[dict[str, Any]]:
    """Rates with the condition under which they hold; of several that do, the last counts."""
    conditional = model.prices if isinstance(model.prices, list) else None
    if conditional is None:
        rates = _rates(model.prices)
        if "input" in rates:
            yield rates
        return
    for price in conditional:
        rates = _rates(price.prices)
        if "input" in rates:
            yield {**rates, **_condition(price.constraint)}


def _condition(constraint: Any) -> dict[str, Any]:
    if constraint is None:
        return {}
    if isinstance(constraint, types.StartDateConstraint):
        return {"from": constraint.start_date.isoformat()}
    return {"utc": [_minute(constraint.start_time), _minute(constraint.end_time)]}


def _minute(value: datetime.time) -> int:
    """Minutes since midnight, UTC."""
    day = datetime.datetime.combine(datetime.date(2000, 1, 2), value)
    moment = day if value.tzinfo is None else day.astimezone(datetime.UTC)
    return moment.hour * 60 + moment.minute


def _tiers(model: types.ModelInfo) -> dict[str, dict[str, Any]]:
    """Service tier → the rates in which it differs from standard service, and since when."""
    found: dict[str, dict[str, Any]] = {}
    for variant in model.price_variants or ():
        ((kind, tier),) = variant.when.items()
        rates = _rates(variant.prices)
        if kind in ("service_tier", "processing", "speed") and rates:
            found.setdefault(tier, {**rates, **_condition(variant.constraint)})
    return dict(sorted(found.items()))


def _rates(prices: types.ModelPrice) -> dict[str, Any]:
    return {
        ours: _number(value)
        for theirs, ours in _RATES.items()
        if (value := getattr(prices, theirs)) is not None
    }


def _number(value: Any) -> float | list[Any]:
    """USD per million tokens; `[base, [more than so many prompt tokens, price], …]` by length."""
    if isinstance(value, types.TieredPrices):
        tiers = [[tier.start, float(tier.price)] for tier in value.tiers]
        return [float(value.base), *tiers] if tiers else float(value.base)
    return float(value)


def _has_other_tokens(model: types.ModelInfo) -> bool:
    """True where tokens of sound or pictures have a price of their own."""
    prices = model.prices if isinstance(model.prices, list) else [model]
    names = {name for price in prices for name in price.prices.__dict__}
    return any(name.endswith("_mtok") and kind in name for name in names for kind in _NOT_TEXT)
