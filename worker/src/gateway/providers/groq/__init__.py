"""Groq. API reference: console.groq.com/docs/api-reference."""

from gateway.providers.base import (
    CHAT,
    MODELS,
    RESPONSES,
    Capabilities,
    LiveData,
    Provider,
    same_paths,
)
from gateway.providers.messages_over_chat import with_messages

PROVIDER = Provider(
    with_messages(
        Capabilities(
            name="groq",
            stream_usage=True,  # LangChain.js, ChatGroqCallOptions (read 2026-12)
            base_url="https://api.groq.com/openai/v1",
            paths=same_paths(CHAT, RESPONSES, MODELS),
            model_prefixes=(
                *("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "groq/compound"),
                *("openai/gpt-oss-", "meta-llama/llama-4-scout-17b-16e-instruct"),
            ),
            forms=("/audio/transcriptions", "/audio/translations"),
            # Without `stream_options` its streams tell usage in a field of their own alone (groq
            # 1.7.0, PyPI, `XGroq`).
            usage_at=("x_groq", "usage"),
            openai_defaults=True,
            # groq 1.7.0 (PyPI), `reasoning_effort`: other models of Qwen take other values.
            effort_models=("openai/gpt-oss-*", "qwen/qwen3.8-27b"),
            live=LiveData(
                models=("groq/compound*", "compound*"),
                fields=("search_settings", "compound_custom"),
                source="Groq, Compound, Browser search (read 2026-12)",
            ),
        ),
        limit="max_completion_tokens",
    )
)
