"""Answers as OpenAI sends them: completions, stream chunks, embeddings, the model list."""

import base64
import hashlib
import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from local_stack.openai_api.answers import Answer, content_text, tokens

_FINGERPRINT = "fp_watchllm"
_MODEL_DIMENSIONS = {"text-embedding-3-large": 3072}
_DEFAULT_DIMENSIONS = 1536
_ARGUMENT_PIECE = 12


@dataclass(frozen=True, slots=True)
class Identity:
    """What differs between two completions of the same request."""

    id: str
    created: int


def completion(request: dict[str, Any], answers: Sequence[Answer], who: Identity) -> dict[str, Any]:
    """The body of a chat completion that is not streamed."""
    return {
        "id": who.id,
        "object": "chat.completion",
        "created": who.created,
        "model": request["model"],
        "choices": [
            {
                "index": index,
                "message": _message(answer),
                "logprobs": _logprobs(request, answer, tokens(answer.content or "")),
                "finish_reason": answer.finish_reason,
            }
            for index, answer in enumerate(answers)
        ],
        "usage": usage(request, answers),
        "service_tier": "default",
        "system_fingerprint": _FINGERPRINT,
    }


def chunks(
    request: dict[str, Any], answers: Sequence[Answer], who: Identity
) -> Iterator[dict[str, Any]]:
    """The chunks of a streamed chat completion, `[DONE]` not included."""
    with_usage = bool((request.get("stream_options") or {}).get("include_usage"))

    def chunk(choices: list[dict[str, Any]], spent: dict[str, Any] | None = None) -> dict[str, Any]:
        body = {
            "id": who.id,
            "object": "chat.completion.chunk",
            "created": who.created,
            "model": request["model"],
            "service_tier": "default",
            "system_fingerprint": _FINGERPRINT,
            "choices": choices,
        }
        return {**body, "usage": spent} if with_usage else body

    for index, answer in enumerate(answers):
        for delta, logprobs in _deltas(request, answer):
            yield chunk(
                [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": None}]
            )
        yield chunk(
            [
                {
                    "index": index,
                    "delta": {},
                    "logprobs": None,
                    "finish_reason": answer.finish_reason,
                }
            ]
        )
    if with_usage:
        yield chunk([], usage(request, answers))


def usage(request: dict[str, Any], answers: Sequence[Answer]) -> dict[str, Any]:
    """Token counts, by the pieces of `tokens`."""
    prompt = sum(len(tokens(content_text(m.get("content")))) + 4 for m in request["messages"])
    spoken = sum(_answer_tokens(answer) for answer in answers)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": spoken,
        "total_tokens": prompt + spoken,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def embeddings(request: dict[str, Any], inputs: Sequence[Any]) -> dict[str, Any]:
    """The body of an embeddings answer."""
    dimensions = request.get("dimensions") or _MODEL_DIMENSIONS.get(
        request["model"], _DEFAULT_DIMENSIONS
    )
    as_base64 = request.get("encoding_format") == "base64"
    data = []
    spent = 0
    for index, item in enumerate(inputs):
        words = tokens(item) if isinstance(item, str) else [str(token) for token in item]
        spent += len(words)
        vector = embedding(words, dimensions)
        packed = base64.b64encode(struct.pack(f"<{dimensions}f", *vector)).decode()
        data.append(
            {"object": "embedding", "index": index, "embedding": packed if as_base64 else vector}
        )
    return {
        "object": "list",
        "data": data,
        "model": request["model"],
        "usage": {"prompt_tokens": spent, "total_tokens": spent},
    }


def embedding(words: Sequence[str], dimensions: int) -> list[float]:
    """A unit vector that depends on the words alone: texts sharing words point alike."""
    vector = [0.0] * dimensions
    for word in words:
        seed = hashlib.shake_256(word.strip().lower().encode()).digest(64)
        for position, sign in struct.iter_unpack("<HH", seed):
            vector[position % dimensions] += 1.0 if sign & 1 else -1.0
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return [round(value / length, 7) for value in vector]


def models(names: Sequence[str]) -> dict[str, Any]:
    """The body of the model list."""
    return {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "system"}
            for name in names
        ],
    }


def _message(answer: Answer) -> dict[str, Any]:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": answer.content,
        "refusal": answer.refusal,
        "annotations": [],
    }
    if answer.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in answer.tool_calls
        ]
    return message


def _deltas(
    request: dict[str, Any], answer: Answer
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    first = {"role": "assistant", "content": None if answer.tool_calls else "", "refusal": None}
    yield first, None
    for piece in tokens(answer.content or ""):
        yield {"content": piece}, _logprobs(request, answer, [piece])
    for piece in tokens(answer.refusal or ""):
        yield {"refusal": piece}, None
    for index, call in enumerate(answer.tool_calls):
        start = {"name": call.name, "arguments": ""}
        yield (
            {
                "tool_calls": [
                    {"index": index, "id": call.id, "type": "function", "function": start}
                ]
            },
            None,
        )
        for at in range(0, len(call.arguments), _ARGUMENT_PIECE):
            piece = call.arguments[at : at + _ARGUMENT_PIECE]
            yield {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}, None


def _logprobs(
    request: dict[str, Any], answer: Answer, pieces: Sequence[str]
) -> dict[str, Any] | None:
    if not request.get("logprobs") or answer.content is None:
        return None
    top = request.get("top_logprobs") or 0
    return {"content": [_logprob(piece, top) for piece in pieces], "refusal": None}


def _logprob(piece: str, top: int) -> dict[str, Any]:
    raw = list(piece.encode())
    value = -round(hashlib.sha256(piece.encode()).digest()[0] / 256, 4)
    best = {"token": piece, "logprob": value, "bytes": raw}
    others = [
        {"token": f"{piece}{rank}", "logprob": value - rank, "bytes": [*raw, 48 + rank % 10]}
        for rank in range(1, top)
    ]
    return {**best, "top_logprobs": [best, *others] if top else []}


def _answer_tokens(answer: Answer) -> int:
    texts = [answer.content or "", answer.refusal or "", *(c.arguments for c in answer.tool_calls)]
    return sum(len(tokens(text)) for text in texts)
