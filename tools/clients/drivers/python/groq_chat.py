"""Groq's SDK: plain, the chunks of a stream put together, tools."""

from typing import Any

import groq
from steps import EDGE, KEY, NO_MODEL, TOOLS, serve

CLIENT = groq.Groq(base_url=EDGE, api_key=KEY, max_retries=0)
MODEL = "llama-3.1-8b-instant"


def asked(text: str, **more: Any) -> Any:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def stream(text: str) -> Any:
    chunks = list(CLIENT.chat.completions.create(**asked(text, stream=True)))
    choices = [choice for chunk in chunks for choice in chunk.choices]
    return {
        "id": chunks[0].id,
        "created": chunks[0].created,
        "model": chunks[0].model,
        "text": "".join(choice.delta.content or "" for choice in choices),
        "ends": [choice.finish_reason for choice in choices if choice.finish_reason],
    }


serve(
    plain=lambda text: CLIENT.chat.completions.create(**asked(text)).to_dict(),
    stream=stream,
    tools=lambda text: CLIENT.chat.completions.create(**asked(text, tools=TOOLS)).to_dict(),
    error=lambda text: CLIENT.chat.completions.create(**asked(text, model=NO_MODEL)).to_dict(),
)
