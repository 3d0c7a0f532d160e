"""What the tests of Anthropic's Messages API on OpenAI's models share."""

from typing import Any

from gateway.formats.messages import MessagesAssembler, MessagesFormat
from gateway.formats.sse import EventReader
from gateway.providers.messages_over_chat.translation import MessagesOverChat
from gateway.providers.registry import PROVIDERS

OPENAI = PROVIDERS["openai"].capabilities
TRANSLATION = MessagesOverChat(OPENAI, limit="max_completion_tokens")
FORMAT = MessagesFormat()


def stream(*chunks: bytes) -> bytes:
    """Chunks of OpenAI's stream as the caller gets them."""
    transform = TRANSLATION.stream()
    return b"".join([*(transform(chunk) for chunk in chunks), transform(b"")])


def assembled(data: bytes) -> dict[str, Any] | None:
    """The message that a stream tells."""
    assembler = MessagesAssembler()
    for event in EventReader().feed(data):
        assembler.feed(event)
    return assembler.finish()
