"""What the Python drivers have in common; see `clients.sdks` for what they read and write."""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

EDGE = os.environ["WATCHLLM_EDGE"]
KEY = os.environ["WATCHLLM_API_KEY"]
MODEL = "gpt-4o-mini"
NO_MODEL = "no-such-model"
_CASES = ("plain", "stream", "tools", "error")


def weather(city: str) -> str:
    """The weather in a city."""
    return f"It rains in {city}."


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
FUNCTION = {"name": "weather", "description": "The weather in a city.", "parameters": SCHEMA}
TOOLS = [{"type": "function", "function": FUNCTION}]


def serve(**cases: Callable[[str], Any]) -> None:
    """Answer each line with what its case makes of it. ``cases``: `_CASES`, each takes a text."""
    if set(cases) != set(_CASES):
        raise ValueError(f"the cases are {_CASES}")
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = {"said": cases[asked["case"]](asked["text"])}
        except Exception as error:  # noqa: BLE001 (what it raises is the answer)
            told = {
                "error": type(error).__name__,
                "status": status(error),
                "text": str(error)[:500],
            }
        print("\x1e" + json.dumps(told, default=str), flush=True)


def status(error: BaseException | None) -> int | None:
    """The HTTP status that an exception, or one behind it, tells."""
    while error is not None:
        for name in ("status_code", "status"):
            if isinstance(value := getattr(error, name, None), int):
                return value
        error = error.__cause__ or error.__context__
    return None
