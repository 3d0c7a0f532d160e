"""Markers in request bodies: what the model reads stays the same, and the provider takes them."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.prompt_cache import anthropic, openai
from gateway.prompt_cache.split import Blocks, Dialect, LeftAlone
from shared.prompt_cache.boundaries import boundaries
from tests.doubles.prompt_caches import (
    AnthropicPromptCache,
    OpenAIPromptCache,
    anthropic_prompt,
    openai_prompt,
)

KEY = b"k" * 32
KEPT = "'input': {'cache_control': 'kept'}"
MARKER_FIELDS = {
    *("cache_control", "prompt_cache_breakpoint"),
    *("prompt_cache_options", "prompt_cache_key"),
}
TEXT = st.text("ab ", max_size=6)


def unmarked(body: Any) -> Any:
    """Without markers; a text alone is the string that it was before it could carry one."""
    if isinstance(body, dict):
        return {name: unmarked(part) for name, part in body.items() if name not in MARKER_FIELDS}
    if isinstance(body, list):
        items = [unmarked(item) for item in body]
        alone = len(items) == 1 and isinstance(items[0], dict)
        return items[0]["text"] if alone and items[0].keys() == {"type", "text"} else items
    return body


def texts(marked: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.builds(lambda text, more: {"type": "text", "text": text, **more}, TEXT, marked)


NO_MARKER: st.SearchStrategy[dict[str, Any]] = st.just({})
CONTENT = TEXT | st.lists(texts(NO_MARKER), min_size=1, max_size=3)
TOOLS = st.lists(st.builds(lambda name: {"name": name, "input_schema": {}}, TEXT), max_size=3)
CALL = st.just({"type": "tool_use", "id": "1", "name": "a", "input": {"cache_control": "kept"}})
RESULT = st.builds(lambda text: {"type": "tool_result", "tool_use_id": "1", "content": text}, TEXT)
THOUGHT = st.just({"type": "thinking", "thinking": "…", "signature": "s"})
TURN = st.one_of(
    st.builds(lambda content: {"role": "user", "content": content}, CONTENT),
    st.builds(lambda content: {"role": "assistant", "content": content}, CONTENT),
    st.builds(lambda one, two: {"role": "assistant", "content": [one, two]}, THOUGHT, CALL),
    st.builds(lambda one: {"role": "user", "content": [one]}, RESULT),
)
MESSAGES = st.builds(
    lambda tools, system, messages, choice: {
        "model": "claude-sonnet-5",
        "tools": tools,
        "system": system,
        "messages": messages,
        "tool_choice": choice,
    },
    TOOLS,
    CONTENT,
    st.lists(TURN, min_size=1, max_size=5),
    st.sampled_from((None, {"type": "auto"})),
)
CHAT_MESSAGE = st.one_of(
    st.builds(
        lambda role, content: {"role": role, "content": content},
        st.sampled_from(("system", "developer", "user")),
        CONTENT,
    ),
    st.builds(lambda text: {"role": "assistant", "content": text}, TEXT),
    st.just({"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}),
    st.builds(lambda text: {"role": "tool", "tool_call_id": "1", "content": text}, TEXT),
)
CHATS = st.builds(
    lambda messages, tools: {"model": "gpt-6-luna", "messages": messages, "tools": tools},
    st.lists(CHAT_MESSAGE, min_size=1, max_size=6),
    TOOLS,
)


def places(blocks: Blocks, *, openai_only: bool) -> list[int]:
    allowed = ("system", "user", "tool_result")
    return [
        at
        for at, kind in enumerate(blocks.kinds)
        if (kind in allowed if openai_only else kind != "unmarked")
    ]


def prefixes(blocks: Blocks) -> dict[int, str]:
    """Hash of everything through a block, by block."""
    texts = blocks.serialized(boundaries(blocks.kinds))
    return dict(blocks.prompt(KEY, b"", texts).prefixes)


def chosen(dialect: Dialect, body: dict[str, Any], data: st.DataObject, lifetime: int) -> Any:
    """``body`` with up to four markers at random places."""
    blocks = dialect.split(body)
    possible = places(blocks, openai_only=dialect is openai.DIALECT)
    at = data.draw(st.lists(st.sampled_from(possible), max_size=4, unique=True)) if possible else []
    markers = {blocks.places[each]: lifetime for each in at}
    return dialect.marked(body, markers, "root"), len(markers)


@settings(max_examples=60, deadline=None)
@given(MESSAGES, st.data())
def test_a_message_without_its_markers_is_the_one_that_was_sent(
    body: dict[str, Any], data: st.DataObject
):
    before = repr(body)
    marked, count = chosen(anthropic.DIALECT, body, data, 300)
    assert repr(body) == before, "the caller's body is nobody's to change"
    # `input` may hold a member that is named like a marker.
    assert repr(marked).count(KEPT) == before.count(KEPT)
    prompt, markers = anthropic_prompt(marked, 0)
    assert len(markers) == count
    AnthropicPromptCache().serve(prompt, markers)
    assert unmarked(marked) == unmarked(body)


@settings(max_examples=60, deadline=None)
@given(CHATS, st.data())
def test_a_chat_without_its_markers_is_the_one_that_was_sent(
    body: dict[str, Any], data: st.DataObject
):
    before = repr(body)
    marked, count = chosen(openai.DIALECT, body, data, 1800)
    assert repr(body) == before
    prompt, markers, implicit = openai_prompt(marked, 0)
    assert len(markers) == count
    assert not implicit
    OpenAIPromptCache().serve(prompt, markers)
    assert unmarked(marked) == unmarked(body)


@settings(max_examples=40, deadline=None)
@given(MESSAGES)
def test_markers_change_no_prefix(body: dict[str, Any]):
    blocks = anthropic.DIALECT.split(body)
    last = places(blocks, openai_only=False)[-1:]
    marked = anthropic.DIALECT.marked(body, {blocks.places[at]: 3600 for at in last}, "")
    again = anthropic.DIALECT.split(marked)
    assert prefixes(again).items() >= prefixes(blocks).items()
    assert again.markers == dict.fromkeys(last, 3600)


def test_the_blocks_are_those_that_the_provider_hashes():
    body = {
        "tools": [{"name": "a"}, {"name": "b", "cache_control": {"type": "ephemeral"}}],
        "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}],
        "messages": [
            {"role": "user", "content": "Hello."},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "1", "name": "a"}]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1"}]},
        ],
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
    blocks = anthropic.DIALECT.split(body)
    assert blocks.kinds == ["tools", "system", "system", "user", "tool_use", "tool_result"]
    assert blocks.markers == {0: 300, 5: 3600}
    other = anthropic.DIALECT.split({**body, "tool_choice": {"type": "any"}})
    mine, others = prefixes(blocks), prefixes(other)
    same = {at: prefix == others[at] for at, prefix in mine.items() if at in others}
    assert same == {0: True, 1: True, 2: True, 3: False, 5: False}


@settings(max_examples=40, deadline=None)
@given(MESSAGES, st.data())
def test_a_prefix_is_the_same_whatever_comes_after_it_and_whichever_others_are_looked_up(
    body: dict[str, Any], data: st.DataObject
):
    turns = body["messages"]
    kept = data.draw(st.integers(1, len(turns)))
    earlier = prefixes(anthropic.DIALECT.split({**body, "messages": turns[:kept]}))
    now = anthropic.DIALECT.split(body)
    for at in earlier:
        now.markers[at] = 300
    assert prefixes(now).items() >= earlier.items()


@pytest.mark.parametrize(
    "body",
    [
        {"messages": []},
        {"messages": "hello"},
        {"messages": [{"role": "user", "content": 5}]},
        {"messages": [{"role": "user", "content": [5]}]},
        {"messages": [{"role": "user", "content": "a"}], "cache_control": {"ttl": "2h"}},
        {"tools": [{"cache_control": {"type": "ephemeral"}}, {}], "messages": []},
    ],
)
def test_what_is_misshapen_or_marked_otherwise_is_left_alone(body: dict[str, Any]):
    with pytest.raises(LeftAlone):
        anthropic.DIALECT.split(body)


@pytest.mark.parametrize(
    "extra", [{"prompt_cache_options": {"mode": "implicit"}}, {"prompt_cache_retention": "24h"}]
)
def test_openais_own_settings_are_the_callers(extra: dict[str, Any]):
    with pytest.raises(LeftAlone):
        openai.DIALECT.split({"messages": [{"role": "user", "content": "a"}], **extra})


def test_a_routing_key_of_the_callers_stays():
    body = {"messages": [{"role": "user", "content": "a"}], "prompt_cache_key": "mine"}
    assert openai.DIALECT.marked(body, {}, "root")["prompt_cache_key"] == "mine"
