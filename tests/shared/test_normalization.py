"""Normalisation as properties: it forgets nothing but what its docstring names."""

import unicodedata
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared import normalization as norm

WORDS = st.text(alphabet=st.characters(exclude_categories=("Cs",)))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
TEXT_PARTS = st.builds(lambda text: {"type": "text", "text": text}, WORDS)
IMAGES = st.just({"type": "image_url", "image_url": {"url": "https://example.com/a.png"}})


@given(WORDS)
def test_text_is_idempotent_and_keeps_every_character(value: str) -> None:
    once = norm.text(value)
    assert norm.text(once) == once
    assert "\r" not in once
    lines = value.replace("\r\n", "\n").replace("\r", "\n")
    assert unicodedata.normalize("NFC", lines) == once


@given(WORDS, WORDS)
def test_texts_that_differ_in_more_than_form_stay_different(one: str, other: str) -> None:
    def form(value: str) -> str:
        return unicodedata.normalize("NFD", value.replace("\r\n", "\n").replace("\r", "\n"))

    assert (norm.text(one) == norm.text(other)) == (form(one) == form(other))


@given(WORDS)
def test_a_lone_text_part_equals_its_string(value: str) -> None:
    for strip in (True, False):
        part = [{"type": "text", "text": value}]
        assert norm.content(part, strip=strip) == norm.content(value, strip=strip)


@given(st.lists(TEXT_PARTS | IMAGES, max_size=5))
def test_parts_keep_their_number_and_order(parts: list[Any]) -> None:
    made = norm.content(parts, strip=True)
    if isinstance(made, str):
        assert len(parts) == 1
        return
    assert [part["type"] for part in made] == [part["type"] for part in parts]
    for part, original in zip(made, parts, strict=True):
        assert part.get("text", "").strip() == norm.text(original.get("text", "")).strip()


@given(JSON)
def test_any_json_is_taken(value: Any) -> None:
    norm.messages(value)
    norm.messages([value])
    norm.content(value, strip=True)
    norm.schema(value)
    norm.number(value)


@given(JSON)
def test_a_schema_keeps_all_of_itself(value: Any) -> None:
    def leaves(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        if isinstance(value, list):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    made = leaves(norm.schema(value))
    assert all(any(leaf is kept for kept in made) for leaf in leaves(value))


@given(st.dictionaries(WORDS, JSON, min_size=2, max_size=5))
def test_the_order_of_properties_is_part_of_a_schema(properties: dict[str, Any]) -> None:
    turned = dict(reversed(properties.items()))
    one, other = norm.schema({"properties": properties}), norm.schema({"properties": turned})
    assert one != other


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(value: float) -> None:
    assert norm.number(value) == value
