"""What an answer costs, in integer nano-USD."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import pricing
from shared.pricing import PRICES, cost_nanousd

TOKENS = st.integers(0, 10_000_000)


@pytest.mark.parametrize(
    ("provider", "model", "tokens", "dollars"),
    [
        # By hand from the providers' price pages.
        ("openai", "gpt-4o-mini", {"prompt_tokens": 1000, "completion_tokens": 500}, 0.00045),
        ("openai", "gpt-4o", {"prompt_tokens": 1_000_000, "completion_tokens": 0}, 2.5),
        (
            "openai",
            "gpt-4o",
            {"prompt_tokens": 1_000_000, "completion_tokens": 0, "cached_tokens": 400_000},
            2.0,
        ),
        ("openai", "text-embedding-3-small", {"prompt_tokens": 1, "completion_tokens": None}, 2e-8),
        ("groq", "llama-3.1-8b-instant", {"prompt_tokens": 10, "completion_tokens": 10}, 1.3e-6),
        (
            "anthropic",
            "claude-sonnet-4-5",
            {"prompt_tokens": 1000, "completion_tokens": 0, "cache_write_tokens": 1000},
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
    ],
)
def test_amounts(provider: str, model: str, tokens: dict[str, int], dollars: float) -> None:
    assert cost_nanousd(provider, model, **tokens) == round(dollars * 1e9)  # type: ignore[arg-type]


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
        made = cost_nanousd(provider, model, prompt_tokens=tokens, completion_tokens=1000)
        assert made == round((tokens * each_in + 1000 * each_out) * 1000)


def test_cached_and_written_tokens_of_a_long_prompt_cost_more_as_well() -> None:
    made = cost_nanousd(
        "openai",
        "gpt-6-sol",
        prompt_tokens=300_000,
        completion_tokens=0,
        cached_tokens=200_000,
        cache_write_tokens=100_000,
    )
    assert made == round((200_000 * 0.4 + 100_000 * 5.0) * 1000)


def test_a_prompt_kept_for_longer_at_an_unknown_price_has_an_unknown_cost() -> None:
    for hourly, known in ((0, True), (10, False)):
        made = cost_nanousd(
            "openai",
            "gpt-6-sol",
            prompt_tokens=1000,
            completion_tokens=10,
            cache_write_tokens=500,
            cache_write_hour_tokens=hourly,
        )
        assert (made is not None) is known


@pytest.mark.parametrize("suffix", ["-2024-08-06", "-20240806", "-latest"])
def test_a_dated_snapshot_costs_what_its_model_costs(suffix: str) -> None:
    assert pricing.price("openai", f"gpt-4.1{suffix}") == PRICES["openai"]["gpt-4.1"]


@pytest.mark.parametrize("model", ["gpt-5-chat-latest", "gpt-5.5-2026-04-23", "gpt-6.2-astra"])
def test_current_names_of_openai_have_a_price(model: str) -> None:
    assert pricing.price("openai", model) is not None


def test_a_snapshot_with_a_price_of_its_own_keeps_it() -> None:
    assert pricing.price("openai", "gpt-4o-2024-05-13") != PRICES["openai"]["gpt-4o"]


@pytest.mark.parametrize(
    ("provider", "model"),
    [("openai", "gpt-99"), ("nobody", "gpt-4o"), ("groq", "gpt-4o"), ("openai", "gpt-4o-2024")],
)
def test_unknown_is_none_and_never_free(provider: str, model: str) -> None:
    assert cost_nanousd(provider, model, prompt_tokens=5, completion_tokens=5) is None


def test_unknown_tokens_cost_an_unknown_amount() -> None:
    assert cost_nanousd("openai", "gpt-4o", prompt_tokens=None, completion_tokens=5) is None


@given(TOKENS, TOKENS, TOKENS, TOKENS)
def test_more_tokens_never_cost_less_and_caching_never_adds(
    prompt: int, completion: int, cached: int, more: int
) -> None:
    def cost(prompt: int, completion: int, cached: int) -> int:
        made = cost_nanousd(
            "openai",
            "gpt-4o",
            prompt_tokens=prompt,
            completion_tokens=completion,
            cached_tokens=cached,
        )
        assert made is not None
        return made

    plain = cost(prompt, completion, 0)
    assert 0 <= cost(prompt, completion, cached) <= plain
    assert cost(prompt + more, completion + more, 0) >= plain


def test_the_table_is_dated_and_sane() -> None:
    assert datetime.date.fromisoformat(pricing.AS_OF)
    for models in PRICES.values():
        for model, listed in models.items():
            assert (listed.long is None) is (listed.long_above is None), model
            for price in (listed, listed.long or listed):
                assert price.input > 0, model
                assert price.cached_input is None or price.cached_input < price.input, model
                assert price.cache_write is None or price.cache_write >= price.input, model
            assert listed.long is None or listed.long.input > listed.input, model
