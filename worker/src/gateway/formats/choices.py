"""What the streams of chat completions and of legacy completions have in common: numbered choices
in chunks, a usage chunk, ``[DONE]``.

Source: OpenAI's API reference, "Streaming" of both objects.
"""

from abc import ABC, abstractmethod
from typing import Any

from gateway.core import strict_json
from gateway.formats.base import (
    MALFORMED,
    Json,
    Places,
    Usage,
    count,
    member,
    nanodollars,
    tier_name,
)
from gateway.formats.merge import joined, merge_delta
from gateway.formats.sse import Event

_OF_CHUNKS = frozenset({"choices", "usage", "obfuscation"})
"""Members of a chunk that are collected separately, and OpenAI's padding, which hides the length of
a chunk's text."""

_NOT_TEXT = ("audio_tokens", "image_tokens")


class ChoicesAssembler(ABC):
    """Collects chunks into one answer with ``choices``; see ``Assembler``."""

    def __init__(self, usage_at: Places = ()) -> None:
        self._usage_at = usage_at
        self._head: Json = {}
        self._choices: dict[int, Json] = {}
        self._usage: Json | None = None
        self._broken = False
        self._forgotten = False
        self.done = False
        self.collected = 0

    @abstractmethod
    def whole(self, head: Json, choices: list[Json]) -> Json | None:
        """The answer with these merged choices; ``None`` when they are not all there and good."""

    def feed(self, event: Event) -> None:
        """Take one event of the stream."""
        if event.data == "[DONE]":
            self.done = True
            return
        try:
            chunk = strict_json.answer(event.data)
            if "error" in chunk or event.name == "error" or self.done:
                raise ValueError("an error, or events after the end")
            self._take_usage(chunk)
            if self._forgotten:
                return
            for name, value in chunk.items():
                if name not in _OF_CHUNKS and value is not None:
                    self._head[name] = value
            for choice in chunk.get("choices") or ():
                index = choice.get("index", 0)
                if not isinstance(index, int):
                    raise TypeError("a choice whose index is no number")
                self.take_choice(index, choice)
        except MALFORMED:
            self._broken = True

    def finish(self) -> Json | None:
        """The answer, when every choice ended well. ``[DONE]`` may be missing: some servers let
        a stream end without it, and a choice that says why it ended is complete."""
        if self._broken or self._forgotten:
            return None
        choices = [joined(self._choices[index]) for index in sorted(self._choices)]
        answer = self.whole(self._head, choices)
        if answer is not None and self._usage is not None:
            answer["usage"] = self._usage
        return answer

    def usage(self) -> Usage:
        """Token counts seen so far."""
        return read_usage(self._usage, self._head.get("service_tier"))

    def forget(self) -> None:
        """Stop collecting; usage is still watched."""
        self._forgotten = True
        self._choices.clear()

    def _take_usage(self, chunk: Json) -> None:
        usage = chunk.get("usage")
        for place in self._usage_at:
            usage = member(chunk, place) if usage is None else usage
        if isinstance(usage, dict):
            self._usage = usage

    def take_choice(self, index: int, choice: Json) -> None:
        """One choice of a chunk."""
        self.collected += merge_delta(
            self._choices.setdefault(index, {}), {**choice, "index": index}
        )


def read_usage(usage: Any, service_tier: Any = "") -> Usage:
    """OpenAI's ``usage`` object of chat completions, completions and embeddings; the tier stands
    beside it in the answer."""
    if not isinstance(usage, dict):
        return Usage()
    details = _object(usage.get("prompt_tokens_details"))
    completion = _object(usage.get("completion_tokens_details"))
    prompt, said = count(usage.get("prompt_tokens")), count(usage.get("completion_tokens"))
    total = count(usage.get("total_tokens"))
    if prompt is not None and said is not None and total is not None:
        # xAI ("Consumption and rate limits", vercel/ai 12425) and Gemini leave reasoning, which
        # they charge for, to the total.
        said = max(said, total - prompt)
    cached = next(
        (value for value in map(count, _cached_counts(usage, details)) if value is not None), None
    )
    other = [count(side.get(kind)) or 0 for side in (details, completion) for kind in _NOT_TEXT]
    return Usage(
        prompt=prompt,
        completion=said,
        cached=cached,
        cache_write=count(details.get("cache_write_tokens")),
        cache_write_hour=count(details.get("cache_write_hour_tokens")),
        other=sum(other) or None,
        service_tier=tier_name(service_tier),
        told_nanousd=_told(usage),
    )


def _told(usage: Json) -> int | None:
    """OpenRouter's ``cost``. With the customer's own key at the model's provider (``is_byok``) it
    is OpenRouter's fee alone, and what that provider charges stands beside it."""
    cost = nanodollars(usage.get("cost"))
    if usage.get("is_byok") is not True or cost is None:
        return cost
    upstream = nanodollars(_object(usage.get("cost_details")).get("upstream_inference_cost"))
    return None if upstream is None else cost + upstream


def _cached_counts(usage: Json, details: Json) -> tuple[Any, ...]:
    """Where providers tell how much of a prompt they knew: OpenAI and most; DeepSeek; Together."""
    beside = (usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens"))
    return details.get("cached_tokens"), *beside


def _object(value: Any) -> Json:
    return value if isinstance(value, dict) else {}
