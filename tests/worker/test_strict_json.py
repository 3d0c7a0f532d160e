"""How deep JSON may be, to the level, and what does not count as depth."""

from collections.abc import Callable
from typing import Any

import pytest

from gateway.core import strict_json

DEEPEST = strict_json.MAX_DEPTH


@pytest.mark.parametrize(
    "text",
    [
        "[" * DEEPEST + "]" * DEEPEST,
        '{"a":' * DEEPEST + "1" + "}" * DEEPEST,
        "[" + "[]," * 10 * DEEPEST + "[]]",
        '["' + "[" * 10 * DEEPEST + '"]',
        '["\\"' + "{" * 10 * DEEPEST + '\\\\", "é"]',
    ],
    ids=["arrays", "objects", "side by side", "in text", "after an escaped quote"],
)
def test_as_deep_as_allowed(text: str) -> None:
    strict_json.request(text)
    strict_json.answer(text)


@pytest.mark.parametrize(
    ("value", "most"),
    [("0", strict_json.MAX_ANSWER_VALUES), ("[]", strict_json.MAX_ANSWER_BRACKETS)],
)
def test_an_answer_has_a_bounded_number_of_values(value: str, most: int) -> None:
    """Each costs Python many times its bytes of text, so bytes alone bound no memory."""
    text = f"[{','.join([value] * (most + 1))}]"
    with pytest.raises(ValueError, match=r"more than .* values"):
        strict_json.answer(text)
    strict_json.answer(f'["{text.replace("[", "").replace("]", "")}"]')  # in a string it is text


LONGEST = "9" * strict_json.MAX_DIGITS


@pytest.mark.parametrize("parse", [strict_json.request, strict_json.answer])
def test_integers_are_no_larger_than_a_double(parse: Callable[[str], Any]) -> None:
    assert float(parse(f"[{LONGEST}]")[0]) == float(LONGEST)
    with pytest.raises(ValueError, match="digits"):
        parse(f"[{LONGEST}0]")


@pytest.mark.parametrize(
    "text",
    [
        "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1),
        '[{"a":' * DEEPEST + "1" + "}]" * DEEPEST,
        "[" * 100_000,
        "[]" * DEEPEST + "[" * (DEEPEST + 1),
        '"\ud83d", ' + "[" * (DEEPEST + 1),
    ],
    ids=["arrays", "both kinds", "without an end", "after shallow ones", "after half a pair"],
)
@pytest.mark.parametrize("parse", [strict_json.request, strict_json.answer])
def test_deeper(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"more than {DEEPEST} levels"):
        parse(text)
