"""Pairs of questions whose label is known because a rule made them; nobody's text, any number.

A template is filled twice. ``same``: other openings of one question, courtesies, adverbs that carry
no condition, members of a coordination that change places. ``different``: one condition added, left
out or replaced (who, where, when, with what, of which kind). Both kinds differ in as many words, so
that counting words does not tell them apart.
"""
# ruff: noqa: E501 -- lists read better as running text

import random
from collections.abc import Iterator
from dataclasses import dataclass

_DOING = """
bake bread; clean a leather sofa; grow tomatoes; train a puppy; repair a bicycle chain; learn the piano; plan a wedding;
write a resume; remove a wine stain; save for retirement; prepare for an interview; build a bookshelf; paint a fence;
sharpen a kitchen knife; store potatoes; install a dishwasher; freeze soup; choose a mattress; lower my electricity bill;
sell a used car; cook rice; insulate an attic; make a budget; plant garlic; wash wool; hang a picture; start a podcast;
rent an apartment; study for finals; improve my handwriting; stop snoring; export contacts; back up a phone;
change a tire; apply for a passport; keep bees; pack a suitcase; read sheet music; roast coffee; tune a guitar
"""
_THINGS = """
oak table; electric bicycle; tax return; credit score; espresso machine; hiking boot; solar panel; mountain lake; honey bee;
wood stove; student visa; rain barrel; sewing machine; laser printer; wind turbine; fruit tree; compost heap; trade union;
stock split; coral reef; glass bottle; garden hose; heat pump; steam engine; library card; school bus; violin string
"""
_ASKED_OF_A_THING = (
    "how does a {thing} work", "how long does a {thing} last", "how much does a {thing} weigh",
    "what is a {thing} made of", "why does a {thing} break", "who invented the {thing}",
    "what are the benefits of a {thing}", "what is the history of the {thing}",
    "how is a {thing} made", "where can i buy a {thing}", "how often should i clean a {thing}",
)  # fmt: skip
_OPENINGS = (
    "how do i {}", "how can i {}", "how to {}", "what is the best way to {}", "how do you {}",
    "what is a good way to {}", "can you tell me how to {}", "what are the steps to {}",
    "what is the easiest way to {}", "how should i {}", "could you please tell me how to {}",
    "i want to know how to {}", "what should i do to {}", "is there a way to {}",
)  # fmt: skip
_FREE = ("exactly", "actually", "really", "basically", "usually", "generally", "please", "properly")
_CONDITIONS = """
in winter; in a small flat; for a baby; for my grandmother; without money; without an oven; with one hand; at night; at work;
outdoors; in Canada; in Texas; on a boat; by hand; with vinegar; with children; for a beginner; in an hour; on a weekday;
during a drought; before moving; after surgery; under water; for a competition; as a teenager; as a couple; by myself; from
home; in the desert; at high altitude; with a broken arm; for a restaurant; from scratch; in one weekend; like a professional;
for a large family; on a low income; in a dry climate; for a dog; next to a road
"""
_KINDS = """
vegan; wooden; old; plastic; second-hand; Italian; cheap; tiny; electric; frozen; organic; wild; modern; medieval; heavy;
waterproof; portable; Japanese; broken; rare; red; famous; legal; commercial; domestic; digital; antique; foldable; custom;
new; large; good; best; effective; successful; reliable; quiet; popular; healthy; professional
"""
_FRAMES_APART = (
    ("how do i {}", "why do people {}"), ("how do i {}", "should i {}"),
    ("how do i {}", "how long does it take to {}"), ("how do i {}", "how much does it cost to {}"),
    ("how do i {}", "when should i {}"), ("how do i {}", "where can i {}"),
    ("how do i {}", "what happens if i {}"), ("how can i {}", "how can i not {}"),
)  # fmt: skip


@dataclass(frozen=True)
class Generated:
    """``same``: one answer serves both."""

    first: str
    second: str
    same: bool


def generated(count: int, seed: int) -> Iterator[Generated]:
    """``count`` pairs, half of each label; the same ones for a seed on every machine."""
    chance = random.Random(seed)
    for number in range(count):
        make = _same if number % 2 else _different
        first, second = make(chance)
        yield Generated(_sentence(first), _sentence(second), same=bool(number % 2))


def _same(chance: random.Random) -> tuple[str, str]:
    kind = chance.randrange(4)
    if kind == 0:
        one, other = chance.sample(_OPENINGS, 2)
        doing = chance.choice(_listed(_DOING))
        return one.format(doing), other.format(doing)
    if kind == 1:
        one, other = chance.sample(_OPENINGS, 2)
        told = f"{chance.choice(_listed(_DOING))} {chance.choice(_listed(_CONDITIONS))}"
        return one.format(told), other.format(told)
    if kind == 2:
        asked = _of_a_thing(chance)
        first, rest = asked.split(" ", 1)
        return asked, f"{first} {chance.choice(_FREE[:3])} {rest}"
    one, other = chance.sample(_listed(_THINGS), 2)
    return f"what is the difference between a {one} and a {other}", (
        f"what is the difference between a {other} and a {one}"
    )


def _different(chance: random.Random) -> tuple[str, str]:
    kind = chance.randrange(5)
    if kind in (0, 1):
        opening = chance.choice(_OPENINGS)
        other = chance.choice(_OPENINGS) if kind else opening
        doing = chance.choice(_listed(_DOING))
        pair = opening.format(doing), f"{other.format(doing)} {chance.choice(_listed(_CONDITIONS))}"
    elif kind == 2:
        one, other = chance.sample(_listed(_CONDITIONS), 2)
        doing = chance.choice(_listed(_DOING))
        pair = f"how do i {doing} {one}", f"{chance.choice(_OPENINGS).format(doing)} {other}"
    elif kind == 3:
        thing = chance.choice(_listed(_THINGS))
        asked = chance.choice(_ASKED_OF_A_THING)
        pair = (
            asked.format(thing=thing),
            asked.format(thing=f"{chance.choice(_listed(_KINDS))} {thing}"),
        )
    else:
        one, other = chance.choice(_FRAMES_APART)
        doing = chance.choice(_listed(_DOING))
        pair = one.format(doing), other.format(doing)
    return pair if chance.random() < 0.5 else (pair[1], pair[0])


def _of_a_thing(chance: random.Random) -> str:
    return chance.choice(_ASKED_OF_A_THING).format(thing=chance.choice(_listed(_THINGS)))


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:].replace(" i ", " I ") + "?"


def _listed(table: str) -> list[str]:
    return [" ".join(entry.split()) for entry in table.split(";")]
