"""Properties of the decision, and the eligibility table against its documentation."""

import csv
import json
from pathlib import Path

import pytest

from shared.decision import MODES, decide, eligible, encode
from shared.decision.decide import Decision
from shared.decision.eligibility_rules import LIMITS, RULES
from shared.decision.features import NAMES
from shared.decision.guards import GUARDS
from shared.decision.lexicon import lexicon
from shared.decision.lexicon.synonyms import GROUPS
from shared.decision.pair_model import PairModel

ROOT = Path(__file__).parents[3]
STRICT = MODES["strict"].threshold
PAIRS = list(
    csv.DictReader(
        (ROOT / "benchmarks/semantic/minimal_pairs.tsv").read_text("utf-8").splitlines(),
        delimiter="\t",
    )
)


def test_identical_text_is_served() -> None:
    text = "How do I learn to swim?"
    assert decide(text, text, STRICT) == Decision(
        serve=True, probability=1.0, distance=0, reason="identical"
    )


def test_paraphrase_is_served_with_its_probability() -> None:
    decision = decide("How do I learn to swim?", "What is the best way to learn swimming?", STRICT)
    assert decision.serve
    assert decision.reason == "probable"
    assert STRICT <= decision.probability <= 1


def test_mode_off_serves_nothing_not_even_identical_text() -> None:
    text = "How do I learn to swim?"
    assert not decide(text, text, MODES["off"].threshold).serve


def test_guard_is_named() -> None:
    decision = decide("How do I buy a house?", "How do I sell a house?", STRICT)
    assert (decision.serve, decision.reason, decision.guard) == (False, "guard", "opposites")


def test_modes_are_ordered_by_caution() -> None:
    assert MODES["off"].threshold > MODES["strict"].threshold > MODES["balanced"].threshold
    assert 0 < MODES["strict"].target_error < MODES["balanced"].target_error


def test_no_minimal_pair_with_another_answer_is_served_in_either_direction() -> None:
    wrong = [
        (first, second)
        for row in PAIRS
        if row["label"] == "different"
        for first, second in (
            (row["first"], row["second"]),
            (row["second"], row["first"]),
        )
        if eligible(first).eligible and eligible(second).eligible
        if decide(first, second, STRICT).serve
    ]
    assert wrong == []


def test_no_probe_is_served_in_either_direction() -> None:
    file = ROOT / "benchmarks/semantic/probes.tsv"
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t"))
    assert len(rows) > 230
    wrong = [
        pair
        for row in rows
        for pair in ((row["first"], row["second"]), (row["second"], row["first"]))
        if all(eligible(text).eligible for text in pair)
        if decide(*pair, STRICT).serve
    ]
    assert wrong == []


def test_no_word_list_makes_one_question_of_two() -> None:
    """Pairs of near-synonyms and of adjectives that judge, written against the lists."""
    file = ROOT / "benchmarks/semantic/list_probes.tsv"
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines(), delimiter="\t"))
    assert len(rows) >= 40
    served = [
        (first, second)
        for row in rows
        for first, second in ((row["first"], row["second"]), (row["second"], row["first"]))
        if decide(first, second, MODES["balanced"].threshold).serve
    ]
    assert served == []


def test_paraphrases_are_accepted() -> None:
    same = [row for row in PAIRS if row["label"] == "same"]
    served = sum(
        eligible(row["first"]).eligible
        and eligible(row["second"]).eligible
        and decide(row["first"], row["second"], STRICT).serve
        for row in same
    )
    assert served / len(same) >= 0.45


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("why " * 120, "too-long"),
        ("What's the weather in Oslo?", "volatile"),
        ("Who is the current prime minister?", "volatile"),
        ("Pick a random number", "random"),
        ("Tell me another one", "random"),
        ("Write a poem about rain", "creative"),
        ("Tell me a joke", "creative"),
        ("Translate good morning into French", "wording"),
        ("What is a synonym for big?", "wording"),
        ("Where is my order?", "personal"),
        ("What is my name?", "personal"),
        ("I've been charged twice, what can I do?", "private"),
        ("Send a text to Anna", "action"),
        ("What does x = y == z do?", "code"),
        ("Is https://example.test safe?", "address"),
        ("Who is bob@example.test?", "address"),
        ("Where is parcel 12345678?", "identifier"),
        ("¿Cuál es la capital de Francia?", "not-english"),
        ("法国的首都是哪里", "not-english"),
        ("How many of these pills are an overdose?", "danger"),
        ("What should I do about chest pain?", "danger"),
        ("What happens if I am arrested?", "danger"),
        ("What is the capital of France?", None),
        ("How do I reset my password?", None),
    ],
)
def test_eligibility(text: str, reason: str | None) -> None:
    assert eligible(text).reason == reason


def test_other_languages_are_closed() -> None:
    prompts = json.loads((ROOT / "benchmarks/semantic/other_languages.json").read_text("utf-8"))
    with (ROOT / "benchmarks/semantic/other_language_pairs.tsv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle, delimiter="\t"):
            prompts += [row["first"], row["second"]]
    assert len(prompts) == 190
    assert [text for text in prompts if eligible(text).eligible] == []


def test_documentation_lists_every_rule_and_guard() -> None:
    page = (ROOT / "docs/public/semantic-quality.md").read_text(encoding="utf-8")
    for reason, why in [*LIMITS, *((rule.reason, rule.why) for rule in RULES)]:
        assert f"| `{reason}` | {why} |" in page
    for name, guard in GUARDS:
        refuses_when = (guard.__doc__ or "").strip().split("\n")[0].removesuffix(".")
        assert f"| `{name}` | {refuses_when[:1].lower()}{refuses_when[1:]} |" in page


def test_word_is_in_one_synonym_group_only() -> None:
    words = [word for group in GROUPS.split() for word in set(group.split("="))]
    assert len(words) == len(set(words))


def test_synonyms_are_no_opposites() -> None:
    words = lexicon()
    for group in GROUPS.split():
        first, *others = (words.word(word) for word in group.split("="))
        for other in others:
            assert not words.opposed(first, other), (first.text, other.text)


def test_pair_model_follows_its_file() -> None:
    values = [0.0] * len(NAMES)
    document = {
        "features": list(NAMES),
        "base": 0.5,
        "trees": [[[0, 1.0, 2], 1.0, -1.0]],
        "calibration": [[-1.0, 0.1], [1.5, 0.9]],
    }
    model = PairModel(document)
    assert model.score(values) == 1.5
    assert model.probability(values) == pytest.approx(0.9)
    assert model.probability([2.0, *values[1:]]) == pytest.approx(0.26)
    with pytest.raises(ValueError, match="other features"):
        PairModel(document | {"features": ["other"]})


def test_encode_refuses_what_eligibility_refuses() -> None:
    with pytest.raises(ValueError, match="1 to 64"):
        encode("why " * 65)
