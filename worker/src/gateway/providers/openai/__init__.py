"""OpenAI. API reference: platform.openai.com/docs/api-reference."""

from gateway.providers.base import Capabilities, Provider

PROVIDER = Provider(
    Capabilities(
        name="openai",
        base_url="https://api.openai.com/v1",
        model_prefixes=("gpt-", "o1", "o3", "o4", "chatgpt-", "text-embedding-", "ft:gpt-"),
        openai_defaults=True,
    )
)
