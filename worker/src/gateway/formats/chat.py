"""Chat completions: ``chat.completion`` objects and their ``chat.completion.chunk`` streams.

Source: OpenAI's API reference, "Chat" and "Streaming" objects.
"""

from typing import Any

from gateway.formats.base import Json, Usage
from gateway.formats.choices import ChoicesAssembler, read_usage
from gateway.formats.sse import DONE, encode
from gateway.formats.stream_usage import StreamUsage, wants_stream_usage

_GOOD_ENDINGS = ("stop", "length", "tool_calls", "function_call")
_CHUNK_FIELDS = ("system_fingerprint", "service_tier")
_OF_CHUNKS = frozenset({"id", "object", "created", "model", "choices", "usage", *_CHUNK_FIELDS})
_NUMBERED = ("tool_calls", "thinking_blocks", "citations")
"""Lists of a message whose items streams tell apart by ``index``; the last two come from Anthropic
(see ``providers/anthropic``)."""


class ChatAssembler(ChoicesAssembler):
    """Collects chunks into one ``chat.completion``."""

    def __init__(self, request: Json) -> None:
        super().__init__()
        self._expected = request.get("n") or 1

    def whole(self, head: Json, choices: list[Json]) -> Json | None:
        """Every choice asked for, with a message for its deltas."""
        messages = [_message_choice(choice) for choice in choices]
        answer = {**head, "object": "chat.completion", "choices": messages}
        return answer if _complete(answer, self._expected) else None


class ChatFormat(StreamUsage):
    """``/v1/chat/completions``."""

    name = "chat"

    def assembler(self, request: Json) -> ChatAssembler:
        """See ``Format``."""
        return ChatAssembler(request)

    def storable(self, answer: Json, request: Json) -> bool:
        """Every choice asked for is there and ended by itself, by length or by tool calls."""
        return "error" not in answer and _complete(answer, request.get("n") or 1)

    def usage(self, answer: Json) -> Usage:
        """See ``Format``."""
        return read_usage(answer.get("usage"), answer.get("service_tier"))

    def text(self, answer: Json) -> str | None:
        """The one choice's content."""
        choices = answer.get("choices") or []
        message = choices[0].get("message") if len(choices) == 1 else None
        if not isinstance(message, dict) or message.get("tool_calls") or message.get("refusal"):
            return None
        content = message.get("content")
        return content if isinstance(content, str) else None

    def replay(self, answer: Json, request: Json) -> bytes:
        """Per choice its whole delta, then its end; the usage chunk if asked for; ``[DONE]``.

        What else the answer says of itself (``moderation``, a provider's own) comes with the last
        end: clients that add chunks up would double it if every chunk had it.
        """
        head = {
            "id": answer.get("id"),
            "object": "chat.completion.chunk",
            "created": answer.get("created"),
            "model": answer.get("model"),
            **{name: answer[name] for name in _CHUNK_FIELDS if name in answer},
        }
        wants_usage = wants_stream_usage(request)
        if wants_usage:
            head["usage"] = None
        chunks = []
        for choice in answer["choices"]:
            common = {"index": choice.get("index", 0)}
            body = {**common, "delta": _delta(choice["message"]), "finish_reason": None}
            body["logprobs"] = choice.get("logprobs")
            extra = {
                name: value
                for name, value in choice.items()
                if name not in ("index", "message", "logprobs", "finish_reason")
            }
            end = {**common, "delta": {}, "finish_reason": choice.get("finish_reason"), **extra}
            chunks.append({**head, "choices": [body]})
            chunks.append({**head, "choices": [{**end, "logprobs": None}]})
        chunks[-1] |= {name: value for name, value in answer.items() if name not in _OF_CHUNKS}
        if wants_usage:
            chunks.append({**head, "choices": [], "usage": answer.get("usage")})
        return encode(chunks) + DONE


def _complete(answer: Json, expected: Any) -> bool:
    choices = answer.get("choices")
    return (
        isinstance(choices, list)
        and len(choices) == expected
        and all(
            isinstance(choice, dict)
            and isinstance(choice.get("message"), dict)
            and choice.get("finish_reason") in _GOOD_ENDINGS
            for choice in choices
        )
    )


def _message_choice(choice: Json) -> Json:
    """A merged streamed choice in the form of a non-streamed one."""
    message = choice.pop("delta", {})
    message.setdefault("role", "assistant")
    message.setdefault("content", None)
    message.setdefault("refusal", None)
    for name in _NUMBERED:
        for item in message.get(name) or ():
            item.pop("index", None)
    choice["message"] = message
    choice.setdefault("logprobs", None)
    return choice


def _delta(message: Json) -> Json:
    """A whole message as one delta; what streams number gets its index."""
    delta = {name: value for name, value in message.items() if value is not None}
    for name in _NUMBERED:
        if isinstance(delta.get(name), list):
            delta[name] = [{"index": index, **item} for index, item in enumerate(delta[name])]
    return delta
