"""Acronyms spelt out are one prompt with their acronym: same code, same decision."""

import pytest

from shared.decision import MODES, decide, encode
from shared.decision.lexicon.acronyms import contracted


@pytest.mark.parametrize(
    ("spelt", "short"),
    [
        ("What does the Federal Bureau of Investigation do?", "What does the FBI do?"),
        ("How is gross domestic product calculated?", "How is GDP calculated?"),
        ("what is a two-factor authentication code", "what is a 2FA code"),
        ("How do solid state drives fail?", "How do SSDs fail?"),
    ],
)
def test_both_spellings_are_one_prompt(spelt: str, short: str) -> None:
    assert contracted(spelt) == short
    assert encode(spelt).code == encode(short).code
    assert decide(spelt, short, MODES["strict"].threshold).serve


@pytest.mark.parametrize(
    "text",
    ["What is the air in a room?", "Who united the nations of Italy?", "How do I return money?"],
)
def test_other_prompts_stay_as_they_are(text: str) -> None:
    assert contracted(text) is text


def test_the_text_of_a_prompt_is_kept_as_it_was_written() -> None:
    assert encode("What is the United Nations?").text == "What is the United Nations?"
