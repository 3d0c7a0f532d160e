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
