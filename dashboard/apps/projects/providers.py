"""The providers a project may bring a key for, by the names under which the edge knows them.

A contract test holds the names against the edge's registry.
"""

PROVIDERS: tuple[tuple[str, str], ...] = (
    ("openai", "OpenAI"),
    ("anthropic", "Anthropic"),
    ("groq", "Groq"),
    ("mistral", "Mistral"),
    ("deepseek", "DeepSeek"),
    ("xai", "xAI"),
    ("gemini", "Google Gemini"),
    ("together", "Together AI"),
    ("openrouter", "OpenRouter"),
    ("workers_ai", "Cloudflare Workers AI"),
)

LABELS = dict(PROVIDERS)
