"""Why an answer ended: the finish reasons of providers in the words of the two dialects."""

from collections.abc import Mapping
from typing import NamedTuple


class Ending(NamedTuple):
    """What a finish reason means: OpenAI's ``finish_reason`` and Anthropic's ``stop_reason``."""

    finish_reason: str
    stop_reason: str


BY_ITSELF = Ending("stop", "end_turn")
BY_LIMIT = Ending("length", "max_tokens")
BY_WINDOW = Ending("length", "model_context_window_exceeded")
BY_CALLS = Ending("tool_calls", "tool_use")
FILTERED = Ending("content_filter", "refusal")
FAILED = Ending("error", "")
"""The provider broke the answer off; neither dialect has an ordinary end for it."""

Endings = Mapping[str, Ending]

OPENAI: Endings = {
    "stop": BY_ITSELF,
    "length": BY_LIMIT,
    "tool_calls": BY_CALLS,
    "function_call": BY_CALLS,
    "content_filter": FILTERED,
}


def ending(reason: object, endings: Endings) -> Ending | None:
    """What ``reason`` means; ``None`` for one that is not known."""
    return endings.get(reason) if isinstance(reason, str) else None
