"""Chat completions: ``chat.completion`` objects and their ``chat.completion.chunk`` streams.

Source: OpenAI's API reference, "Chat" and "Streaming" objects.
"""

from typing import Any

from gateway.formats.base import Json, Places, Usage
from gateway.formats.chat_replay import NUMBERED, chunks
from gateway.formats.choices import ChoicesAssembler, read_usage
from gateway.formats.endings import OPENAI, Endings, ending
from gateway.formats.spoken import is_answer
from gateway.formats.sse import DONE
from gateway.formats.stream_usage import StreamUsage, wants_stream_usage
from gateway.formats.tool_calls import StreamedCalls

_GOOD_ENDINGS = ("stop", "length", "tool_calls")


class ChatAssembler(ChoicesAssembler):
    """Collects chunks into one ``chat.completion``. ``endings``: see ``ChatFormat``."""

    def __init__(self, request: Json, usage_at: Places = (), *, endings: Endings = OPENAI) -> None:
        super().__init__(usage_at)
        self._endings = endings
        self._expected = request.get("n") or 1
        self._calls: dict[int, StreamedCalls] = {}

    def take_choice(self, index: int, choice: Json) -> None:
        """Tool calls are told apart by more than their index."""
        delta = choice.get("delta")
        if isinstance(delta, dict) and delta.get("tool_calls") is not None:
            calls = self._calls.setdefault(index, StreamedCalls())
            for call in delta["tool_calls"]:
                self.collected += calls.take(call)[-1]
            delta = {name: value for name, value in delta.items() if name != "tool_calls"}
            choice = {**choice, "delta": delta}
        super().take_choice(index, choice)

    def forget(self) -> None:
        """See ``Assembler``."""
        super().forget()
        self._calls.clear()

    def whole(self, head: Json, choices: list[Json]) -> Json | None:
        """Every choice asked for, with a message for its deltas."""
        for choice in choices:
            calls = self._calls.get(choice["index"])
            if calls is not None:
                choice.setdefault("delta", {})["tool_calls"] = [one.whole() for one in calls.calls]
        messages = [_message_choice(choice) for choice in choices]
        answer = {**head, "object": "chat.completion", "choices": messages}
        return answer if _complete(answer, self._expected, self._endings) else None


class ChatFormat(StreamUsage):
    """``/v1/chat/completions``. ``endings``: the finish reasons that are known."""

    name = "chat"

    def __init__(self, endings: Endings = OPENAI) -> None:
        self._endings = endings

    def assembler(self, request: Json, *, usage_at: Places = ()) -> ChatAssembler:
        """See ``Format``."""
        return ChatAssembler(request, usage_at, endings=self._endings)

    def storable(self, answer: Json, request: Json) -> bool:
        """Every choice asked for is there and ended by itself, by length or by tool calls."""
        expected = request.get("n") or 1
        return "error" not in answer and _complete(answer, expected, self._endings)

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

    def replay(self, answer: Json, request: Json, *, usage_with_end: bool = False) -> bytes:
        """See ``chat_replay``."""
        asks = wants_stream_usage(request)
        made = chunks(answer, asks_for_usage=asks, usage_with_end=usage_with_end)
        return "".join(f"data: {chunk}\n\n" for chunk in made).encode() + DONE


def _complete(answer: Json, expected: Any, endings: Endings) -> bool:
    choices = answer.get("choices")
    return (
        isinstance(choices, list)
        and len(choices) == expected
        and all(
            isinstance(choice, dict)
            and isinstance(choice.get("message"), dict)
            and (end := ending(choice.get("finish_reason"), endings)) is not None
            and end.finish_reason in _GOOD_ENDINGS
            and is_answer(choice["message"], end)
            for choice in choices
        )
    )


def _message_choice(choice: Json) -> Json:
    """A merged streamed choice in the form of a non-streamed one."""
    message = choice.pop("delta", {})
    message["role"] = message.get("role") or "assistant"
    message.setdefault("content", None)
    for name in NUMBERED:
        for item in message.get(name) or ():
            item.pop("index", None)
    choice["message"] = message
    return choice
