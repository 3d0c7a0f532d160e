"""API keys: format, checksum, hash."""

import hashlib
import hmac
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import api_keys

ALPHABET = string.digits + string.ascii_letters
# Made once with generate(): a key in somebody's hands stays good.
KNOWN = "lgw_3pEvyHPiQgU4qN7WymAJld3iDfx00koL2bqofl"


def test_form() -> None:
    keys = {api_keys.generate() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"lgw_[0-9A-Za-z]{38}", key) for key in keys)
    assert all(api_keys.well_formed(key) for key in keys)


def test_a_key_of_an_earlier_release_is_well_formed() -> None:
    assert api_keys.well_formed(KNOWN)


@given(st.integers(4, api_keys.LENGTH - 1), st.sampled_from(ALPHABET))
def test_one_mistyped_character_is_noticed(position: int, typed: str) -> None:
    wrong = KNOWN[:position] + typed + KNOWN[position + 1 :]
    assert api_keys.well_formed(wrong) is (wrong == KNOWN)


@given(st.integers(4, api_keys.LENGTH - 2))
def test_two_swapped_neighbours_are_noticed(position: int) -> None:
    swapped = KNOWN[:position] + KNOWN[position + 1] + KNOWN[position] + KNOWN[position + 2 :]
    assert api_keys.well_formed(swapped) is (swapped == KNOWN)


@given(st.text())
def test_any_text_is_judged(text: str) -> None:
    assert not api_keys.well_formed(text)
    assert not api_keys.well_formed("lgw_" + text)


@pytest.mark.parametrize("wrong", ["", "lgw_", KNOWN[:-1], KNOWN + "0", KNOWN.upper(), f" {KNOWN}"])
def test_malformed(wrong: str) -> None:
    assert not api_keys.well_formed(wrong)


def test_hash_is_hmac_under_the_pepper() -> None:
    expected = hmac.new(b"pepper", KNOWN.encode(), hashlib.sha256).hexdigest()
    assert api_keys.key_hash(KNOWN, b"pepper") == expected
    assert api_keys.key_hash(KNOWN, b"other") != expected


def test_what_may_be_shown_does_not_give_the_key_away() -> None:
    assert api_keys.prefix(KNOWN) == KNOWN[:8]
    assert api_keys.last4(KNOWN) == KNOWN[-4:]
