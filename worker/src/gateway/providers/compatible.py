"""Providers that speak OpenAI's protocol, as data. ``<NAME>_API_KEY`` switches one on."""

from gateway.formats.endings import BY_ITSELF, BY_WINDOW, FAILED
from gateway.providers.base import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODELS,
    Capabilities,
    LiveData,
    Provider,
    same_paths,
)
from gateway.providers.messages_over_chat import with_messages

PROVIDERS = tuple(
    Provider(with_messages(capabilities))
    for capabilities in (
        Capabilities(
            name="mistral",
            base_url="https://api.mistral.ai/v1",
            model_prefixes=(
                *("mistral-", "codestral", "devstral", "ministral-", "magistral-", "pixtral-"),
                *("open-mistral-", "open-mixtral-"),
            ),
            # Always sends usage, and refuses the option that asks for it with 422
            # (openai-agents-python 442; it is not in Mistral's API reference, read 2026-12).
            usage_with_end=True,
            # "Tool call id was … but must be a-z, A-Z, 0-9, with a length of 9" (from memory).
            call_id_length=9,
            # Mistral's API specification, by crate mistral-openapi-client 0.1.0 (read 2026-12).
            endings={"model_length": BY_WINDOW, "error": FAILED},
        ),
        Capabilities(
            name="deepseek",
            stream_usage=True,  # DeepSeek, Create chat completion (from memory)
            base_url="https://api.deepseek.com/v1",
            paths=same_paths(CHAT, MODELS),
            model_prefixes=("deepseek-",),
            effort_models=("deepseek-v4*", "deepseek-flash*"),
            # DeepSeek, Thinking mode (read 2026-12): without it, a turn with tool calls is refused.
            reasoning_field="reasoning_content",
            # By a guide to DeepSeek's API (deepseekv4pro.com, read 2026-12).
            endings={"insufficient_system_resource": FAILED},
        ),
        Capabilities(
            name="together",
            effort_models=("openai/gpt-oss-*",),
            base_url="https://api.together.xyz/v1",
            paths=same_paths(CHAT, COMPLETIONS, EMBEDDINGS, MODELS),
            # Its API reference has no `stream_options`; the last chunk has the usage anyhow.
            # Together's Python SDK lists it among finish reasons (from memory).
            endings={"eos": BY_ITSELF},
        ),
        Capabilities(
            name="openrouter",
            tells_cost=True,  # its credit is a dollar (OpenRouter, Usage accounting, read 2026-12)
            # Takes it; by now usage always comes (OpenRouter, ChatStreamOptions, read 2026-12).
            stream_usage=True,
            effort_models=("*",),  # it leaves the field out where a model does not take it
            base_url="https://openrouter.ai/api/v1",
            paths=same_paths(CHAT, COMPLETIONS, MODELS),
            # It finds only endpoints that take every parameter (OpenRouter, Provider routing).
            strict_at=("provider", "require_parameters"),
            endings={"error": FAILED},  # by Koog's client for OpenRouter (read 2026-12)
            live=LiveData(
                models=("*:online", "perplexity/*", "@preset/*", "*@preset/*"),
                fields=("plugins", "preset"),
                further_models=("models", "fallbacks"),
                source="OpenRouter, Plugins, Server tools, Presets, Model fallbacks (read 2026-12)",
            ),
        ),
        Capabilities(
            name="xai",
            stream_usage=True,  # xAI, REST API reference (from memory)
            base_url="https://api.x.ai/v1",
            paths=same_paths(CHAT, MODELS),
            model_prefixes=("grok-",),
            # xAI, Reasoning (read 2026-12): grok-3 and grok-4 up to 4.20 refuse it. The page names
            # 4.3; later models are known by their price list alone.
            effort_models=("grok-3-mini*", "grok-4.3*", "grok-4.[5-9]*", "grok-latest"),
            live=LiveData(
                fields=("search_parameters", "deferred"),
                source="xAI, Deferred chat completions; Live search, now 410 (vercel/ai 15713)",
            ),
        ),
        Capabilities(
            name="gemini",
            stream_usage=True,  # taken, though Google's page does not name it
            base_url="https://generativelanguage.googleapis.com/v1beta/openai",
            model_prefixes=("gemini-",),
            effort_models=("gemini-2.5-*", "gemini-3*", "gemini-4*"),
            live=LiveData(
                fields=(
                    *("cached_content", "extra_body.cached_content"),
                    *("extra_body.google.cached_content", "extra_body.google.tools"),
                ),
                source="Google, OpenAI compatibility (page of 2026-06)",
            ),
        ),
        Capabilities(
            name="workers_ai",
            base_url="",  # holds the account: WORKERS_AI_BASE_URL
            paths=same_paths(CHAT, EMBEDDINGS),
            model_prefixes=("@cf/",),
            effort_models=("@cf/openai/gpt-oss-*",),
        ),
    )
)
