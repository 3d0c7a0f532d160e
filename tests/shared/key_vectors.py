"""Pairs of requests that must, or must not, share one cache entry, each with the reason.

Data for tests/shared (the key alone) and tests/worker (over HTTP on every host). A request here is
written as its differences from a small one; ``None`` as a value is JSON's ``null``.
"""

from dataclasses import dataclass
from typing import Any

CHAT = "/v1/chat/completions"
COMPLETIONS = "/v1/completions"
EMBEDDINGS = "/v1/embeddings"

SAME = True
DIFFERENT = False


@dataclass(frozen=True, slots=True)
class Vector:
    """``a`` and ``b`` are whole request bodies for ``endpoint``."""

    endpoint: str
    a: dict[str, Any]
    b: dict[str, Any]
    same: bool
    reason: str


def user(content: Any) -> dict[str, Any]:
    """A user's message."""
    return {"role": "user", "content": content}


def text(value: str) -> dict[str, Any]:
    """A text part."""
    return {"type": "text", "text": value}


def image(url: str, **more: Any) -> dict[str, Any]:
    """An image part."""
    return {"type": "image_url", "image_url": {"url": url, **more}}


def tool(name: str, parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A function tool."""
    return {"type": "function", "function": {"name": name, "parameters": parameters, **more}}


def schema(*names: str) -> dict[str, Any]:
    """An object with string properties in this order."""
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}


def shaped(shape: dict[str, Any]) -> dict[str, Any]:
    """A structured output's ``response_format``."""
    return {"type": "json_schema", "json_schema": {"name": "out", "schema": shape}}


def called(arguments: str, identifier: str = "call_1") -> list[dict[str, Any]]:
    """A conversation in which a tool was called and answered."""
    call = {
        "id": identifier,
        "type": "function",
        "function": {"name": "weather", "arguments": arguments},
    }
    return [
        user("Weather?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": identifier, "content": "sunny"},
    ]


def told(content: Any) -> list[dict[str, Any]]:
    """A conversation whose tool answered this."""
    *before, result = called("{}")
    return [*before, {**result, "content": content}]


def marked_call(arguments: str) -> list[dict[str, Any]]:
    """The same, with the call marked for the provider's prefix cache."""
    asked, said, told = called(arguments)
    calls = [{**call, "cache_control": MARK} for call in said["tool_calls"]]
    return [asked, {**said, "tool_calls": calls}, told]


MARK = {"type": "ephemeral"}
HELLO = [user("Say hello")]
WEATHER = tool("weather", schema("city"))
TIME = tool("time", schema("zone"))
PNG = "data:image/png;base64,iVBORw0KGgo="


def _says(content: Any) -> dict[str, Any]:
    return {"messages": [user(content)]}


# (differences of A, differences of B, same?, reason)
_CHAT: list[tuple[dict[str, Any], dict[str, Any], bool, str]] = [
    # How the answer is delivered, and labels the model never sees
    ({}, {"stream": True}, SAME, "streamed or whole, it is one answer"),
    ({"stream": False}, {}, SAME, "false is the default"),
    (
        {"stream": True, "stream_options": {"include_usage": True}},
        {"stream": True},
        SAME,
        "the usage chunk is delivery",
    ),
    ({"user": "ann"}, {"user": "bob"}, SAME, "an abuse label"),
    ({"safety_identifier": "ann"}, {}, SAME, "an abuse label"),
    ({"client_metadata": {"turn": "1"}}, {}, SAME, "labels of the client's own"),
    ({"metadata": {"team": "a"}, "store": True}, {"store": False}, SAME, "the provider's books"),
    ({"prompt_cache_key": "k"}, {}, SAME, "the provider's prefix cache"),
    ({"prompt_cache_retention": "24h"}, {}, SAME, "the provider's prefix cache"),
    ({"prompt_cache_options": {"mode": "explicit"}}, {}, SAME, "the provider's prefix cache"),
    ({"cache_control": MARK}, {}, SAME, "the provider's prefix cache"),
    (
        _says([{**text("Hi"), "cache_control": MARK}]),
        _says("Hi"),
        SAME,
        "a part marked for the prefix cache",
    ),
    (
        _says([{**text("Hi"), "prompt_cache_breakpoint": {"mode": "explicit"}}]),
        _says([text("Hi")]),
        SAME,
        "the same in OpenAI's words",
    ),
    (
        {"messages": [{**user("Hi"), "cache_control": MARK}]},
        _says("Hi"),
        SAME,
        "a message marked for the prefix cache",
    ),
    (
        {"tools": [{**WEATHER, "cache_control": MARK}]},
        {"tools": [WEATHER]},
        SAME,
        "a tool marked for the prefix cache",
    ),
    (
        {"messages": marked_call("{}")},
        {"messages": called("{}")},
        SAME,
        "a tool call marked for the prefix cache",
    ),
    (
        {"messages": called('{"cache_control": 1}')},
        {"messages": called("{}")},
        DIFFERENT,
        "an argument of that name is the tool's",
    ),
    (
        {"tools": [tool("weather", schema("cache_control"))]},
        {"tools": [tool("weather", schema())]},
        DIFFERENT,
        "a parameter of that name is the tool's",
    ),
    ({"service_tier": "flex"}, {"service_tier": "default"}, SAME, "speed and price only"),
    # Sampling
    ({"temperature": 1}, {}, SAME, "the documented default"),
    ({"temperature": 1.0}, {"temperature": 1}, SAME, "one JSON number"),
    ({"temperature": None}, {}, SAME, "null is absent"),
    ({"temperature": 0}, {}, DIFFERENT, "greedy, not the default"),
    ({"temperature": 0}, {"temperature": 0.1}, DIFFERENT, "another temperature"),
    ({"top_p": 1}, {}, SAME, "the documented default"),
    ({"top_p": 0.5}, {}, DIFFERENT, "another nucleus"),
    ({"presence_penalty": 0}, {}, SAME, "the documented default"),
    ({"presence_penalty": 0.5}, {}, DIFFERENT, "another penalty"),
    ({"frequency_penalty": 0}, {}, SAME, "the documented default"),
    ({"frequency_penalty": 0.5}, {"presence_penalty": 0.5}, DIFFERENT, "two different penalties"),
    ({"logit_bias": {}}, {}, SAME, "no bias is the default"),
    ({"logit_bias": {"50256": -100}}, {}, DIFFERENT, "a banned token"),
    ({"seed": 1}, {"seed": 2}, DIFFERENT, "another sample"),
    ({"seed": 0}, {}, DIFFERENT, "a seed of 0 is a seed"),
    # Amount and form
    ({"n": 1}, {}, SAME, "the documented default"),
    ({"n": 2}, {}, DIFFERENT, "two choices"),
    ({"n": True}, {}, DIFFERENT, "true is not 1 in JSON: the provider refuses it"),
    ({"stop": "END"}, {"stop": ["END"]}, SAME, "one stop sequence, two ways to write it"),
    ({"stop": ["a", "b"]}, {"stop": ["b"]}, DIFFERENT, "another end"),
    ({"max_tokens": 10}, {"max_tokens": 20}, DIFFERENT, "another length"),
    ({"max_completion_tokens": 10}, {}, DIFFERENT, "a bounded answer"),
    ({"max_tokens": 10}, {"max_completion_tokens": 10}, DIFFERENT, "reasoning counts in one only"),
    ({"logprobs": False}, {}, SAME, "the documented default"),
    ({"logprobs": True}, {}, DIFFERENT, "the answer holds more"),
    (
        {"logprobs": True, "top_logprobs": 2},
        {"logprobs": True, "top_logprobs": 3},
        DIFFERENT,
        "the answer holds more",
    ),
    ({"reasoning_effort": "low"}, {"reasoning_effort": "high"}, DIFFERENT, "thinks more"),
    ({"verbosity": "low"}, {}, DIFFERENT, "says less"),
    ({"modalities": ["text"]}, {}, SAME, "the documented default"),
    (
        {"modalities": ["text", "audio"], "audio": {"voice": "alloy", "format": "wav"}},
        {"modalities": ["text", "audio"], "audio": {"voice": "echo", "format": "wav"}},
        DIFFERENT,
        "another voice",
    ),
    (
        {"prediction": {"type": "content", "content": "a"}},
        {},
        DIFFERENT,
        "not listed as harmless, hence part of the key",
    ),
    (
        {"web_search_options": {"search_context_size": "low"}},
        {"web_search_options": {}},
        DIFFERENT,
        "searches more",
    ),
    ({"moderation": {"model": "omni-moderation-latest"}}, {}, DIFFERENT, "may refuse"),
    ({"top_k": 5}, {}, DIFFERENT, "unknown fields are part of the key"),
    # Structured outputs
    ({"response_format": {"type": "text"}}, {}, SAME, "the documented default"),
    ({"response_format": {"type": "json_object"}}, {}, DIFFERENT, "JSON mode"),
    (
        {"response_format": shaped(schema("a", "b"))},
        {"response_format": shaped(schema("b", "a"))},
        DIFFERENT,
        "properties are generated in the schema's order",
    ),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "strict": True}}},
        {"response_format": {"json_schema": {"strict": True, "name": "x"}, "type": "json_schema"}},
        SAME,
        "the order of other members means nothing",
    ),
    # Tools
    ({"tools": [WEATHER]}, {}, DIFFERENT, "may call a tool"),
    ({"tools": [WEATHER, TIME]}, {"tools": [TIME, WEATHER]}, DIFFERENT, "the model reads an order"),
    (
        {"tools": [tool("f", schema("a", "b"))]},
        {"tools": [tool("f", schema("b", "a"))]},
        DIFFERENT,
        "arguments are generated in the schema's order",
    ),
    (
        {"tools": [tool("f", {"properties": {"a": {"type": "string"}}})]},
        {"tools": [tool("f", {"properties": [["a", {"type": "string"}]]})]},
        DIFFERENT,
        "properties as a list of pairs are no properties",
    ),
    (
        {"tools": [tool("f", {"properties": {"order": {}, "members": {}}})]},
        {"tools": [tool("f", {"properties": {}})]},
        DIFFERENT,
        "properties may have any names",
    ),
    (
        {"tools": [tool("f", {"patternProperties": {"^a": {}, "^b": {}}})]},
        {"tools": [tool("f", {"patternProperties": {"^b": {}, "^a": {}}})]},
        DIFFERENT,
        "the order of patterned properties",
    ),
    (
        {"tools": [tool("f", {"patternProperties": {"^a": schema("a", "b")}})]},
        {"tools": [tool("f", {"patternProperties": {"^a": schema("b", "a")}})]},
        DIFFERENT,
        "the order within a patterned property",
    ),
    (
        {"messages": told("    indented\n")},
        {"messages": told("indented")},
        DIFFERENT,
        "a tool's white space may be what is asked about, as the order of lines is",
    ),
    *(
        ({"messages": told(one)}, {"messages": told(other)}, DIFFERENT, "a tool's " + what)
        for one, other, what in (
            ("a\r\nb", "a\nb", "line ends"),
            ([text("a\r\nb"), text("c")], [text("a\nb"), text("c")], "line ends, in a part"),
            ("caf\u00e9", "cafe\u0301", "Unicode forms"),
        )
    ),
    (
        {"messages": [user("Hi"), {"role": "function", "name": "f", "content": "a\r\nb"}]},
        {"messages": [user("Hi"), {"role": "function", "name": "f", "content": "a\nb"}]},
        DIFFERENT,
        "a function's line ends",
    ),
    *(
        (
            {"tools": [tool("f", {name: {"a": {}, "b": {}}})]},
            {"tools": [tool("f", {name: {"b": {}, "a": {}}})]},
            DIFFERENT,
            f"the order of {name}: the model reads it",
        )
        for name in ("$defs", "definitions", "dependentSchemas")
    ),
    (
        {"messages": told([text(" a")])},
        {"messages": told(" a")},
        SAME,
        "a tool's one text part equals its string",
    ),
    (
        {"tools": [tool("f", schema("a"), description="Adds")]},
        {"tools": [tool("f", schema("a"), description="Subtracts")]},
        DIFFERENT,
        "another description",
    ),
    ({"tools": [WEATHER], "tool_choice": "auto"}, {"tools": [WEATHER]}, SAME, "auto with tools"),
    ({"tool_choice": "none"}, {}, SAME, "none is the default without tools"),
    ({"tools": [WEATHER], "tool_choice": "none"}, {"tools": [WEATHER]}, DIFFERENT, "forbidden"),
    ({"tools": [WEATHER], "tool_choice": "required"}, {"tools": [WEATHER]}, DIFFERENT, "forced"),
    (
        {"tools": [WEATHER], "parallel_tool_calls": True},
        {"tools": [WEATHER]},
        SAME,
        "the documented default",
    ),
    (
        {"tools": [WEATHER], "parallel_tool_calls": False},
        {"tools": [WEATHER]},
        DIFFERENT,
        "one call at most",
    ),
    (
        {"functions": [WEATHER["function"]], "function_call": "none"},
        {"functions": [WEATHER["function"]], "function_call": {"name": "weather"}},
        DIFFERENT,
        "the older form of tools",
    ),
    ({"functions": [WEATHER["function"]]}, {}, DIFFERENT, "may call a function"),
    (
        {"messages": called('{"city":"Rome"}')},
        {"messages": called('{"city":"Oslo"}')},
        DIFFERENT,
        "another call before",
    ),
    (
        {"messages": called('{"city":"Rome"}')},
        {"messages": called('{"city": "Rome"}')},
        DIFFERENT,
        "arguments are text to the model",
    ),
    (
        {"messages": called("{}", "call_1")},
        {"messages": called("{}", "call_2")},
        DIFFERENT,
        "ids are text to the model",
    ),
    # The model
    ({"model": "gpt-4o"}, {"model": "gpt-4o-mini"}, DIFFERENT, "another model"),
    (
        {"model": "gpt-4o"},
        {"model": "gpt-4o-2024-08-06"},
        DIFFERENT,
        "an alias moves, a snapshot does not",
    ),
    # Text
    (_says("Say hello "), _says("\n Say hello"), SAME, "outer white space"),
    (_says("a\r\nb\rc"), _says("a\nb\nc"), SAME, "line ends"),
    (_says("caf\u00e9"), _says("cafe\u0301"), SAME, "one text in two Unicode forms"),
    (_says("\ufb01le"), _says("file"), DIFFERENT, "compatibility forms are other characters"),
    (_says("Say hello"), _says("say hello"), DIFFERENT, "case can matter"),
    (_says("a b"), _says("a  b"), DIFFERENT, "inner white space can matter (code)"),
    (_says("Say hello"), _says("Please say hello"), DIFFERENT, "no word is stripped"),
    (_says("Is 1 > 2?"), _says("Is 1 < 2?"), DIFFERENT, "punctuation can turn the question"),
    (_says("hello"), _says("hello\u200b"), DIFFERENT, "a zero-width space is a character"),
    (_says([text("hello")]), _says("hello"), SAME, "one text part is its text"),
    (_says([text("a"), text("b")]), _says("ab"), DIFFERENT, "two parts are not one text"),
    (_says([text("a"), text("b")]), _says([text("b"), text("a")]), DIFFERENT, "order of parts"),
    (
        _says([text("a "), image(PNG)]),
        _says([text("a"), image(PNG)]),
        DIFFERENT,
        "white space inside the content",
    ),
    (_says([text(" a"), image(PNG)]), _says([text("a"), image(PNG)]), SAME, "outer white space"),
    (_says([text("a"), image(PNG)]), _says("a"), DIFFERENT, "with a picture"),
    (
        _says([image("https://example.com/1.png")]),
        _says([image("https://example.com/2.png")]),
        DIFFERENT,
        "another picture",
    ),
    (
        _says([image(PNG, detail="low")]),
        _says([image(PNG, detail="high")]),
        DIFFERENT,
        "another resolution",
    ),
    (
        _says([{"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}]),
        _says([{"type": "input_audio", "input_audio": {"data": "AAAB", "format": "wav"}}]),
        DIFFERENT,
        "another recording",
    ),
    (
        _says([{"type": "file", "file": {"file_id": "file-1"}}]),
        _says([{"type": "file", "file": {"file_id": "file-2"}}]),
        DIFFERENT,
        "another file",
    ),
    # Messages
    (
        {"messages": [{"role": "system", "content": "Be brief"}, *HELLO]},
        {"messages": HELLO},
        DIFFERENT,
        "instructed",
    ),
    (
        {"messages": [{"role": "system", "content": "Be brief"}, *HELLO]},
        {"messages": [{"role": "developer", "content": "Be brief"}, *HELLO]},
        DIFFERENT,
        "another role",
    ),
    (
        {"messages": [user("a"), user("b")]},
        {"messages": [user("b"), user("a")]},
        DIFFERENT,
        "order of messages",
    ),
    (
        {"messages": [{**user("a"), "name": "ann"}]},
        {"messages": [user("a")]},
        DIFFERENT,
        "named speaker",
    ),
    (
        {"messages": [{**user("a"), "name": None}]},
        {"messages": [user("a")]},
        SAME,
        "null is absent",
    ),
    (
        {"messages": [*HELLO, {"role": "assistant", "content": "Well, "}]},
        {"messages": [*HELLO, {"role": "assistant", "content": "Well,"}]},
        DIFFERENT,
        "a prefill is continued, white space and all",
    ),
    (
        {"messages": [{"content": "Say hello", "role": "user"}]},
        {"messages": HELLO},
        SAME,
        "the order of JSON members means nothing",
    ),
]

_COMPLETIONS: list[tuple[dict[str, Any], dict[str, Any], bool, str]] = [
    ({"max_tokens": 16}, {}, SAME, "the documented default"),
    ({"max_tokens": 17}, {}, DIFFERENT, "another length"),
    ({"best_of": 1, "n": 1, "echo": False}, {}, SAME, "the documented defaults"),
    ({"best_of": 3}, {}, DIFFERENT, "chosen from three"),
    ({"echo": True}, {}, DIFFERENT, "the prompt comes back"),
    ({"suffix": "."}, {}, DIFFERENT, "something follows"),
    ({"logprobs": 2}, {}, DIFFERENT, "the answer holds more"),
    ({"prompt": "Once "}, {"prompt": "Once"}, DIFFERENT, "a prompt is continued, space and all"),
    ({"prompt": "caf\u00e9"}, {"prompt": "cafe\u0301"}, SAME, "one text in two Unicode forms"),
    ({"prompt": ["a", "b"]}, {"prompt": ["b", "a"]}, DIFFERENT, "order of prompts"),
    ({"temperature": 1.0, "top_p": 1}, {}, SAME, "the documented defaults"),
    ({"presence_penalty": 1}, {"frequency_penalty": 1}, DIFFERENT, "two penalties"),
    ({"logit_bias": {"1": 5}}, {"logit_bias": {"1": 6}}, DIFFERENT, "another bias"),
    ({"seed": 3}, {}, DIFFERENT, "another sample"),
    ({"stop": "a"}, {"stop": ["a"]}, SAME, "two ways to write one"),
    ({"stream": True, "stream_options": {"include_usage": True}}, {}, SAME, "delivery"),
    ({"user": "ann"}, {}, SAME, "an abuse label"),
    ({"model": "davinci-002"}, {}, DIFFERENT, "another model"),
]

_EMBEDDINGS: list[tuple[dict[str, Any], dict[str, Any], bool, str]] = [
    ({"encoding_format": "base64"}, {"encoding_format": "float"}, SAME, "the edge converts"),
    ({"encoding_format": "hex"}, {}, DIFFERENT, "the provider's to refuse"),
    ({"user": "ann"}, {}, SAME, "an abuse label"),
    ({"dimensions": 256}, {}, DIFFERENT, "a shorter vector"),
    ({"dimensions": 256}, {"dimensions": 512}, DIFFERENT, "a longer vector"),
    ({"model": "text-embedding-3-large"}, {}, DIFFERENT, "another model"),
    ({"input": "hello"}, {"input": ["hello"]}, SAME, "one input, two ways to write it"),
    ({"input": "hello"}, {"input": "Hello"}, DIFFERENT, "case can matter"),
    ({"input": "hello "}, {"input": "hello"}, DIFFERENT, "embedded as it is"),
    ({"input": [1, 2]}, {"input": [[1, 2]]}, SAME, "one token array, two ways to write it"),
    ({"input": [1, 2]}, {"input": [2, 1]}, DIFFERENT, "another order of tokens"),
]

_BASE: dict[str, dict[str, Any]] = {
    CHAT: {"model": "gpt-4o-mini", "messages": HELLO},
    COMPLETIONS: {"model": "gpt-3.5-turbo-instruct", "prompt": "Once upon a time"},
    EMBEDDINGS: {"model": "text-embedding-3-small", "input": "hello"},
}

VECTORS: list[Vector] = [
    Vector(endpoint, {**_BASE[endpoint], **a}, {**_BASE[endpoint], **b}, same, reason)
    for endpoint, rows in ((CHAT, _CHAT), (COMPLETIONS, _COMPLETIONS), (EMBEDDINGS, _EMBEDDINGS))
    for a, b, same, reason in rows
]
