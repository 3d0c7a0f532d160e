"""Legacy completions: validation, `text_completion` objects and their stream chunks."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local_stack.openai_api import requests
from local_stack.openai_api.answers import Speak, tokens
from local_stack.openai_api.errors import invalid, missing
from local_stack.openai_api.render import Identity

PARAMETERS = frozenset(
    (
        *("model", "prompt", "stream", "stream_options", "temperature", "top_p", "n", "stop"),
        *("max_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "logprobs"),
        *("seed", "user", "suffix", "echo", "best_of"),
    )
)
_DEFAULT_LIMIT = 16


@dataclass(frozen=True, slots=True)
class Choice:
    """One continuation of one prompt, in pieces."""

    pieces: tuple[str, ...]
    finish_reason: str


def check(request: dict[str, Any]) -> list[str]:
    """Return the prompts; raise `ApiError` unless the real API would take the request."""
    requests.check_names(request, PARAMETERS)
    requests.check_model(request)
    requests.check_ranges(request)
    prompt = request.get("prompt")
    if prompt is None:
        raise missing("prompt")
    prompts = prompt if isinstance(prompt, list) else [prompt]
    if not prompts or not all(isinstance(item, str) for item in prompts):
        raise invalid("prompt", "expected a string or an array of strings")
    requests.check_stream_options(request)
    return prompts


def choices(request: dict[str, Any], prompts: Sequence[str], speak: Speak) -> list[Choice]:
    """`n` continuations of each prompt, at most `max_tokens` pieces long."""
    limit = request.get("max_tokens") or _DEFAULT_LIMIT
    made = []
    for prompt in prompts:
        asked = {"model": request["model"], "messages": [{"role": "user", "content": prompt}]}
        for number in range(request.get("n") or 1):
            text = (prompt if request.get("echo") else "") + speak(asked)
            pieces = tokens(text + (f" (choice {number})" if number else ""))
            reason = "length" if len(pieces) > limit else "stop"
            made.append(Choice(tuple(pieces[:limit]), reason))
    return made


def completion(
    request: dict[str, Any], prompts: Sequence[str], made: Sequence[Choice], who: Identity
) -> dict[str, Any]:
    """The body of a completion that is not streamed."""
    return {
        **_head(request, who),
        "choices": [
            {
                "index": index,
                "text": "".join(choice.pieces),
                "logprobs": _logprobs(request, choice.pieces, 0),
                "finish_reason": choice.finish_reason,
            }
            for index, choice in enumerate(made)
        ],
        "usage": _usage(prompts, made),
    }


def chunks(
    request: dict[str, Any], prompts: Sequence[str], made: Sequence[Choice], who: Identity
) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed completion, `[DONE]` not included."""
    with_usage = bool((request.get("stream_options") or {}).get("include_usage"))
    head = _head(request, who) | ({"usage": None} if with_usage else {})
    for index, choice in enumerate(made):
        offset = 0
        for piece in choice.pieces:
            logprobs = _logprobs(request, [piece], offset)
            part = {"index": index, "text": piece, "logprobs": logprobs, "finish_reason": None}
            offset += len(piece)
            yield {**head, "choices": [part]}
        end = {"index": index, "text": "", "logprobs": None, "finish_reason": choice.finish_reason}
        yield {**head, "choices": [end]}
    if with_usage:
        yield {**head, "choices": [], "usage": _usage(prompts, made)}


def _head(request: dict[str, Any], who: Identity) -> dict[str, Any]:
    return {
        "id": who.id,
        "object": "text_completion",
        "created": who.created,
        "model": request["model"],
    }


def _usage(prompts: Sequence[str], made: Sequence[Choice]) -> dict[str, Any]:
    asked = sum(len(tokens(prompt)) for prompt in prompts)
    spoken = sum(len(choice.pieces) for choice in made)
    return {"prompt_tokens": asked, "completion_tokens": spoken, "total_tokens": asked + spoken}


def _logprobs(request: dict[str, Any], pieces: Sequence[str], offset: int) -> dict[str, Any] | None:
    if not request.get("logprobs"):
        return None
    values = [-hashlib.sha256(piece.encode()).digest()[0] / 256 for piece in pieces]
    offsets = [offset + sum(map(len, pieces[:index])) for index in range(len(pieces))]
    return {
        "tokens": list(pieces),
        "token_logprobs": values,
        "top_logprobs": [{piece: value} for piece, value in zip(pieces, values, strict=True)],
        "text_offset": offsets,
    }
