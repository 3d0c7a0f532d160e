"""Guards on how the words hang together: frame, negation, quantity words, roles, order, links."""

from typing import NamedTuple

from shared.decision.alignment import Alignment
from shared.decision.lexicon.function_words import (
    COORDINATING,
    INTERCHANGEABLE_LINKS,
    NAMED_KINDS,
    PREPOSITIONS,
    REACHING,
    SERVING,
    STRICT_WORDS,
    WEAK_LINKS,
    WORKS,
)
from shared.decision.lexicon.index import lexicon
from shared.decision.sketch import Item, Sketch

# Frames that may ask for the same thing when the content is the same.
_OPEN_FRAMES = frozenset({"", "how", "what", "mean", "about"})
_SOFT_PAIRS = (
    frozenset({"", "how"}),
    frozenset({"", "what"}),
    frozenset({"", "mean"}),
    frozenset({"", "about"}),
    frozenset({"mean", "what"}),
    frozenset({"cause", "why"}),
    frozenset({"where is", "where"}),
    frozenset({"who", "who was"}),
    frozenset({"when was", "when did"}),
    frozenset({"how much", "cost"}),
    frozenset({"how long", "how long is"}),
    frozenset({"how is", "how does"}),
    frozenset({"where can", "where"}),
)
# Frames in which "I" and "you" both mean anybody.
IMPERSONAL_FRAMES = _OPEN_FRAMES | {
    "? can", "? should", "where can", "what can", "what should", "when should", "how long",
    "how often", "how much", "how many", "cost", "what would happen if", "what do", "what does",
    "what should do if",
}  # fmt: skip
# Frames in which "can" and "should" add nothing.
_MODAL_FREE = _OPEN_FRAMES | {"what should do if"}
_ROLES = ("he", "she", "they")
_PEOPLE = frozenset({"anybody", "anyone", "one", "others", "people", "persons", "them", "they"})
# Frames that ask for a thing by what it is.
_NAMING = frozenset({"what", "who", "? is"})
_OF_A_YEAR = frozenset({"of", "in", "from", "for", "during"})
_PARTICLES = frozenset({"in", "on"})
# Adverbs that stand where they like.
_LOOSE = frozenset({"online", "still", "already", "best", "good"})
# End as adverbs do.
_NO_ADVERBS = frozenset({
    "ally", "anomaly", "apply", "assembly", "belly", "bully", "butterfly", "comply", "emily",
    "family", "fly", "italy", "jelly", "july", "kelly", "lily", "molly", "monopoly", "rally",
    "rely", "reply", "sally", "supply",
})  # fmt: skip


class Around(NamedTuple):
    """What decides whether two prepositions are one. ``before``: bases of the words before;
    ``words``: all words of one prompt; ``verb``: "for" binds an -ing form."""

    before: set[str]
    words: frozenset[str]
    verb: bool


def frame(pair: Alignment) -> bool:
    """The questions ask for different kinds of things (how, why, when, how many, yes or no)."""
    left, right = pair.left.frame, pair.right.frame
    return left != right and frozenset((left, right)) not in _SOFT_PAIRS


def negation(pair: Alignment) -> bool:
    """The prompts have more or fewer negations, or negate other words."""
    left, right = pair.left, pair.right
    if left.negations != right.negations:
        return True
    if not left.negations:
        return False
    return left.negated != right.negated


def strict_words(pair: Alignment) -> bool:
    """Words of quantity, order, exclusion or comparison differ ("only", "before", "most")."""
    left, right = pair.left, pair.right
    if left.strict != right.strict:
        return True
    # "to my only son", "to only my son"
    return "only" in left.strict and left.only_before_owner != right.only_before_owner


def persons(pair: Alignment) -> bool:
    """Third persons differ, or "I" and "you" differ where the question is about one person."""
    left, right = pair.left.persons, pair.right.persons
    if not left and not right:
        return False
    if any((role in left) != (role in right) for role in _ROLES):
        return True
    if _others(pair):
        return True
    if any(role in left for role in _ROLES):
        if _without_you(pair.left.roles) == _without_you(pair.right.roles):
            return False
        return _anybody(pair.left) is None or _anybody(pair.left) != _anybody(pair.right)
    if {"i", "you"} <= left or {"i", "you"} <= right:
        return left != right and pair.left.frame not in _OPEN_FRAMES
    if pair.left.self_description or pair.right.self_description:
        return left != right
    if bool(left) != bool(right) and "have" in (pair.left if left else pair.right).wordset:
        return True  # "photos you have taken", "photos ever taken"
    if pair.left.frame == "what" and {"i", "you"} == left | right and left != right:
        # "What books should I read?" asks for anybody, "What do I look like?" for one person.
        return not (pair.left.modals and pair.right.modals)
    if pair.left.frame in IMPERSONAL_FRAMES:
        return False
    return bool(left) and bool(right) and left != right


def _others(pair: Alignment) -> bool:
    """Only one prompt is about "someone", or they are about them in other ways."""
    if pair.left.other_people != pair.right.other_people:
        one = pair.left if pair.right.other_people else pair.right  # without "someone"
        if one.owned:
            return True  # "read someone's messages", "read my messages"
        if _PEOPLE.isdisjoint(one.wordset) and len(pair.left.items) == len(pair.right.items):
            return True  # "interview someone", "interview"
    # "The worst thing you have done", "you have done to someone".
    return pair.left.to_someone != pair.right.to_someone


def _anybody(sketch: Sketch) -> list[str] | None:
    """Roles with "I" and "you" as one, where only one of them is named and means anybody."""
    if sketch.frame not in IMPERSONAL_FRAMES or {"i", "you"} <= sketch.persons:
        return None
    return ["one" if role in ("i", "you") else role for role in sketch.roles]


def _without_you(roles: list[str]) -> list[str]:
    return [role for role in roles if role != "you"]


def modal(pair: Alignment) -> bool:
    """A modal ("can", "should", "must", "will") differs, except inside "how do I"."""
    left, right = pair.left.modals, pair.right.modals
    if pair.left.frame in _MODAL_FREE and pair.right.frame in _MODAL_FREE:
        # "what questions can not be answered", "what questions should not be answered"
        return pair.left.frame == "what" and bool(left and right) and left.isdisjoint(right)
    return left != right


def tense(pair: Alignment) -> bool:
    """One asks of the past and one of the present, or "has been asked" faces "have asked"."""
    left, right = pair.left, pair.right
    if left.past != right.past or left.been != right.been or left.perfect != right.perfect:
        return True
    if left.frame != "who" or right.frame != "who" or (0, 0) not in pair.pairs:
        return False
    # "who plays …", "who played …": the verb itself carries the tense.
    return left.items[0].word.text.endswith("s") != right.items[0].word.text.endswith("s")


def voice(pair: Alignment) -> bool:
    """A word that both prompts have is passive in only one ("be loved", "love")."""
    left, right = pair.left, pair.right
    if left.passives == right.passives:
        return False
    return not (left.passives ^ right.passives).isdisjoint(left.groups & right.groups)


def asides(pair: Alignment) -> bool:
    """A further question inside one prompt ("… and when?") is missing from the other one.

    An answer that gives reasons serves a prompt that asks for none, not the other way round.
    """
    left, right = pair.left, pair.right
    return left.asides != right.asides or (left.gives_reasons and not right.gives_reasons)


def pronouns(pair: Alignment) -> bool:
    """Personal pronouns stand among other words ("who blocked me", "who I blocked")."""
    left, right = pair.left.pronouns, pair.right.pronouns
    if left == right or len(left) != len(right):
        return False
    return len(pair.left.items) == len(pair.right.items)


def arguments(pair: Alignment) -> bool:
    """Words that both have stand in another order that changes their roles.

    These moves keep them: members of a coordination ("cats and dogs", also "the difference
    between cats and dogs"), a compound against its "of"
    form ("diabetes symptoms", "symptoms of diabetes"), adverbs and fillers, and a word that takes
    its own preposition along ("from Boston to Rome", "to Rome from Boston").
    """
    pairs = pair.pairs
    places = [right for _, right in pairs]
    if places == sorted(places) or pair.swapped:
        return False
    for first in range(len(pairs)):
        left_a, right_a = pairs[first]
        for left_b, right_b in pairs[first + 1 :]:
            if right_b < right_a and not _free_move(pair, (left_a, left_b), (right_b, right_a)):
                return True
    return False


def links(pair: Alignment) -> bool:
    """A preposition that binds a common word differs: "from London", "to London"."""
    if pair.left.purpose != pair.right.purpose:
        return True  # "what is a pivot cup for", "what is a pivot cup"
    if pair.left.dangling != pair.right.dangling:
        return True  # "whom did he influence", "whom was he influenced by"
    if pair.left.to_a_thing != pair.right.to_a_thing and pair.left.groups == pair.right.groups:
        return True  # "stop running to the toilet", "stop a running toilet"
    if pair.swapped:
        return False
    left_items, right_items = pair.left.items, pair.right.items
    for left_place, right_place in pair.pairs:
        left = left_items[left_place].links
        right = right_items[right_place].links
        if left == right:
            continue
        if left | right <= _OF_A_YEAR and pair.left.numbers == [left_items[left_place].word.text]:
            continue  # "the best films from 2016", "of 2016"
        if left_place == right_place and _placed(pair, left_place, left, right):
            return True
        if _bound_otherwise(left, right, _around(pair, left_place, right_place)):
            return True
    return False


def _around(pair: Alignment, left: int, right: int) -> Around:
    """What stands about a paired word: the words before it, itself where "for" binds it."""
    one, other = pair.left.items, pair.right.items
    before = {one[left - 1].word.base if left else "", other[right - 1].word.base if right else ""}
    verb = any(
        items[place].word.text.endswith("ing") and "for" in items[place].links
        for items, place in ((one, left), (other, right))
    )
    return Around(before, pair.left.wordset, verb)


def _placed(pair: Alignment, place: int, left: frozenset[str], right: frozenset[str]) -> bool:
    """Links that tell because of the frame and of the place that a word has in both prompts."""
    frame, apart = pair.left.frame, left ^ right
    if place == 0 and frame in _NAMING and "in" in apart:
        return True  # "what is in catnip", "what is catnip"
    if frame == "? is" and apart == {"in"}:
        return True  # "is Earth in a black hole", "is Earth a black hole"
    how = frame == pair.right.frame == "how" and not (left and right)
    return how and place == 1 and not apart.isdisjoint(_PARTICLES)  # "break in shoes"


def _bound_otherwise(left: frozenset[str], right: frozenset[str], around: Around) -> bool:
    """Links that do not stand for one another, wherever the word is."""
    if {"and", "or"} <= left ^ right:
        return True  # "divisible by 3 and 5", "divisible by 3 or 5"
    strong = (left - WEAK_LINKS, right - WEAK_LINKS)
    if strong[0] != strong[1] and not (strong[0] | strong[1]) <= COORDINATING:
        return True
    if "as" in left ^ right:
        return True  # "train as a boxer", "train my boxer"
    one, other = left & PREPOSITIONS, right & PREPOSITIONS
    if not one or not other or not one.isdisjoint(other):
        return False
    used = one | other
    if used == {"to", "for"}:
        return not (around.verb or not SERVING.isdisjoint(around.before | around.words))
    if "to" in used and used <= {"to", "in", "on", "with", "for"}:
        return REACHING.isdisjoint(around.words)
    if used == {"of", "about"} and not WORKS.isdisjoint(around.before):
        return True  # "books of Einstein", "books about Einstein"
    return not any(used <= group for group in INTERCHANGEABLE_LINKS)


def _free_move(pair: Alignment, left: tuple[int, int], right: tuple[int, int]) -> bool:
    early, late = pair.left.items[left[0]], pair.left.items[left[1]]
    if lexicon().opposed(early.word, late.word):
        return False  # "the best of the worst", "the worst of the best"
    if _loose(early) or _loose(late):
        return True
    if _own_phrase(early, late, pair.right.items[right[1]]) or _own_phrase(
        late, early, pair.right.items[right[0]]
    ):
        return True
    if _one_name(pair, early, late):
        return False
    if _premodifier(pair, left, right, forward=True) or _premodifier(
        pair, right, left, forward=False
    ):
        return True
    if left[1] - left[0] != 1 or right[1] - right[0] != 1:
        return False
    one, other = late, pair.right.items[right[1]]
    return pair.unordered and bool(one.links & COORDINATING and other.links & COORDINATING)


def _loose(item: Item) -> bool:
    text = item.word.text
    adverb = text.endswith("ly") and text not in STRICT_WORDS and text not in _NO_ADVERBS
    return item.word.filler or adverb or text in _LOOSE


def _one_name(pair: Alignment, one: Item, other: Item) -> bool:
    """Both words are parts of one name with a head such as "University", in both prompts."""
    groups = {one.word.group, other.word.group}
    return groups <= pair.left.names & pair.right.names and not NAMED_KINDS.isdisjoint(
        (one.word.text, other.word.text)
    )


def _own_phrase(moved: Item, passed: Item, moved_right: Item) -> bool:
    """The moved word has one preposition, the same in both prompts, that the passed one has not."""
    bound = moved.links & PREPOSITIONS
    return (
        len(bound) == 1
        and bound == moved_right.links & PREPOSITIONS
        and bound.isdisjoint(passed.links)
        and COORDINATING.isdisjoint(moved.links | moved_right.links)
    )


def _premodifier(
    pair: Alignment, bare: tuple[int, int], bound: tuple[int, int], *, forward: bool
) -> bool:
    """A word or several move from before a noun phrase into an "of" or "in" phrase behind it.

    ``bare``: places of two words in the prompt where the moved one stands first; ``bound``: in the
    other one, where it stands last (``forward``: ``bare`` is the left prompt).

    The whole phrase must have moved: "cheap food for dogs" is no "food for cheap dogs". A language
    does not move behind "in": "French history books", "history books in French". The word it
    passes keeps its own preposition: in "the French translation of the English book" both change
    theirs when they trade places.
    """
    before, behind = pair.left.items, pair.right.items
    partner = {right: left for left, right in pair.pairs}
    if not forward:
        before, behind = behind, before
        partner = dict(pair.pairs)
    moved, passed = before[bare[0]], before[bare[1]]
    start = end = bound[1]
    while start - 1 > bound[0] and not behind[start].links:
        start -= 1
    while end + 1 < len(behind) and not behind[end + 1].links:
        end += 1
    governing = behind[start].links & PREPOSITIONS
    lead = bare[0]
    while lead and not before[lead].links:
        lead -= 1
    own, kept = passed.links & PREPOSITIONS, behind[bound[0]].links & PREPOSITIONS
    # What leads to the noun phrase stands before its first word: "of an IIT professor", "of a
    # professor in IIT".
    inherited = not own and before[lead].links & PREPOSITIONS == kept
    return (
        bool(governing)
        and governing <= {"of", "in", "for", "on", "at"}
        and not ("in" in governing and "nationality" in moved.word.sets)
        and (inherited or (own == kept and not moved.links & PREPOSITIONS))
        and all(partner.get(place, bare[0]) < bare[1] for place in range(start, end + 1))
    )
