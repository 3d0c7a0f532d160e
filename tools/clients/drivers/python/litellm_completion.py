"""LiteLLM as a library: plain, the chunks of a stream by its own builder, tools."""

from typing import Any

import litellm
from steps import EDGE, KEY, MODEL, NO_MODEL, TOOLS, serve

litellm.suppress_debug_info = True


def asked(text: str, model: str = MODEL, **more: Any) -> Any:
    return litellm.completion(
        model=f"openai/{model}",
        messages=[{"role": "user", "content": text}],
        api_base=f"{EDGE}/v1",
        api_key=KEY,
        num_retries=0,
        **more,
    )


def stream(text: str) -> Any:
    chunks = list(asked(text, stream=True, stream_options={"include_usage": True}))
    return litellm.stream_chunk_builder(chunks).model_dump()


serve(
    plain=lambda text: asked(text).model_dump(),
    stream=stream,
    tools=lambda text: asked(text, tools=TOOLS).model_dump(),
    error=lambda text: asked(text, NO_MODEL).model_dump(),
)
