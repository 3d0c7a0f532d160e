"""OpenAI. API reference: platform.openai.com/docs/api-reference."""

from gateway.providers.base import (
    CHAT,
    COMPLETIONS,
    EMBEDDINGS,
    MODELS,
    RESPONSES,
    Capabilities,
    LiveData,
    Provider,
    same_paths,
)
from gateway.providers.messages_over_chat import with_messages
from gateway.providers.prompt_cache_rules import OPENAI

PROVIDER = Provider(
    with_messages(
        Capabilities(
            name="openai",
            stream_usage=True,  # OpenAI, Create chat completion (from memory)
            base_url="https://api.openai.com/v1",
            paths=same_paths(CHAT, COMPLETIONS, EMBEDDINGS, RESPONSES, MODELS),
            model_prefixes=(
                *("gpt-", "o1", "o3", "o4", "chatgpt-", "codex-", "computer-use-"),
                *("text-embedding-", "davinci-002", "babbage-002"),
                *("ft:gpt-", "ft:o1", "ft:o3", "ft:o4", "ft:davinci-", "ft:babbage-"),
            ),
            request_headers=("openai-beta",),
            forms=(
                *("/audio/transcriptions", "/audio/translations"),
                *("/images/edits", "/images/variations"),
            ),
            openai_defaults=True,
            # OpenAI, Reasoning models; names by openai 3.57.0 (PyPI), `ChatModel` (read 2026-12).
            effort_models=("o1*", "o3*", "o4*", "gpt-5*", "gpt-6*", "codex-*"),
            live=LiveData(
                models=("*-search-preview*", "*-search-api*", "*deep-research*"),
                fields=(
                    *("web_search_options", "previous_response_id", "conversation", "background"),
                    *("store", "prompt.id"),
                ),
                source="openai 3.57.0 (PyPI), parameters of chat and responses (read 2026-12)",
            ),
            prompt_cache=OPENAI,
        ),
        limit="max_completion_tokens",
    )
)
