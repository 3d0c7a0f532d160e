"""OpenAI's SDK, responses: plain, its stream helper, tools."""

from typing import Any

import openai
from steps import EDGE, FUNCTION, KEY, MODEL, NO_MODEL, serve

CLIENT = openai.OpenAI(base_url=f"{EDGE}/v1", api_key=KEY, max_retries=0)
TOOLS = [{"type": "function", **FUNCTION}]


def asked(text: str, **more: Any) -> Any:
    return {"model": MODEL, "input": text, "store": False, **more}


def stream(text: str) -> Any:
    with CLIENT.responses.stream(**asked(text)) as events:
        return events.get_final_response().to_dict()


serve(
    plain=lambda text: CLIENT.responses.create(**asked(text)).to_dict(),
    stream=stream,
    tools=lambda text: CLIENT.responses.create(**asked(text, tools=TOOLS)).to_dict(),
    error=lambda text: CLIENT.responses.create(**asked(text, model=NO_MODEL)).to_dict(),
)
