"""Legacy completions: ``text_completion`` objects and their streams.

Source: OpenAI's API reference, "Completions".
"""

from typing import Any

from gateway import strict_json
from gateway.formats.base import Json, Usage
from gateway.formats.chat import read_usage
from gateway.formats.merge import joined, merge_delta
from gateway.formats.sse import DONE, Event, encode
from gateway.formats.stream_usage import StreamUsage, wants_stream_usage

_GOOD_ENDINGS = frozenset({"stop", "length"})


class CompletionsAssembler:
    """Collects chunks into one ``text_completion``."""

    def __init__(self, request: Json) -> None:
        self._expected = _expected(request)
        self._answer: Json = {}
        self._choices: dict[int, Json] = {}
        self._usage: Json | None = None
        self._broken = False
        self._forgotten = False
        self.done = False
        self.collected = 0

    def feed(self, event: Event) -> None:
        """Take one event of the stream."""
        if event.data == "[DONE]":
            self.done = True
            return
        try:
            chunk = strict_json.answer(event.data)
            if "error" in chunk or self.done:
                raise ValueError("an error, or events after the end")
            if isinstance(chunk.get("usage"), dict):
                self._usage = chunk["usage"]
            if self._forgotten:
                return
            self._answer |= {
                name: value
                for name, value in chunk.items()
                if name not in ("choices", "usage") and value is not None
            }
            for choice in chunk["choices"]:
                self.collected += merge_delta(self._choices.setdefault(choice["index"], {}), choice)
        except (ValueError, TypeError, KeyError, AttributeError):
            self._broken = True

    def finish(self) -> Json | None:
        """The completion, when ``[DONE]`` was seen and every choice ended well."""
        if self._broken or self._forgotten or not self.done:
            return None
        answer = self._answer
        answer["choices"] = [joined(self._choices[index]) for index in sorted(self._choices)]
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


class CompletionsFormat(StreamUsage):
    """``/v1/completions``."""

    name = "completions"

    def assembler(self, request: Json) -> CompletionsAssembler:
        """See ``Format``."""
        return CompletionsAssembler(request)

    def storable(self, answer: Json, request: Json) -> bool:
        """Every choice asked for is there and ended by itself or by length."""
        return "error" not in answer and _complete(answer, _expected(request))

    def usage(self, answer: Json) -> Usage:
        """See ``Format``."""
        return read_usage(answer.get("usage"))

    def text(self, answer: Json) -> str | None:  # noqa: ARG002
        """Not compared by meaning: the semantic tier serves chat completions."""
        return None

    def replay(self, answer: Json, request: Json) -> bytes:
        """Per choice its whole text, then its end; the usage chunk if asked for; ``[DONE]``."""
        head = {name: value for name, value in answer.items() if name not in ("choices", "usage")}
        chunks: list[Any] = []
        for choice in answer["choices"]:
            chunks.append({**head, "choices": [{**choice, "finish_reason": None}]})
            chunks.append({**head, "choices": [{**choice, "text": "", "logprobs": None}]})
        if wants_stream_usage(request):
            chunks.append({**head, "choices": [], "usage": answer.get("usage")})
        return encode(chunks) + DONE


def _expected(request: Json) -> int:
    prompt = request.get("prompt")
    several = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    prompts = len(prompt) if several and isinstance(prompt, list) else 1
    each = request.get("n") or 1
    return prompts * each if isinstance(each, int) else 0


def _complete(answer: Json, expected: int) -> bool:
    choices = answer.get("choices")
    return (
        isinstance(choices, list)
        and len(choices) == expected
        and all(
            isinstance(choice, dict)
            and isinstance(choice.get("text"), str)
            and choice.get("finish_reason") in _GOOD_ENDINGS
            for choice in choices
        )
    )
