"""OpenAI's SDK, chat completions: plain, its stream helper, tools."""

from typing import Any

import openai
from steps import EDGE, KEY, MODEL, NO_MODEL, TOOLS, serve

CLIENT = openai.OpenAI(base_url=f"{EDGE}/v1", api_key=KEY, max_retries=0)


def asked(text: str, **more: Any) -> Any:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def stream(text: str) -> Any:
    options = {"include_usage": True}
    with CLIENT.chat.completions.stream(**asked(text, stream_options=options)) as events:
        return events.get_final_completion().to_dict()


serve(
    plain=lambda text: CLIENT.chat.completions.create(**asked(text)).to_dict(),
    stream=stream,
    tools=lambda text: CLIENT.chat.completions.create(**asked(text, tools=TOOLS)).to_dict(),
    error=lambda text: CLIENT.chat.completions.create(**asked(text, model=NO_MODEL)).to_dict(),
)
