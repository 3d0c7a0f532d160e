"""OpenAI's chat completions on Anthropic's models: the messages that Anthropic is sent."""

from typing import Any

import pytest

from tests.worker.chat_to_anthropic import HELLO, WEATHER, translated

# --- requests: messages ---


def test_system_and_developer_messages_are_hoisted() -> None:
    made = translated(
        messages=[
            {"role": "system", "content": "Be brief."},
            *HELLO,
            {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
        ]
    )
    assert made["system"] == [
        {"type": "text", "text": "Be brief."},
        {"type": "text", "text": "In French."},
    ]
    assert made["messages"] == HELLO
    assert translated(messages=[{"role": "system", "content": "One."}, *HELLO])["system"] == "One."
    assert "system" not in translated()


def test_parallel_tool_results_stand_in_one_turn() -> None:
    call = {"type": "function", "function": {"name": "weather", "arguments": '{"city": "Rome"}'}}
    made = translated(
        tools=[WEATHER],
        messages=[
            *HELLO,
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {**call, "id": "a"},
                    {"id": "b", "type": "function", "function": {"name": "time", "arguments": ""}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "sunny"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "noon"}]},
            {"role": "user", "content": "And?"},
        ],
    )
    assert made["messages"][1]["content"] == [
        {"type": "tool_use", "id": "a", "name": "weather", "input": {"city": "Rome"}},
        {"type": "tool_use", "id": "b", "name": "time", "input": {}},
    ]
    assert made["messages"][2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "a", "content": "sunny"},
            {"type": "tool_result", "tool_use_id": "b", "content": "noon"},
            {"type": "text", "text": "And?"},
        ],
    }


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw==", "x": 1}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="},
            },
        ),
        (
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
            {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
        ),
        (
            {
                "type": "file",
                "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
            },
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            {"type": "file", "file": {"file_data": "JVBE"}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
            },
        ),
        (
            {
                "type": "file",
                "file": {"file_data": "data:text/plain;base64,aMOpbGxv"},
                "citations": {"enabled": True},
            },
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "héllo"},
                "citations": {"enabled": True},
            },
        ),
        (
            {"type": "file", "file": {"file_id": "file_011"}},
            {"type": "document", "source": {"type": "file", "file_id": "file_011"}},
        ),
        (
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}},
        ),
        (
            {"type": "text", "text": "x", "prompt_cache_breakpoint": {"mode": "explicit"}},
            {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}},
        ),
    ],
)
def test_content_parts(part: dict[str, Any], block: dict[str, Any]) -> None:
    made = translated(messages=[{"role": "user", "content": [part, {"type": "text", "text": ""}]}])
    assert made["messages"] == [{"role": "user", "content": [block]}]


def test_cache_control_passes_on_messages_and_tools() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    made = translated(
        tools=[{**WEATHER, **mark}],
        messages=[{"role": "system", "content": "Long.", **mark}, {**HELLO[0], **mark}],
    )
    assert made["system"] == [{"type": "text", "text": "Long.", **mark}]
    assert made["messages"][0]["content"] == [{"type": "text", "text": "Hello", **mark}]
    assert made["tools"][0]["cache_control"] == mark["cache_control"]
