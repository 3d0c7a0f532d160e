"""JSON from outside: what RFC 8259 allows, and no deeper than we are ready to walk.

``json.loads`` recurses in C. In a Worker 20,000 nested arrays exhaust the WebAssembly stack, which
ends the isolate with every request in it, so the depth is looked at before parsing.
"""

import json
from itertools import accumulate
from typing import Any

MAX_DEPTH = 200
"""Nested arrays and objects. The deepest thing a request holds is a tool's JSON Schema, for which
OpenAI allows 10 levels."""
MAX_VALUES = 500_000
"""Arrays, objects and the commas between their members: each costs Python some hundred bytes of
memory, and may be a single byte of the body. An array of 300,000 tokens, OpenAI's most to embed,
fits."""
MAX_ANSWER_VALUES = 8_000_000
"""The same in a provider's answer: 2,048 vectors of 3,072 numbers fit. A number costs less than an
array or object does,"""
MAX_ANSWER_BRACKETS = 1_000_000
"""of which there are this many at most."""
MAX_DIGITS = 308
"""The most digits of an integer; a longer one is larger than any double. Python also refuses to
write integers of more than 4,300 digits, which the sum of two shorter ones may have."""

_STEP = bytes.maketrans(b"[{]}", b"\x01\x01\xff\xff")  # +1 and -1 as signed bytes
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def request(text: str) -> Any:
    """A caller's JSON. Raises ``ValueError``, also for ``NaN`` and numbers beyond a double."""
    _check_shape(text)
    return _REQUEST.decode(text)


def answer(text: str) -> Any:
    """A provider's JSON, millions of floats at times. Raises ``ValueError``, also for integers
    beyond a double."""
    _check_shape(text, MAX_ANSWER_VALUES, MAX_ANSWER_BRACKETS)
    return _ANSWER.decode(text)


def dumps(value: Any) -> str:
    """JSON that UTF-8 can carry: halves of a surrogate pair are escaped.

    A stream may cut a pair in two (escaped UTF-16 units in two deltas); escaped side by side they
    are one character again to whoever parses the text.
    """
    text = _write(value)
    try:
        text.encode()
    except UnicodeEncodeError:
        return _write_ascii(value)
    return text


def _check_shape(text: str, most_values: int = MAX_VALUES, most_brackets: int = MAX_VALUES) -> None:
    """Raises ``ValueError`` for more nesting, or more values, than we are ready to walk.

    Counting in the whole text, strings included, is enough for nearly every body.
    """
    brackets, values = _counted(text)
    crowded = values > most_values or brackets > most_brackets
    if brackets <= MAX_DEPTH and not crowded:
        return
    bare = _without_strings(text)
    if crowded:
        brackets, values = _counted(bare)
        if values > most_values or brackets > most_brackets:
            raise ValueError(
                f"more than {most_values:,} values, or {most_brackets:,} of them nested"
            )
    if _too_deep(bare):
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")


def _counted(text: str) -> tuple[int, int]:
    """Arrays and objects; and these with the commas between their members."""
    brackets = text.count("[") + text.count("{")
    return brackets, brackets + text.count(",")


def _without_strings(text: str) -> str:
    """``text`` without what stands in its strings: every second piece between quotation marks that
    are not escaped. Where it is no JSON, the parser fails before it comes to a wrong piece."""
    if "\\" in text:
        text = text.replace("\\\\", "").replace('\\"', "")
    return "".join(text.split('"')[::2])


def _too_deep(bare: str) -> bool:
    """Whether brackets nest too deeply, found without a Python loop over them: a hostile body has
    millions, and a loop would block every request of the process for seconds."""
    brackets = bare.encode("utf-8", "surrogatepass").translate(_STEP, _NO_BRACKET)
    return max(accumulate(memoryview(brackets).cast("b")), default=0) > MAX_DEPTH


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:20]} is out of range")
    return value


def _integer(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"an integer of more than {MAX_DIGITS} digits")
    return int(text)


_REQUEST = json.JSONDecoder(parse_constant=_no_constant, parse_float=_finite, parse_int=_integer)
_ANSWER = json.JSONDecoder(parse_int=_integer)
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_write_ascii = json.JSONEncoder(separators=(",", ":")).encode
