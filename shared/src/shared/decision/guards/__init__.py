"""Rules that refuse a candidate whatever its probability, each with a reason of its own.

A guard takes an ``Alignment`` and returns True when the two prompts must not share an answer.
``GUARDS`` lists them in the order in which they run, cheapest first.
"""

from collections.abc import Callable

from shared.decision.alignment import Alignment
from shared.decision.guards import form, meaning, structure, surface

Guard = Callable[[Alignment], bool]

GUARDS: tuple[tuple[str, Guard], ...] = (
    ("numbers", surface.numbers),
    ("operators", surface.operators),
    ("quotes", surface.quotes),
    ("acronyms", surface.acronyms),
    ("characters", surface.characters),
    ("frame", structure.frame),
    ("negation", structure.negation),
    ("strict-words", structure.strict_words),
    ("persons", structure.persons),
    ("modal", structure.modal),
    ("tense", structure.tense),
    ("asides", structure.asides),
    ("voice", structure.voice),
    ("opposites", meaning.opposites),
    ("contrast", meaning.contrast),
    ("names", meaning.names),
    ("nominal", meaning.nominal),
    ("pronouns", structure.pronouns),
    ("arguments", structure.arguments),
    ("links", structure.links),
    ("substitution", meaning.substitution),
    ("unaligned", meaning.unaligned),
    # Few candidates come this far, and these read the texts themselves.
    ("marks", form.marks),
    ("letter-case", form.letter_case),
    ("articles", form.articles),
    ("inflection", form.inflection),
)


def first_refusal(pair: Alignment) -> str | None:
    """Name of the first guard that refuses, or None."""
    for name, guard in GUARDS:
        if guard(pair):
            return name
    return None
