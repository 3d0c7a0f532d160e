"""The official SDKs on the running edge, and requests for them."""

import secrets
from typing import Any

import anthropic
import openai

from tests.loopback import NO_CERTIFICATES
from tests.worker.edge import Tenant

MODEL = "claude-haiku-4-5"
TOOLS: list[Any] = [
    {"name": name, "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    for name in ("weather", "traffic")
]
DOCUMENT = {
    "type": "document",
    "source": {"type": "text", "media_type": "text/plain", "data": "The grass is green."},
    "citations": {"enabled": True},
}
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
NATIVE: dict[str, dict[str, Any]] = {
    "text": {},
    "tools": {"tools": TOOLS},
    "one tool": {
        "tools": TOOLS,
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
    },
    "thinking": {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 4000},
    "citations": {"content": [DOCUMENT, {"type": "text", "text": "What is green?"}]},
    "schema": {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
    "cut": {"max_tokens": 2},
}


def sdk(tenant: Tenant) -> anthropic.Anthropic:
    base_url = str(tenant.http.base_url)
    return anthropic.Anthropic(
        api_key=tenant.key,
        base_url=base_url,
        max_retries=0,
        http_client=anthropic.DefaultHttpxClient(verify=NO_CERTIFICATES),
    )


def openai_sdk(tenant: Tenant) -> openai.OpenAI:
    base_url = f"{str(tenant.http.base_url).rstrip('/')}/v1"
    return openai.OpenAI(
        api_key=tenant.key,
        base_url=base_url,
        max_retries=0,
        http_client=openai.DefaultHttpxClient(verify=NO_CERTIFICATES),
    )


def native(content: Any = None, **more: Any) -> dict[str, Any]:
    """A request of the Messages API, a new question unless told otherwise."""
    return {
        "model": MODEL,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": content or secrets.token_hex(8)}],
        **more,
    }


def whole(client: anthropic.Anthropic, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """What the cache did, and the message."""
    raw = client.messages.with_raw_response.create(**body)
    return raw.headers["x-watchllm-cache"], raw.parse().to_dict()


def streamed(client: anthropic.Anthropic, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The same, assembled by the SDK from a stream."""
    with client.messages.stream(**body) as stream:
        message = stream.get_final_message()
        return stream.response.headers["x-watchllm-cache"], _plain(message.to_dict())


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Without what the SDK's parser adds to text blocks."""
    for block in message["content"]:
        block.pop("parsed_output", None)
    return message


def chat_whole(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    raw = client.chat.completions.with_raw_response.create(**body)
    return raw.headers["x-watchllm-cache"], raw.parse().to_dict()


def chat_streamed(client: openai.OpenAI, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    options: Any = {"include_usage": True}
    with client.chat.completions.stream(**body, stream_options=options) as stream:
        stream.until_done()  # get_final_completion would refuse an answer cut by its limit
        completion: dict[str, Any] = stream.current_completion_snapshot.to_dict()
        status = stream._response.headers["x-watchllm-cache"]
    for choice in completion["choices"]:
        choice["message"].pop("parsed", None)
        for name in ("tool_calls", "thinking_blocks"):
            for item in choice["message"].get(name) or ():
                item.pop("index", None)
                item.get("function", {}).pop("parsed_arguments", None)
    return status, completion


def same(a: dict[str, Any], b: dict[str, Any]) -> bool:
    """Equal but for fields that one of them holds empty."""
    return _without_empty(a) == _without_empty(b)


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_empty(v) for k, v in value.items() if v not in (None, [], "")}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


def healthy(tenant: Tenant) -> None:
    """One good answer, so that no circuit breaker opens over the errors that a test wants."""
    assert tenant.post("/v1/messages", native()).status_code == 200
