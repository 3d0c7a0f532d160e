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
    ],
)
def test_amounts(provider: str, model: str, tokens: dict[str, int], dollars: float) -> None:
    assert cost_nanousd(provider, model, **tokens) == round(dollars * 1e9)  # type: ignore[arg-type]


@pytest.mark.parametrize("suffix", ["-2024-08-06", "-20240806", "-latest"])
def test_a_dated_snapshot_costs_what_its_model_costs(suffix: str) -> None:
    assert pricing.price("openai", f"gpt-4.1{suffix}") == PRICES["openai"]["gpt-4.1"]


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
        for model, price in models.items():
            assert price.input > 0, model
            assert price.cached_input is None or price.cached_input < price.input, model
            assert price.cache_write is None or price.cache_write >= price.input, model
