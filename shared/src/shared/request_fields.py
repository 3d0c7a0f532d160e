"""Which request fields are left out of the cache key, and which values equal an absent field.

Every field not listed here is part of the key, known or not: a new parameter can cost a hit, but
never cause a wrong one. ``docs/public/caching.md`` shows these tables; a test keeps both alike.
"""

from typing import Any

IGNORED: dict[str, str] = {
    "stream": "how the answer is delivered; one entry serves both forms",
    "stream_options": "whether a usage chunk is sent; the entry knows its usage either way",
    "user": "an abuse-tracking label that the model never sees",
    "safety_identifier": "an abuse-tracking label that the model never sees",
    "metadata": "labels for the provider's own dashboard",
    "store": "whether the provider keeps a copy",
    "prompt_cache_key": "a routing hint for the provider's prefix cache",
    "prompt_cache_options": "how the provider keeps its prefix cache",
    "prompt_cache_retention": "how long the provider keeps its prefix cache",
    "cache_control": "what the provider keeps in its prefix cache",
    "client_metadata": "labels of the client's own, as Codex sends them",
    "service_tier": "speed and price class of the same model",
}
"""Field → why it cannot change the answer. Applies to every endpoint."""

IGNORED_OF_ITEMS: dict[str, str] = {
    "internal_chat_message_metadata_passthrough": "Codex's own labels: turn, time, kind of content",
}
"""The same for the members of a Responses API input item (Codex 0.171, November 2026)."""

CLIENT_OUTPUTS = frozenset(
    (
        *("function_call_output", "custom_tool_call_output", "computer_call_output"),
        *("shell_call_output", "apply_patch_call_output"),
    )
)
"""Responses API input items that a client writes and ``call_id`` connects: their ``id`` is a label.
Not ``local_shell_call_output``, which ``id`` itself connects. (OpenAI's "Create a model response",
November 2026; Codex 0.171 makes fresh ones for each session.)"""

DEFAULTS: dict[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "n": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logprobs": False,
    "logit_bias": {},
    "parallel_tool_calls": True,
    "response_format": {"type": "text"},
    "modalities": ["text"],
}
"""Values that OpenAI documents as the default of chat completions, hence equal to absence.

Only for providers that document the same defaults (``defaults="openai"`` in their capabilities).
``tool_choice`` is handled beside it: ``auto`` is the default with tools, ``none`` without.
"""

COMPLETION_DEFAULTS: dict[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "n": 1,
    "best_of": 1,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "logit_bias": {},
    "echo": False,
    "max_tokens": 16,
}
"""The same for the legacy ``/v1/completions``."""

RESPONSES_DEFAULTS: dict[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "truncation": "disabled",
    "text": {"format": {"type": "text"}},
    "background": False,
}
"""The same for ``/v1/responses``."""

MESSAGES_DEFAULTS: dict[str, Any] = {
    "temperature": 1,
    "top_p": 1,
    "stop_sequences": [],
    "tools": [],
}
"""The same for Anthropic's ``/v1/messages``. ``thinking`` is not here: its default differs between
models."""

VECTOR_FORMATS: tuple[str, ...] = (
    "encoding_format",  # OpenAI
    "output_dtype",  # Mistral, Voyage
    "embedding_type",  # Jina
    "embedding_types",  # Cohere
)
"""Fields of embeddings that say how a vector is written. Anything but floats is passed on as it
came and stays in the key. (Documentation of the four, read in November 2026.)"""

JOINED_INPUTS: tuple[str, ...] = ("late_chunking",)  # Jina
"""Fields of embeddings with which all inputs are read as one text, so that each vector depends on
the whole batch. (Jina, Late chunking, read in December 2026.)"""

ANSWER_HEADERS: tuple[str, ...] = ("openai-beta", "anthropic-beta", "anthropic-version")
"""Request headers that can change what the provider answers, hence part of the key."""
