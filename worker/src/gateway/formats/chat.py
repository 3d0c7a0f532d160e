"""Chat completions: ``chat.completion`` objects and their ``chat.completion.chunk`` streams.

Source: OpenAI's API reference, "Chat" and "Streaming" objects.
"""

from typing import Any

from gateway import strict_json
from gateway.formats.base import Json, Usage, count
from gateway.formats.merge import joined, merge_delta
from gateway.formats.sse import DONE, Event, encode
from gateway.formats.stream_usage import StreamUsage, wants_stream_usage

_GOOD_ENDINGS = frozenset({"stop", "length", "tool_calls", "function_call"})
_CHUNK_FIELDS = ("system_fingerprint", "service_tier")
_NUMBERED = ("tool_calls", "thinking_blocks", "citations")
"""Lists of a message whose items streams tell apart by ``index``; the last two come from Anthropic
(see ``providers/anthropic``)."""


class ChatAssembler:
    """Collects chunks into one ``chat.completion``."""

    def __init__(self, request: Json) -> None:
        self._expected = request.get("n") or 1
        self._answer: Json = {"object": "chat.completion"}
        self._choices: dict[int, Json] = {}
        self._usage: Json | None = None
        self.done = False
        self.collected = 0
        self._broken = False
        self._forgotten = False

    def feed(self, event: Event) -> None:
        """Take one event of the stream."""
        if event.data == "[DONE]":
            self.done = True
            return
        try:
            chunk = strict_json.answer(event.data)
        except ValueError:
            self._broken = True
            return
        if not isinstance(chunk, dict) or "error" in chunk or event.name == "error" or self.done:
            self._broken = True
            return
        self._take_usage(chunk)
        if self._forgotten:
            return
        for name, value in chunk.items():
            if name not in ("choices", "object", "usage") and value is not None:
                self._answer[name] = value
        try:
            for choice in chunk.get("choices") or ():
                self._take_choice(choice)
        except (TypeError, KeyError, AttributeError):
            self._broken = True

    def finish(self) -> Json | None:
        """The completion, when ``[DONE]`` was seen and every choice ended well."""
        if self._broken or self._forgotten or not self.done:
            return None
        answer = self._answer
        answer["choices"] = [
            _message_choice(joined(self._choices[i])) for i in sorted(self._choices)
        ]
        if self._usage is not None:
            answer["usage"] = self._usage
        return answer if _complete(answer, self._expected) else None

    def usage(self) -> Usage:
        """Token counts seen so far."""
        return read_usage(self._usage)

    def forget(self) -> None:
        """Stop collecting; usage is still watched."""
        self._forgotten = True
        self._choices.clear()

    def _take_usage(self, chunk: Json) -> None:
        usage = chunk.get("usage")
        if usage is None and isinstance(chunk.get("x_groq"), dict):
            usage = chunk["x_groq"].get("usage")
        if isinstance(usage, dict):
            self._usage = usage

    def _take_choice(self, choice: Json) -> None:
        index = choice.get("index", 0)
        self.collected += merge_delta(
            self._choices.setdefault(index, {}), {**choice, "index": index}
        )


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
        return read_usage(answer.get("usage"))

    def text(self, answer: Json) -> str | None:
        """The one choice's content."""
        choices = answer.get("choices") or []
        message = choices[0].get("message") if len(choices) == 1 else None
        if not isinstance(message, dict) or message.get("tool_calls") or message.get("refusal"):
            return None
        content = message.get("content")
        return content if isinstance(content, str) else None

    def replay(self, answer: Json, request: Json) -> bytes:
        """Per choice its whole delta, then its end; the usage chunk if asked for; ``[DONE]``."""
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
        if wants_usage:
            chunks.append({**head, "choices": [], "usage": answer.get("usage")})
        return encode(chunks) + DONE


def read_usage(usage: Any) -> Usage:
    """OpenAI's ``usage`` object of chat completions, completions and embeddings."""
    if not isinstance(usage, dict):
        return Usage()
    details = usage.get("prompt_tokens_details")
    if not isinstance(details, dict):
        details = {}
    return Usage(
        prompt=count(usage.get("prompt_tokens")),
        completion=count(usage.get("completion_tokens")),
        cached=count(details.get("cached_tokens")),
        cache_write=count(details.get("cache_write_tokens")),
        cache_write_hour=count(details.get("cache_write_hour_tokens")),
    )


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
