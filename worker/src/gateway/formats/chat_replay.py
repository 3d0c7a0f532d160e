"""A chat completion as the chunks that would have streamed it.

Per choice: its role, then its texts in pieces, its calls and what else it says, then its end.
Content and refusal that were null come first and as null, as OpenAI sends them; members that were
not there do not come.
"""

from collections.abc import Iterator
from typing import Any

from gateway.core.strict_json import dumps
from gateway.formats.base import Json
from gateway.formats.pieces import pieces, with_logprobs
from gateway.formats.tool_calls import arguments_text

CHUNK_FIELDS = ("system_fingerprint", "service_tier")
NUMBERED = ("tool_calls", "thinking_blocks", "citations")
"""Lists of a message whose items streams tell apart by ``index``; the last two come from Anthropic
(see ``providers/anthropic``)."""
_OF_CHUNKS = frozenset({"id", "object", "created", "model", "choices", "usage", *CHUNK_FIELDS})
_OF_CHOICES = frozenset({"index", "message", "logprobs", "finish_reason"})
_THOUGHTS = ("reasoning", "reasoning_content")
_LONG_DETAILS = ("text", "summary", "data")


def chunks(answer: Json, *, asks_for_usage: bool, usage_with_end: bool) -> Iterator[str]:
    """Every chunk as JSON, of which the parts that repeat are written once. ``usage_with_end``: the
    provider tells usage with the last choice's end, whether it was asked for or not.

    What else the answer says of itself (``moderation``, a provider's own) comes with the last end:
    clients that add chunks up would double it if every chunk had it.
    """
    head = {
        "id": answer.get("id"),
        "object": "chat.completion.chunk",
        "created": answer.get("created"),
        "model": answer.get("model"),
        **{name: answer[name] for name in CHUNK_FIELDS if name in answer},
    }
    if asks_for_usage:
        head["usage"] = None
    choices = answer["choices"]
    for choice in choices:
        at = {"index": choice.get("index", 0)}
        no_logprobs = {"logprobs": None} if "logprobs" in choice else {}
        before = f'{_open(head)},"choices":[{_open(at)},"delta":'
        unended = {"finish_reason": None, **no_logprobs}
        after = f",{dumps(unended)[1:]}]}}"
        for delta, logprobs in _deltas(choice["message"], choice.get("logprobs")):
            if logprobs is None:
                yield f"{before}{_delta(delta)}{after}"
            else:
                told = {**unended, "logprobs": logprobs}
                yield f"{before}{_delta(delta)},{dumps(told)[1:]}]}}"
        extra = {name: value for name, value in choice.items() if name not in _OF_CHOICES}
        reason = {"finish_reason": choice.get("finish_reason")}
        end: Json = {**head, "choices": [{**at, "delta": {}, **reason, **no_logprobs, **extra}]}
        if choice is choices[-1]:
            end |= {name: value for name, value in answer.items() if name not in _OF_CHUNKS}
            if usage_with_end and answer.get("usage") is not None:
                end["usage"] = answer["usage"]
        yield dumps(end)
    if asks_for_usage and not usage_with_end:
        yield dumps({**head, "choices": [], "usage": answer.get("usage")})


def _open(value: Json) -> str:
    """The JSON of an object without its last brace."""
    return dumps(value)[:-1]


def _delta(delta: Json) -> str:
    """Most are one piece of a text, for which the encoder of objects takes longer."""
    if len(delta) == 1:
        ((name, value),) = delta.items()
        if isinstance(value, str):
            return f"{{{dumps(name)}:{dumps(value)}}}"
    return dumps(delta)


def _deltas(message: Json, logprobs: Any) -> Iterator[tuple[Json, Json | None]]:
    """The deltas of a message with the log probabilities that come with them."""
    content = message.get("content")
    begin: Json = {"role": message.get("role") or "assistant"}
    if "content" in message and not isinstance(content, list):
        begin["content"] = None if content is None else ""
    if "refusal" in message:
        begin["refusal"] = None
    yield begin, None
    yield from ((delta, None) for delta in _thoughts(message))
    tokens = logprobs if isinstance(logprobs, dict) else {}
    for name in ("content", "refusal"):
        if isinstance(message.get(name), str):
            for piece, group in with_logprobs(message[name], tokens.get(name)):
                told = None if group is None else {**dict.fromkeys(tokens), name: group}
                yield ({name: piece} if piece else {}), told
    yield from ((delta, None) for delta in _beside_text(message))
    rest = {
        name: _numbered(value) if name in NUMBERED else value
        for name, value in message.items()
        if value is not None and name not in _IN_PIECES
    }
    if rest:
        yield rest, None


def _thoughts(message: Json) -> Iterator[Json]:
    for name in _THOUGHTS:
        if isinstance(message.get(name), str):
            yield from ({name: piece} for piece in pieces(message[name]))
    if isinstance(message.get("thinking_blocks"), list):
        yield from _thinking(message["thinking_blocks"])
    if isinstance(message.get("reasoning_details"), list):
        for part in details_in_pieces(message["reasoning_details"]):
            yield {"reasoning_details": [part]}


def _beside_text(message: Json) -> Iterator[Json]:
    """What is streamed in pieces and is no text of the message itself."""
    if isinstance(message.get("content"), list):
        yield from ({"content": [part]} for part in _content_parts(message["content"]))
    for index, call in enumerate(message.get("tool_calls") or ()):
        yield from ({"tool_calls": [part]} for part in _call(index, call))
    if isinstance(message.get("function_call"), dict):
        yield from ({"function_call": part} for part in _function(message["function_call"]))
    if isinstance(message.get("audio"), dict):
        yield from ({"audio": part} for part in _audio(message["audio"]))


_IN_PIECES = frozenset(
    {
        *("role", "content", "refusal", "tool_calls", "function_call", "audio", "thinking_blocks"),
        "reasoning_details",
        *_THOUGHTS,
    }
)


def _numbered(items: Any) -> Any:
    if not isinstance(items, list):
        return items
    return [{"index": index, **item} for index, item in enumerate(items)]


def _thinking(blocks: list[Json]) -> Iterator[Json]:
    for index, block in enumerate(blocks):
        at = {"index": index, "type": block.get("type")}
        text = block.get("thinking")
        rest = {name: value for name, value in block.items() if name != "thinking"}
        if isinstance(text, str):
            for piece in pieces(text) if text else [""]:
                yield {"thinking_blocks": [{**at, "thinking": piece}]}
        if rest.keys() > {"type"} or not isinstance(text, str):
            yield {"thinking_blocks": [{"index": index, **rest}]}


def details_in_pieces(details: list[Any]) -> Iterator[Any]:
    """OpenRouter's ``reasoning_details`` one by one, their texts in pieces as it streams them. What
    else an item says comes with its last piece. One without ``index`` stays whole: nothing would
    say that its pieces belong together."""
    for detail in details:
        known = detail if isinstance(detail, dict) and "index" in detail else {}
        name = next((name for name in _LONG_DETAILS if isinstance(known.get(name), str)), None)
        if name is None:
            yield detail
            continue
        *others, last = [*pieces(detail[name])] or [""]
        at = {name: detail[name] for name in ("type", "index") if name in detail}
        yield from ({**at, name: piece} for piece in others)
        yield {**detail, name: last}


def _content_parts(content: list[Any]) -> Iterator[Any]:
    """Parts of a content that is a list, with their texts in pieces as Mistral streams them."""
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        text = part.get(kind) if kind in ("text", "thinking") else None
        if isinstance(text, list):
            yield from ({**part, kind: [inner]} for inner in _content_parts(text))
        elif isinstance(text, str):
            yield from ({**part, kind: piece} for piece in pieces(text))
        else:
            yield part


def _call(index: int, call: Json) -> Iterator[Json]:
    at = {"index": index}
    if isinstance(call.get("function"), dict):
        first, *others = _function(call["function"])
        yield {**at, **call, "function": first}
        yield from ({**at, "function": part} for part in others)
    elif isinstance(call.get("custom"), dict) and isinstance(call["custom"].get("input"), str):
        yield {**at, **call, "custom": {**call["custom"], "input": ""}}
        for piece in pieces(call["custom"]["input"]):
            yield {**at, "custom": {"input": piece}}
    else:
        yield {**at, **call}


def _function(function: Json) -> Iterator[Json]:
    """The first piece comes with the name: a short call is one delta, as Groq streams it."""
    first, *others = [*pieces(arguments_text(function.get("arguments")))] or [""]
    yield {**function, "arguments": first}
    yield from ({"arguments": piece} for piece in others)


def _audio(audio: Json) -> Iterator[Json]:
    texts = {
        name: audio[name] for name in ("data", "transcript") if isinstance(audio.get(name), str)
    }
    yield {name: value for name, value in audio.items() if name not in texts}
    for name, text in texts.items():
        yield from ({name: piece} for piece in pieces(text))
