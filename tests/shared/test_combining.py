"""Runs of combining characters that are longer than any language has are found."""

import unicodedata

import pytest

from shared import combining
from shared import normalization as norm

ACUTE, CEDILLA = "\u0301", "\u0327"  # out of canonical order in this order
LONG = "x" * 300


def combines(character: str) -> bool:
    """Whether the character, decomposed, belongs to a run that normalization sorts."""
    return unicodedata.combining(unicodedata.normalize("NFD", character)[0]) > 0


def test_the_table_holds_every_combining_character() -> None:
    characters = [chr(code) for code in range(0x1F000) if not 0xD800 <= code < 0xE000]
    marks = [character for character in characters if combines(character)]
    assert marks
    run = combining.LONGEST_RUN + 1
    missed = [mark for mark in marks if combining.normalizable(LONG + mark * run)]
    assert not missed
    within = [item for item in characters if item < "\U00010000" and not combines(item)]
    # A few are in the table that this Python's Unicode does not know yet.
    assert sum(not combining.normalizable(LONG + item * run) for item in within[0x300:0x3000]) <= 1


@pytest.mark.parametrize("before", ["", LONG])
def test_as_many_as_a_language_has_are_normalized(before: str) -> None:
    marks = (ACUTE + CEDILLA) * (combining.LONGEST_RUN // 2)
    text = f"{before}e{marks}"
    assert norm.text(text) == unicodedata.normalize("NFC", text) != text


def test_a_longer_run_keeps_its_form() -> None:
    marks = (ACUTE + CEDILLA) * (combining.LONGEST_RUN // 2 + 1)
    text = f"{LONG}e{marks}\r\n"
    assert norm.text(text) == text.replace("\r\n", "\n")


def test_runs_are_counted_one_by_one() -> None:
    marks = (ACUTE + CEDILLA) * (combining.LONGEST_RUN // 2)
    text = f"e{marks}" * 20
    assert norm.text(text) == unicodedata.normalize("NFC", text)
