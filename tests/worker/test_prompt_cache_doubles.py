"""The doubles of the providers' prompt caches are as strict as the documents, and the gateway's
table of rules knows the models that it is for."""

import pytest

from gateway.providers.prompt_cache_rules import ANTHROPIC, OPENAI
from tests.doubles.prompt_caches import (
    AnthropicPromptCache,
    OpenAIPromptCache,
    Prompt,
    RefusedError,
    Used,
    anthropic_prompt,
    openai_prompt,
)

pytestmark = pytest.mark.spread


def chat(seconds: float, blocks: int, *, tokens: int = 2000, first: str = "system") -> Prompt:
    """A conversation: equal beginnings have equal prefixes."""
    kinds = [first, *("user" if at % 2 else "assistant" for at in range(1, blocks))]
    return Prompt(seconds, kinds, [tokens * (at + 1) for at in range(blocks)], range(blocks))


def test_anthropic_reads_what_it_wrote_until_the_lifetime_ends():
    cache = AnthropicPromptCache()
    assert cache.serve(chat(0, 2), {1: 300}) == Used(0, 4000, 0, 0)
    assert cache.serve(chat(1, 2), {1: 300}) == Used(0, 4000, 0, 0), "no answer has begun yet"
    assert cache.serve(chat(200, 2), {1: 300}) == Used(4000, 0, 0, 0)
    assert cache.serve(chat(499, 2), {1: 300}).read == 4000, "the read has renewed it"
    assert cache.serve(chat(799, 2), {1: 300}) == Used(0, 4000, 0, 0)


def test_anthropic_tells_writes_for_an_hour_apart():
    cache = AnthropicPromptCache()
    assert cache.serve(chat(0, 4), {0: 3600, 3: 300}) == Used(0, 8000, 2000, 0)
    assert cache.serve(chat(3000, 4), {0: 3600, 3: 300}) == Used(2000, 6000, 0, 0)


@pytest.mark.parametrize(
    ("markers", "said"),
    [
        (dict.fromkeys(range(5), 300), "maximum of 4"),
        ({0: 300, 1: 3600}, "must not come after"),
    ],
)
def test_anthropic_refuses(markers: dict[int, int], said: str):
    with pytest.raises(RefusedError, match=said):
        AnthropicPromptCache().serve(chat(0, 6), markers)


def test_anthropic_looks_back_twenty_positions_and_then_from_the_next_marker():
    cache = AnthropicPromptCache()
    cache.serve(chat(0, 3), {2: 300})
    assert cache.serve(chat(10, 22), {21: 300}).read == 6000
    assert cache.serve(chat(20, 41), {40: 300}).read == 44_000
    fresh = AnthropicPromptCache()
    fresh.serve(chat(0, 3), {2: 300})
    assert fresh.serve(chat(10, 23), {22: 300}).read == 0
    fresh = AnthropicPromptCache()
    fresh.serve(chat(0, 3), {2: 300})
    assert fresh.serve(chat(10, 23), {4: 300, 22: 300}).read == 6000


def test_anthropic_counts_a_run_of_tool_results_as_one_position():
    kinds = ["system", "user", *["tool_use"] * 15, *["tool_result"] * 15, "user"]
    cumulative = [2000 * (at + 1) for at in range(len(kinds))]
    cache = AnthropicPromptCache()
    cache.serve(Prompt(0, kinds[:2], cumulative[:2], range(2)), {1: 300})
    whole = Prompt(10, kinds, cumulative, range(len(kinds)))
    assert cache.serve(whole, {len(kinds) - 1: 300}).read == 4000


def test_anthropic_does_not_cache_a_short_prefix_and_says_nothing():
    cache = AnthropicPromptCache(minimum=4096)
    for seconds in (0, 10):
        assert cache.serve(chat(seconds, 2), {1: 300}) == Used(0, 0, 0, 4000)


def test_anthropic_bodies_are_split_in_the_order_in_which_they_are_hashed():
    body = {
        "tools": [{"name": "a", "input_schema": {}, "cache_control": {"type": "ephemeral"}}],
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "a"}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]},
        ],
        "cache_control": {"type": "ephemeral", "ttl": "5m"},
    }
    prompt, markers = anthropic_prompt(body, 0)
    assert prompt.kinds == ["tools", "system", "user", "tool_use", "tool_result"]
    assert markers == {0: 300, 4: 300}
    other, _ = anthropic_prompt({**body, "tool_choice": {"type": "any"}}, 0)
    assert other.prefixes[:2] == prompt.prefixes[:2]
    assert other.prefixes[2] != prompt.prefixes[2], "a tool choice changes messages only"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "thinking", "thinking": "…", "signature": "s"},
        {"type": "text", "text": ""},
    ],
)
def test_anthropic_refuses_a_marker_where_none_can_stand(block: dict[str, str]):
    marked = {**block, "cache_control": {"type": "ephemeral"}}
    with pytest.raises(RefusedError):
        anthropic_prompt({"messages": [{"role": "assistant", "content": [marked]}]}, 0)


def test_anthropic_counts_the_marker_at_the_top():
    text = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
    messages = [
        {"role": "user", "content": [text] * 4},
        {"role": "assistant", "content": "b"},
    ]
    with pytest.raises(RefusedError, match="found 5"):
        anthropic_prompt({"messages": messages, "cache_control": {"type": "ephemeral"}}, 0)


def test_openai_matches_at_markers_only():
    cache = OpenAIPromptCache()
    assert cache.serve(chat(0, 2), {0: 1800}) == Used(0, 2000, 0, 2000)
    assert cache.serve(chat(10, 2), {1: 1800}) == Used(0, 4000, 0, 0), "no shorter prefix is read"
    assert cache.serve(chat(20, 2), {0: 1800}) == Used(2000, 0, 0, 2000)
    assert cache.serve(chat(1815, 2), {0: 1800}).read == 2000, "the read has renewed it"


def test_openai_marks_the_latest_message_by_itself():
    cache = OpenAIPromptCache()
    assert cache.serve(chat(0, 2), {}, implicit=True) == Used(0, 4000, 0, 0)
    assert cache.serve(chat(10, 4), {}, implicit=True) == Used(4000, 4000, 0, 0)
    assert cache.serve(chat(20, 4), {}) == Used(0, 0, 0, 8000), "explicit, and nothing is marked"


def test_openai_refuses_markers_on_its_own_words():
    with pytest.raises(RefusedError):
        OpenAIPromptCache().serve(chat(0, 3), {2: 1800})


def test_openai_bodies():
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    body = {
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "Be brief.", **mark}]},
            {"role": "user", "content": "Hello."},
        ],
        "prompt_cache_options": {"mode": "explicit"},
    }
    prompt, markers, implicit = openai_prompt(body, 0)
    assert (prompt.kinds, markers, implicit) == (["system", "user"], {0: 1800}, False)
    with pytest.raises(RefusedError, match="retention"):
        openai_prompt({**body, "prompt_cache_retention": "24h"}, 0)
    with pytest.raises(RefusedError):
        openai_prompt(
            {"messages": [{"role": "assistant", "content": body["messages"][0]["content"]}]}, 0
        )


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("claude-opus-5-5", 512),
        ("claude-opus-4-8-20260528", 1024),
        ("claude-opus-4-7", 2048),
        ("claude-opus-4-5-20251101", 4096),
        ("claude-opus-4-1-20250805", 1024),
        ("claude-sonnet-5", 1024),
        ("claude-sonnet-5-5", 512),
        ("claude-sonnet-4-6", 2048),
        ("claude-sonnet-4-5-20250929", 1024),
        ("claude-haiku-4-5-20251001", 4096),
        ("claude-fable-5-1", 512),
        ("claude-of-next-year", 4096),
    ],
)
def test_minimums_of_anthropic(model: str, tokens: int):
    assert ANTHROPIC.minimum(model) == tokens


@pytest.mark.parametrize(
    ("model", "tokens"),
    [
        ("gpt-5.6-sol", 1024),
        ("gpt-6.1-terra", 1024),
        ("gpt-6-luna", 1024),
        ("gpt-5.5", None),
        ("gpt-5-mini", None),
        ("gpt-4.1", None),
        ("o3", None),
    ],
)
def test_openai_takes_markers_from_gpt_5_6_on(model: str, tokens: int | None):
    assert OPENAI.minimum(model) == tokens
