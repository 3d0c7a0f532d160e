"""What providers charge: US dollars per million tokens, as published on ``AS_OF``.

Sources: the providers' public price pages. A model that is not listed costs ``None`` (unknown),
never 0. Amounts are computed in integer nano-USD (10⁻⁹ $), so sums are exact.
"""

import re
from dataclasses import dataclass

AS_OF = "2026-11-18"

_DATE_SUFFIX = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


@dataclass(frozen=True, slots=True)
class Price:
    """USD per million tokens. ``cached_input`` is the discounted price of cached prompt tokens,
    ``cache_write`` that of writing them; to keep them for the longer of a provider's two times (an
    hour at Anthropic, twelve at OpenAI) it is ``cache_write_hour``.

    ``long``: what every token of a request costs whose prompt has more than ``long_above`` tokens.
    """

    input: float
    output: float
    cached_input: float | None = None
    cache_write: float | None = None
    cache_write_hour: float | None = None
    long_above: int | None = None
    long: "Price | None" = None


def _gpt(
    input: float,  # noqa: A002 (the field's name)
    output: float,
    cached_input: float | None = None,
    *,
    writes: bool = False,
) -> Price:
    """OpenAI's models since GPT-5.4: over 272,000 prompt tokens input costs twice, output one and
    a half times as much. ``writes``: since GPT-5.6, writing to the prompt cache costs a quarter
    more than reading it anew."""
    cached, write = cached_input, 1.25 * input if writes else None
    long = Price(2 * input, 1.5 * output, cached and 2 * cached, write and 2 * write)
    return Price(input, output, cached, write, long_above=272_000, long=long)


PRICES: dict[str, dict[str, Price]] = {
    "openai": {
        "gpt-6.2-astra": _gpt(8.0, 40.0, 0.4, writes=True),
        "gpt-6.2-sol": _gpt(2.0, 10.0, 0.1, writes=True),
        "gpt-6.1-sol": _gpt(2.0, 10.0, 0.1, writes=True),
        "gpt-6.1-terra": _gpt(1.0, 5.0, 0.05, writes=True),
        "gpt-6-astra": _gpt(10.0, 50.0, 1.0, writes=True),
        "gpt-6-sol": _gpt(2.0, 10.0, 0.2, writes=True),
        "gpt-6-luna": _gpt(0.1, 0.5, 0.01, writes=True),
        # gpt-5.6-sol: its lower price was promised until 2026-11-21; none here until one is sure.
        "gpt-5.6-terra": _gpt(2.0, 12.0, 0.2, writes=True),
        "gpt-5.6-luna": _gpt(0.2, 1.2, 0.02, writes=True),
        "gpt-5.5": _gpt(5.0, 30.0, 0.5),
        "gpt-5.5-pro": _gpt(30.0, 180.0),
        "gpt-5.4": _gpt(2.5, 15.0, 0.25),
        "gpt-5.4-pro": _gpt(30.0, 180.0),
        "gpt-5.4-mini": Price(0.75, 4.5, 0.075),
        "gpt-5.4-nano": Price(0.2, 1.25, 0.02),
        "gpt-5.3-chat": Price(1.75, 14.0, 0.175),
        "gpt-5.3-codex": Price(1.75, 14.0, 0.175),
        "gpt-5.2": Price(1.75, 14.0, 0.175),
        "gpt-5.2-chat": Price(1.75, 14.0, 0.175),
        "gpt-5.2-codex": Price(1.75, 14.0, 0.175),
        "gpt-5.2-pro": Price(21.0, 168.0),
        "gpt-5.1": Price(1.25, 10.0, 0.125),
        "gpt-5.1-chat": Price(1.25, 10.0, 0.125),
        "gpt-5.1-codex": Price(1.25, 10.0, 0.125),
        "gpt-5.1-codex-max": Price(1.25, 10.0, 0.125),
        "gpt-5.1-codex-mini": Price(0.25, 2.0, 0.025),
        "gpt-5": Price(1.25, 10.0, 0.125),
        "gpt-5-chat": Price(1.25, 10.0, 0.125),
        "gpt-5-codex": Price(1.25, 10.0, 0.125),
        "gpt-5-pro": Price(15.0, 120.0),
        "gpt-5-mini": Price(0.25, 2.0, 0.025),
        "gpt-5-nano": Price(0.05, 0.4, 0.005),
        "gpt-4.1": Price(2.0, 8.0, 0.5),
        "gpt-4.1-mini": Price(0.4, 1.6, 0.1),
        "gpt-4.1-nano": Price(0.1, 0.4, 0.025),
        "gpt-4o": Price(2.5, 10.0, 1.25),
        "gpt-4o-2024-05-13": Price(5.0, 15.0),
        "gpt-4o-mini": Price(0.15, 0.6, 0.075),
        "gpt-4-turbo": Price(10.0, 30.0),
        "gpt-4": Price(30.0, 60.0),
        "gpt-4-0613": Price(30.0, 60.0),
        "gpt-3.5-turbo": Price(0.5, 1.5),
        "gpt-3.5-turbo-0125": Price(0.5, 1.5),
        "gpt-3.5-turbo-instruct": Price(1.5, 2.0),
        "o1": Price(15.0, 60.0, 7.5),
        "o1-mini": Price(1.1, 4.4, 0.55),
        "o1-pro": Price(150.0, 600.0),
        "o3": Price(2.0, 8.0, 0.5),
        "o3-mini": Price(1.1, 4.4, 0.55),
        "o3-pro": Price(20.0, 80.0),
        "o4-mini": Price(1.1, 4.4, 0.275),
        "text-embedding-3-small": Price(0.02, 0.0),
        "text-embedding-3-large": Price(0.13, 0.0),
        "text-embedding-ada-002": Price(0.1, 0.0),
    },
    "anthropic": {
        "claude-fable-5-1": Price(10.0, 50.0, 0.25, 12.5, 20.0),
        "claude-fable-5": Price(10.0, 50.0, 1.0, 12.5, 20.0),
        "claude-mythos-5-1": Price(10.0, 50.0, 0.25, 12.5, 20.0),
        "claude-mythos-5": Price(10.0, 50.0, 1.0, 12.5, 20.0),
        "claude-opus-5-5": Price(4.0, 20.0, 0.2, 5.0, 8.0),
        "claude-opus-5": Price(5.0, 25.0, 0.5, 6.25, 10.0),
        "claude-opus-4-8": Price(5.0, 25.0, 0.5, 6.25, 10.0),
        "claude-opus-4-7": Price(5.0, 25.0, 0.5, 6.25, 10.0),
        "claude-opus-4-6": Price(5.0, 25.0, 0.5, 6.25, 10.0),
        "claude-opus-4-5": Price(5.0, 25.0, 0.5, 6.25, 10.0),
        "claude-opus-4-1": Price(15.0, 75.0, 1.5, 18.75, 30.0),
        "claude-opus-4": Price(15.0, 75.0, 1.5, 18.75, 30.0),
        "claude-sonnet-5-5": Price(2.0, 10.0, 0.1, 2.5, 4.0),
        "claude-sonnet-5": Price(2.0, 10.0, 0.2, 2.5, 4.0),
        "claude-sonnet-4-6": Price(3.0, 15.0, 0.3, 3.75, 6.0),
        "claude-sonnet-4-5": Price(3.0, 15.0, 0.3, 3.75, 6.0),
        "claude-sonnet-4": Price(3.0, 15.0, 0.3, 3.75, 6.0),
        "claude-haiku-5-5": Price(
            *(0.1, 0.5, 0.01, 0.125, 0.2),
            long_above=100_000,
            long=Price(0.5, 2.5, 0.05, 0.625, 1.0),
        ),
        "claude-haiku-4-5": Price(1.0, 5.0, 0.1, 1.25, 2.0),
        "claude-3-7-sonnet": Price(3.0, 15.0, 0.3, 3.75, 6.0),
        "claude-3-5-sonnet": Price(3.0, 15.0, 0.3, 3.75, 6.0),
        "claude-3-5-haiku": Price(0.8, 4.0, 0.08, 1.0, 1.6),
        "claude-3-opus": Price(15.0, 75.0, 1.5, 18.75, 30.0),
        "claude-3-haiku": Price(0.25, 1.25, 0.03, 0.3, 0.5),
    },
    "groq": {
        "llama-3.1-8b-instant": Price(0.05, 0.08),
        "llama-3.3-70b-versatile": Price(0.59, 0.79),
        "meta-llama/llama-4-scout-17b-16e-instruct": Price(0.11, 0.34),
        "meta-llama/llama-4-maverick-17b-128e-instruct": Price(0.2, 0.6),
        "openai/gpt-oss-120b": Price(0.15, 0.6, 0.075),
        "openai/gpt-oss-20b": Price(0.075, 0.3, 0.0375),
        "moonshotai/kimi-k2-instruct-0905": Price(1.0, 3.0, 0.5),
        "qwen/qwen3-32b": Price(0.29, 0.59),
    },
    "mistral": {
        "mistral-large-2411": Price(2.0, 6.0),
        "mistral-large-2512": Price(0.5, 1.5),
        "mistral-medium-2505": Price(0.4, 2.0),
        "mistral-medium-2508": Price(0.4, 2.0),
        "mistral-medium-2604": Price(1.5, 7.5),
        "mistral-small-2506": Price(0.1, 0.3),
        "mistral-small-2603": Price(0.15, 0.6),
        "codestral": Price(0.3, 0.9),
        "devstral-2512": Price(0.4, 2.0),
        "mistral-embed": Price(0.1, 0.0),
        # mistral-large-latest and its like have the price of what they stand for, which changes.
    },
    # DeepSeek's prices depend on the hour of the day, and so are none here.
    "xai": {
        "grok-4.3": Price(*(1.25, 2.5, 0.2), long_above=200_000, long=Price(2.5, 5.0, 0.4)),
        "grok-3": Price(3.0, 15.0, 0.75),
        "grok-3-mini": Price(0.3, 0.5, 0.075),
    },
    "gemini": {
        "gemini-3.5-flash": Price(1.5, 9.0, 0.15),
        "gemini-3.1-pro-preview": Price(
            *(2.0, 12.0, 0.2), long_above=200_000, long=Price(4.0, 18.0, 0.4)
        ),
        "gemini-2.5-pro": Price(
            *(1.25, 10.0, 0.125), long_above=200_000, long=Price(2.5, 15.0, 0.25)
        ),
        "gemini-2.5-flash": Price(0.3, 2.5, 0.03),
        "gemini-2.5-flash-lite": Price(0.1, 0.4, 0.01),
        "gemini-embedding-001": Price(0.15, 0.0),
    },
}
"""Provider → model → price at standard service. Dated snapshots fall back to their undated name."""


def price(provider: str, model: str) -> Price | None:
    """The model's price, by its full name first, then without a date suffix."""
    models = PRICES.get(provider)
    if models is None:
        return None
    return models.get(model) or models.get(_DATE_SUFFIX.sub("", model))


def cost_nanousd(
    provider: str,
    model: str,
    *,
    prompt_tokens: int | None,
    completion_tokens: int | None,
    cached_tokens: int | None = None,
    cache_write_tokens: int | None = None,
    cache_write_hour_tokens: int | None = None,
) -> int | None:
    """The charge in nano-USD, or ``None`` when model, token counts or a price are unknown.

    ``cached_tokens`` and ``cache_write_tokens`` are parts of ``prompt_tokens``, and
    ``cache_write_hour_tokens`` of the latter.
    """
    rate = price(provider, model)
    if rate is None or prompt_tokens is None:
        return None
    if rate.long is not None and prompt_tokens > (rate.long_above or 0):
        rate = rate.long
    cached = min(cached_tokens or 0, prompt_tokens)
    written = min(cache_write_tokens or 0, prompt_tokens - cached)
    plain = prompt_tokens - cached - written
    hourly = min(cache_write_hour_tokens or 0, written)
    write_rate = rate.input if rate.cache_write is None else rate.cache_write
    hourly_rate = rate.input if rate.cache_write is None else rate.cache_write_hour
    if hourly_rate is None:
        if hourly:
            return None
        hourly_rate = write_rate
    dollars_per_million = (
        plain * rate.input
        + cached * (rate.input if rate.cached_input is None else rate.cached_input)
        + (written - hourly) * write_rate
        + hourly * hourly_rate
        + (completion_tokens or 0) * rate.output
    )
    return round(dollars_per_million * 1_000)
