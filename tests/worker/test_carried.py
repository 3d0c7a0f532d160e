"""Content that a provider wants back, as it travels through Anthropic's clients."""

import json
from typing import Any

from gateway.providers.messages_over_chat import carried
from gateway.providers.messages_over_chat.translation import MessagesOverChat
from gateway.providers.registry import PROVIDERS

LONGEST_LINE = 65_536


def sent(provider: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    """The assistant's message of a conversation, as ``provider`` gets it."""
    translation = MessagesOverChat(PROVIDERS[provider].capabilities, limit="max_tokens")
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": list(blocks)},
            {"role": "user", "content": "b"},
        ],
    }
    message: dict[str, Any] = translation.request(body)["messages"][1]
    return message


def test_only_the_provider_that_it_came_from_gets_it_back() -> None:
    extra = {"google": {"thought_signature": "SIG"}}
    blocks = carried.of_message("gemini", {"extra_content": extra})
    text = {"type": "text", "text": "hi"}
    assert sent("gemini", text, *blocks)["extra_content"] == extra
    assert sent("openai", text, *blocks) == {"role": "assistant", "content": "hi"}
    call = {"type": "tool_use", "id": "a", "name": "f", "input": {}}
    of_call = carried.of_call("gemini", "a", extra)
    assert sent("gemini", of_call, call)["tool_calls"][0]["extra_content"] == extra
    assert "extra_content" not in sent("openai", of_call, call)["tool_calls"][0]


def test_long_reasoning_travels_in_lines_that_clients_take() -> None:
    details = [
        {"type": "reasoning.text", "text": "word " * 40_000, "signature": "s" * 900, "index": 0},
        {"type": "reasoning.encrypted", "data": "A" * 100_000, "id": "r", "index": 0},
        {"type": "reasoning.encrypted", "data": "B" * 100_000, "id": "q", "index": 1},
    ]
    blocks = carried.of_message("openrouter", {"reasoning_details": details})
    assert all(len(json.dumps(block)) < LONGEST_LINE for block in blocks)
    assert sent("openrouter", *blocks)["reasoning_details"] == details


def test_unsigned_reasoning_is_not_carried() -> None:
    details = [{"type": "reasoning.text", "text": "let me see", "index": 0}]
    assert carried.of_message("openrouter", {"reasoning_details": details}) == []
    marked = {"extra_content": {"google": {"thought": True}}}
    assert carried.of_message("gemini", marked) == []


def test_a_message_without_text_keeps_what_it_wants_back() -> None:
    extra = {"google": {"thought_signature": "SIG"}}
    blocks = carried.of_message("gemini", {"extra_content": extra})
    assert sent("gemini", *blocks) == {"role": "assistant", "content": "", "extra_content": extra}


def test_what_was_not_made_here_carries_nothing() -> None:
    for data in (None, "", "opaque", "watchllm:", "watchllm:!", "watchllm:W10=", "watchllm:e30="):
        assert carried.of({"type": "redacted_thinking", "data": data}) is None
