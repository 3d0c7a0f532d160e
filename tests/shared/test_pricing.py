"""What an answer costs, in integer nano-USD."""

import datetime
from typing import Any

import pytest
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st

from prices import table as generator
from shared import pricing
from shared.pricing import cost_nanousd, table

TOKENS = st.integers(0, 10_000_000)
NOON = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)


def cost(provider: str, model: str, at: datetime.datetime = NOON, **tokens: Any) -> int | None:
    tokens.setdefault("completion_tokens", 0)
    return cost_nanousd(provider, model, at=at.timestamp(), **tokens)


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "dollars"),
    [
        # By hand from the providers' price pages.
        ("openai", "gpt-4o-mini", {"prompt_tokens": 1000, "completion_tokens": 500}, 0.00045),
        ("openai", "gpt-4o", {"prompt_tokens": 1_000_000}, 2.5),
        ("openai", "gpt-4o", {"prompt_tokens": 1_000_000, "cached_tokens": 400_000}, 2.0),
        ("openai", "text-embedding-3-small", {"prompt_tokens": 1, "completion_tokens": None}, 2e-8),
        ("groq", "llama-3.1-8b-instant", {"prompt_tokens": 10, "completion_tokens": 10}, 1.3e-6),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"prompt_tokens": 1000, "cache_write_tokens": 1000},
            0.00375,
        ),
        (
            "anthropic",
            "claude-opus-5-5",
            {
                "prompt_tokens": 1000,
                "completion_tokens": 100,
                "cached_tokens": 500,
                "cache_write_tokens": 300,
                "cache_write_hour_tokens": 200,
            },
            0.0008 + 0.0001 + 0.0005 + 0.0016 + 0.002,
        ),
        (
            "openai",
            "gpt-6-sol",
            {
                "prompt_tokens": 1000,
                "completion_tokens": 100,
                "cached_tokens": 500,
                "cache_write_tokens": 300,
            },
            0.0004 + 0.0001 + 0.00075 + 0.001,
        ),
        # Names that only the corrections have.
        ("openai", "gpt-6.2-sol", {"prompt_tokens": 1000, "completion_tokens": 100}, 0.003),
        ("anthropic", "claude-mythos-5-1", {"prompt_tokens": 1000, "cached_tokens": 400}, 0.0061),
    ],
)
def test_amounts(provider: str, model: str, tokens: dict[str, int], dollars: float) -> None:
    assert cost(provider, model, **tokens) == round(dollars * 1e9)


@pytest.mark.parametrize(
    ("tier", "dollars"),
    [
        ("", 2.0),
        ("default", 2.0),
        ("flex", 1.0),
        ("priority", 4.0),
        ("batch", 1.0),
        ("a-tier-of-tomorrow", None),
    ],
)
def test_a_service_tier_has_its_own_price_or_none(tier: str, dollars: float | None) -> None:
    made = cost("openai", "gpt-6-sol", prompt_tokens=1_000, service_tier=tier)
    assert made == (None if dollars is None else round(dollars * 1e6))


def test_a_tier_without_a_listed_price_is_unknown_and_not_standard() -> None:
    assert cost("groq", "llama-3.1-8b-instant", prompt_tokens=5) is not None
    assert cost("groq", "llama-3.1-8b-instant", prompt_tokens=5, service_tier="flex") is None


@pytest.mark.parametrize(
    ("hour", "rate"), [(0, 0.15), (1, 0.3), (3, 0.3), (4, 0.15), (6, 0.3), (9, 0.3), (10, 0.15)]
)
def test_prices_by_the_time_of_day(hour: int, rate: float) -> None:
    at = NOON.replace(hour=hour)
    assert cost("deepseek", "deepseek-flash", at, prompt_tokens=1000) == round(rate * 1e6)


def test_a_new_price_counts_from_its_day() -> None:
    days = [datetime.datetime(2026, 8, day, 23, 59, tzinfo=datetime.UTC) for day in (20, 21)]
    costs = [cost("openai", "gpt-5.6-sol", day, prompt_tokens=1000) for day in days]
    assert costs == [5_000_000, 4_000_000]


def test_sound_and_pictures_cost_an_unknown_amount_where_their_price_differs() -> None:
    sound = {"prompt_tokens": 1000, "other_tokens": 10}
    assert cost("gemini", "gemini-2.5-flash", prompt_tokens=1000) == 300_000
    assert cost("gemini", "gemini-2.5-flash", **sound) is None
    assert cost("openai", "gpt-4o-mini", **sound) == 150_000


@pytest.mark.parametrize(
    ("provider", "model", "limit", "short", "long"),
    [
        ("openai", "gpt-5.5", 272_000, (5.0, 30.0), (10.0, 45.0)),
        ("anthropic", "claude-haiku-5-5", 100_000, (0.1, 0.5), (0.5, 2.5)),
        ("gemini", "gemini-2.5-pro", 200_000, (1.25, 10.0), (2.5, 15.0)),
    ],
)
def test_a_long_prompt_raises_the_price_of_the_whole_request(
    provider: str,
    model: str,
    limit: int,
    short: tuple[float, float],
    long: tuple[float, float],
) -> None:
    for tokens, (each_in, each_out) in ((limit, short), (limit + 1, long)):
        made = cost(provider, model, prompt_tokens=tokens, completion_tokens=1000)
        assert made == round((tokens * each_in + 1000 * each_out) * 1000)


def test_a_prompt_kept_for_longer_at_an_unknown_price_has_an_unknown_cost() -> None:
    for hourly, known in ((0, True), (10, False)):
        made = cost(
            "openai",
            "gpt-6-sol",
            prompt_tokens=1000,
            cache_write_tokens=500,
            cache_write_hour_tokens=hourly,
        )
        assert (made is not None) is known


@pytest.mark.parametrize("suffix", ["-2024-08-06", "-20240806", "-latest"])
def test_a_dated_snapshot_costs_what_its_model_costs(suffix: str) -> None:
    assert cost("openai", f"gpt-4.1{suffix}", prompt_tokens=7) == cost(
        "openai", "gpt-4.1", prompt_tokens=7
    )


def test_a_snapshot_with_a_price_of_its_own_keeps_it() -> None:
    dated = cost("openai", "gpt-4o-2024-05-13", prompt_tokens=7)
    assert dated != cost("openai", "gpt-4o", prompt_tokens=7)


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-99"), ("nobody", "gpt-4o"), ("groq", "gpt-4o"), ("openai", "gpt-4o-2024")],
)
def test_unknown_is_none_and_never_free(provider: str, model: str) -> None:
    assert cost(provider, model, prompt_tokens=5, completion_tokens=5) is None


def test_unknown_tokens_cost_an_unknown_amount() -> None:
    assert cost("openai", "gpt-4o", prompt_tokens=None) is None


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_more_tokens_never_cost_less_and_caching_never_adds(
    prompt: int, completion: int, cached: int, more: int
) -> None:
    def amount(prompt: int, completion: int, cached: int) -> int:
        made = cost(
            *("openai", "gpt-4o"),
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
        )
        assert made is not None
        return made

    plain = amount(prompt, completion, 0)
    assert 0 <= amount(prompt, completion, cached) <= plain
    assert amount(prompt + more, completion + more, 0) >= plain


def _priced() -> list[tuple[str, str, Any, Any]]:
    """Our provider and name, their provider and model, for every name that both price."""
    return [
        (ours, name, provider, model)
        for provider in providers
        if (ours := generator.PROVIDERS.get(provider.id))
        for name in table.names(ours)
        if (model := provider.find_model(name)) is not None
    ]


@pytest.mark.parametrize(("prompt", "hour"), [(1_000, 2), (500_000, 12)])
def test_every_price_is_that_of_the_package_it_was_made_from(prompt: int, hour: int) -> None:
    at = NOON.replace(hour=hour)
    priced = _priced()
    assert len(priced) > 1_000
    for ours, name, provider, _ in priced:
        used = Usage(input_tokens=prompt, output_tokens=700, cache_read_tokens=300)
        theirs = calc_price(used, name, provider_id=provider.id, genai_request_timestamp=at)
        ours_cost = cost(
            *(ours, name, at), prompt_tokens=prompt, completion_tokens=700, cached_tokens=300
        )
        assert ours_cost == pytest.approx(float(theirs.total_price) * 1e9, abs=1), (ours, name)


def test_the_table_is_dated_and_says_where_it_is_from() -> None:
    assert datetime.date.fromisoformat(pricing.AS_OF)
    assert pricing.SOURCE.startswith("genai-prices ")


def test_no_model_has_two_prices() -> None:
    for provider in generator.PROVIDERS.values():
        lines = [line for line in generator.lines() if line["provider"] == provider]
        names = [name for line in lines for name in line["names"]]
        assert len(names) == len(set(names)), provider
