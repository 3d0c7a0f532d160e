"""Groq. API reference: console.groq.com/docs/api-reference."""

from gateway.providers.base import Capabilities, Provider

PROVIDER = Provider(
    Capabilities(
        name="groq",
        base_url="https://api.groq.com/openai/v1",
        model_prefixes=("llama-3.1-8b-instant", "llama-3.3-70b-versatile", "groq/compound"),
        openai_defaults=True,
    )
)
