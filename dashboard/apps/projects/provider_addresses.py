"""Where each provider's API is, and how it takes a key: for the test button alone.

The edge has its own table; a contract test holds the two together.
"""

ADDRESSES: dict[str, str] = {
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com/v1",
    "groq": "https://api.groq.com/openai/v1",
    "mistral": "https://api.mistral.ai/v1",
    "deepseek": "https://api.deepseek.com/v1",
    "xai": "https://api.x.ai/v1",
    "gemini": "https://generativelanguage.googleapis.com/v1beta/openai",
    "together": "https://api.together.xyz/v1",
    "openrouter": "https://openrouter.ai/api/v1",
    "workers_ai": "",
}
"""Workers AI's address holds the account, so its key comes with one."""

_ANTHROPIC_VERSION = "2023-06-01"


def headers(provider: str, secret: str) -> dict[str, str]:
    """The provider's authentication."""
    if provider == "anthropic":
        return {"x-api-key": secret, "anthropic-version": _ANTHROPIC_VERSION}
    return {"authorization": f"Bearer {secret}"}
