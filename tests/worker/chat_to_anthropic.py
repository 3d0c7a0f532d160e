"""What the tests of OpenAI's chat completions on Anthropic's models share."""

from typing import Any

from gateway.providers.anthropic.translation import ChatOverMessages
from local_stack.anthropic_api.requests import VERSIONS, check

TRANSLATION = ChatOverMessages()
HELLO = [{"role": "user", "content": "Hello"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    },
}


def translated(**body: Any) -> dict[str, Any]:
    """The request that Anthropic gets; it would take it."""
    made = TRANSLATION.request({"model": "claude-sonnet-4-6", "messages": HELLO, **body})
    check(made, VERSIONS[0])
    return made
