"""Anthropic's SDK: plain, its stream helper, tools."""

from typing import Any

import anthropic
from steps import EDGE, KEY, SCHEMA, serve

CLIENT = anthropic.Anthropic(base_url=EDGE, api_key=KEY, max_retries=0)
MODEL, NO_MODEL = "claude-sonnet-5-5", "claude-no-such"
TOOLS = [{"name": "weather", "description": "The weather in a city.", "input_schema": SCHEMA}]


def asked(text: str, **more: Any) -> Any:
    messages = [{"role": "user", "content": text}]
    return {"model": MODEL, "max_tokens": 200, "messages": messages, **more}


def stream(text: str) -> Any:
    with CLIENT.messages.stream(**asked(text)) as events:
        return events.get_final_message().to_dict()


serve(
    plain=lambda text: CLIENT.messages.create(**asked(text)).to_dict(),
    stream=stream,
    tools=lambda text: CLIENT.messages.create(**asked(text, tools=TOOLS)).to_dict(),
    error=lambda text: CLIENT.messages.create(**asked(text, model=NO_MODEL)).to_dict(),
)
