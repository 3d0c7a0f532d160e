"""instructor: a model from JSON, one that grows while it streams, one from a tool's arguments."""

import instructor
import openai
from pydantic import BaseModel
from steps import EDGE, KEY, MODEL, NO_MODEL, serve


class City(BaseModel):
    """A city."""

    name: str
    people: int


OPENAI = openai.OpenAI(base_url=f"{EDGE}/v1", api_key=KEY, max_retries=0)
JSON = instructor.from_openai(OPENAI, mode=instructor.Mode.JSON_SCHEMA)
TOOLS = instructor.from_openai(OPENAI, mode=instructor.Mode.TOOLS)


def asked(text: str, model: str = MODEL) -> dict[str, object]:
    messages = [{"role": "user", "content": text}]
    return {"model": model, "messages": messages, "response_model": City, "max_retries": 0}


serve(
    plain=lambda text: JSON.create(**asked(text)).model_dump(),
    stream=lambda text: [part.model_dump() for part in TOOLS.create_partial(**asked(text))][-1],
    tools=lambda text: TOOLS.create(**asked(text)).model_dump(),
    error=lambda text: TOOLS.create(**asked(text, NO_MODEL)).model_dump(),
)
