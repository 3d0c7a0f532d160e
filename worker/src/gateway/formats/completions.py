"""Legacy completions: ``text_completion`` objects and their streams.

Source: OpenAI's API reference, "Completions".
"""

from collections.abc import Iterator
from typing import Any

from gateway.formats.base import Json, Places, Usage
from gateway.formats.choices import ChoicesAssembler, read_usage
from gateway.formats.endings import OPENAI, Endings, ending
from gateway.formats.merge import characters
from gateway.formats.pieces import MOST, pieces
from gateway.formats.sse import DONE, encode
from gateway.formats.stream_usage import StreamUsage, wants_stream_usage

_GOOD_ENDINGS = ("stop", "length")


class CompletionsAssembler(ChoicesAssembler):
    """Collects chunks into one ``text_completion``. ``endings``: see ``CompletionsFormat``."""

    def __init__(self, request: Json, usage_at: Places = (), *, endings: Endings = OPENAI) -> None:
        super().__init__(usage_at)
        self._endings = endings
        self._expected = _expected(request)

    def whole(self, head: Json, choices: list[Json]) -> Json | None:
        """Every choice asked for, as it was merged."""
        answer = {**head, "choices": choices}
        return answer if _complete(answer, self._expected, self._endings) else None


class CompletionsFormat(StreamUsage):
    """``/v1/completions``. ``endings``: the finish reasons that are known."""

    name = "completions"

    def __init__(self, endings: Endings = OPENAI) -> None:
        self._endings = endings

    def assembler(self, request: Json, *, usage_at: Places = ()) -> CompletionsAssembler:
        """See ``Format``."""
        return CompletionsAssembler(request, usage_at, endings=self._endings)

    def storable(self, answer: Json, request: Json) -> bool:
        """Every choice asked for is there and ended by itself or by length."""
        return "error" not in answer and _complete(answer, _expected(request), self._endings)

    def usage(self, answer: Json) -> Usage:
        """See ``Format``."""
        return read_usage(answer.get("usage"), answer.get("service_tier"))

    def text(self, answer: Json) -> str | None:  # noqa: ARG002
        """Not compared by meaning: the semantic tier serves chat completions."""
        return None

    def replay(self, answer: Json, request: Json, *, usage_with_end: bool = False) -> bytes:
        """Per choice its text in pieces, then its end; the usage chunk if asked for; ``[DONE]``."""
        head = {name: value for name, value in answer.items() if name not in ("choices", "usage")}
        chunks: list[Any] = []
        for choice in answer["choices"]:
            for text, logprobs in _pieces(choice["text"], choice.get("logprobs")):
                said = {**choice, "text": text, "logprobs": logprobs, "finish_reason": None}
                chunks.append({**head, "choices": [said]})
            chunks.append({**head, "choices": [{**choice, "text": "", "logprobs": None}]})
        if usage_with_end and answer.get("usage") is not None:
            chunks[-1]["usage"] = answer["usage"]
        elif wants_stream_usage(request):
            chunks.append({**head, "choices": [], "usage": answer.get("usage")})
        return encode(chunks) + DONE


def _pieces(text: str, logprobs: Any) -> Iterator[tuple[str, Any]]:
    """``text`` in pieces, each with its part of ``logprobs``, whose members are lists by token."""
    tokens = logprobs.get("tokens") if isinstance(logprobs, dict) else None
    if not isinstance(tokens, list) or "".join(tokens) != text:
        for number, piece in enumerate(pieces(text)):
            yield piece, None if number else logprobs
        return
    per_piece = max(1, MOST * len(tokens) // max(1, characters(logprobs)))
    for start in range(0, len(tokens), per_piece):
        part = slice(start, start + per_piece)
        lists = {k: v[part] if isinstance(v, list) else v for k, v in logprobs.items()}
        yield "".join(tokens[part]), lists


def _expected(request: Json) -> int:
    prompt = request.get("prompt")
    several = isinstance(prompt, list) and prompt and not isinstance(prompt[0], int)
    prompts = len(prompt) if several and isinstance(prompt, list) else 1
    each = request.get("n") or 1
    return prompts * each if isinstance(each, int) else 0


def _complete(answer: Json, expected: int, endings: Endings) -> bool:
    choices = answer.get("choices")
    return (
        isinstance(choices, list)
        and len(choices) == expected
        and all(
            isinstance(choice, dict)
            and isinstance(choice.get("text"), str)
            and (end := ending(choice.get("finish_reason"), endings)) is not None
            and end.finish_reason in _GOOD_ENDINGS
            and (choice["text"] != "" or end.finish_reason != "stop")
            for choice in choices
        )
    )
