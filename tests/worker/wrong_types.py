"""Rich requests of every endpoint, and their values replaced by ones of another type."""

import copy
import json
from collections.abc import Iterator
from typing import Any

WRONG: tuple[Any, ...] = (
    *(None, True, 7, -1.5, "", "text", [], [7], ["text"], [None], [[]], [{}], {}, {"type": []}),
    *(10**307, {"type": {}}),
    *({"type": "text"}, [{"type": []}], [{"type": "text", "text": 7}], {"a": 7}),
)
OPENAI, ANTHROPIC = "gpt-4o-mini", "claude-sonnet-4-5"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
IMAGE = "data:image/png;base64,iVBORw0KGgo="
CHAT: dict[str, Any] = {
    "messages": [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Rain?"},
                {"type": "image_url", "image_url": {"url": IMAGE, "detail": "low"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {
                    "id": "call_1",
                    "type": "function",
                    "function": {"name": "rain", "arguments": '{"city": "Kyiv"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "call_1", "content": "no"},
        {"role": "user", "content": "And tomorrow?"},
    ],
    "tools": [
        {
            "type": "function",
            "function": {"name": "rain", "description": "d", "parameters": SCHEMA, "strict": True},
        }
    ],
    "tool_choice": {"type": "function", "function": {"name": "rain"}},
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
    },
    "stream_options": {"include_usage": True},
    "reasoning_effort": "low",
    "max_completion_tokens": 4096,
    "temperature": 0,
    "top_p": 1,
    "n": 1,
    "stop": ["END"],
    "seed": 1,
    "logprobs": False,
    "parallel_tool_calls": True,
    "metadata": {"team": "a"},
    "user": "u",
    "service_tier": "auto",
    "store": False,
}
MESSAGES: dict[str, Any] = {
    "max_tokens": 4096,
    "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Rain?"},
                {
                    "type": "image",
                    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                },
            ],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "s"},
                {"type": "tool_use", "id": "toolu_1", "name": "rain", "input": {"city": "Kyiv"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "toolu_1",
                    "content": [{"type": "text", "text": "no"}],
                    "is_error": False,
                }
            ],
        },
    ],
    "tools": [{"name": "rain", "description": "d", "input_schema": SCHEMA}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 2048},
    "output_config": {"format": {"type": "json_schema", "schema": SCHEMA}},
    "metadata": {"user_id": "u"},
    "stop_sequences": ["END"],
    "temperature": 1,
    "service_tier": "auto",
}
RESPONSES: dict[str, Any] = {
    "model": OPENAI,
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Rain?"}]},
        {"type": "function_call", "call_id": "c", "name": "rain", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "no"},
    ],
    "instructions": "Be brief.",
    "tools": [{"type": "function", "name": "rain", "parameters": SCHEMA, "strict": True}],
    "tool_choice": {"type": "function", "name": "rain"},
    "text": {"format": {"type": "json_schema", "name": "a", "schema": SCHEMA}},
    "reasoning": {"effort": "low"},
    "max_output_tokens": 100,
    "include": ["reasoning.encrypted_content"],
    "metadata": {"team": "a"},
    "temperature": 0,
}
REQUESTS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", {"model": OPENAI, **CHAT}),
    "chat, stream": ("/v1/chat/completions", {"model": OPENAI, "stream": True, **CHAT}),
    "chat to Anthropic": ("/v1/chat/completions", {"model": ANTHROPIC, **CHAT}),
    "messages": ("/v1/messages", {"model": ANTHROPIC, **MESSAGES}),
    "messages, stream": ("/v1/messages", {"model": ANTHROPIC, "stream": True, **MESSAGES}),
    "messages to OpenAI": ("/v1/messages", {"model": OPENAI, **MESSAGES}),
    "responses": ("/v1/responses", RESPONSES),
    "completions": (
        "/v1/completions",
        {
            "model": OPENAI,
            "prompt": ["Rain?", "Snow?"],
            "n": 1,
            "max_tokens": 5,
            "stream_options": {"include_usage": True},
            "logit_bias": {"1": 1},
        },
    ),
    "embeddings": (
        "/v1/embeddings",
        {"model": OPENAI, "input": ["a", "b"], "dimensions": 2, "encoding_format": "float"},
    ),
    "count_tokens": (
        "/v1/messages/count_tokens",
        {name: MESSAGES[name] for name in ("system", "messages", "tools")} | {"model": ANTHROPIC},
    ),
    "purge": ("/v1/cache/purge", {"model": OPENAI, "older_than_seconds": 60}),
    "feedback": ("/v1/cache/feedback", {"request_id": "0" * 32, "verdict": "wrong"}),
}


def mutations(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """``value`` with one part replaced by each of ``WRONG``, and where that is."""
    if path:
        for wrong in WRONG:
            if type(wrong) is not type(value) or wrong != value:
                yield f"{path} = {json.dumps(wrong)}", copy.deepcopy(wrong)
    children: Any = ()
    if isinstance(value, dict):
        children = value.items()
    elif isinstance(value, list):
        children = enumerate(value)
    for key, child in list(children):
        for where, changed in mutations(child, f"{path}.{key}"):
            whole = copy.copy(value)
            whole[key] = changed
            yield where, whole
