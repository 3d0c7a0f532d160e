"""Anthropic's Messages API on providers that speak OpenAI's chat completions.

With it the Anthropic SDK talks to ``gpt-…`` and ``llama-…`` through ``/v1/messages``.
"""

from dataclasses import replace

from gateway.providers.base import MESSAGES, Capabilities, Translation


def with_messages(capabilities: Capabilities, *, limit: str = "max_tokens") -> Capabilities:
    """``capabilities`` of a provider with chat completions, plus Anthropic's dialect."""

    def translation() -> Translation:
        from gateway.providers.messages_over_chat.translation import MessagesOverChat

        return MessagesOverChat(capabilities, limit=limit)

    return replace(capabilities, translations={**capabilities.translations, MESSAGES: translation})
