"""Guards on how the words hang together: frame, negation, quantity words, roles, order, links."""

from shared.decision.alignment import Alignment
from shared.decision.lexicon.function_words import WEAK_LINKS
from shared.decision.sketch import Item

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
    frozenset({"how is", "how"}),
    frozenset({"where can", "where"}),
)
_ROLES = ("he", "she", "they")
_SWAPPING = frozenset({"and", "or", "versus", "vs"})


def frame(pair: Alignment) -> bool:
    """The two questions ask for the same kind of thing (how, why, when, how many, yes or no)."""
    left, right = pair.left.frame, pair.right.frame
    return left != right and frozenset((left, right)) not in _SOFT_PAIRS


def negation(pair: Alignment) -> bool:
    """As many negations on both sides, and on the same words."""
    left, right = pair.left, pair.right
    if left.negations != right.negations:
        return True
    if not left.negations:
        return False
    return {i.word.group for i in left.items if i.negated} != {
        i.word.group for i in right.items if i.negated
    }


def strict_words(pair: Alignment) -> bool:
    """Quantity, order, exclusion and comparison words ("only", "before", "most") agree."""
    return pair.left.strict != pair.right.strict


def persons(pair: Alignment) -> bool:
    """Third persons agree; first and second person are one where a question is impersonal."""
    left, right = pair.left.persons, pair.right.persons
    if any((role in left) != (role in right) for role in _ROLES):
        return True
    if pair.left.frame in _OPEN_FRAMES:
        return False
    return bool(left) and bool(right) and left != right


def modal(pair: Alignment) -> bool:
    """ "Can", "should", "must" and "will" ask different things, except inside "how do I"."""
    if pair.left.frame in _OPEN_FRAMES and pair.right.frame in _OPEN_FRAMES:
        return False
    return pair.left.modals != pair.right.modals


def tense(pair: Alignment) -> bool:
    """Past and present questions differ."""
    return pair.left.past != pair.right.past


def arguments(pair: Alignment) -> bool:
    """Paired words stand in the same order, unless the change of order keeps the roles.

    Two moves keep them: members of a coordination ("cats and dogs"), and a compound against its
    "of" form ("diabetes symptoms", "symptoms of diabetes").
    """
    pairs = pair.pairs
    for first in range(len(pairs)):
        left_a, right_a = pairs[first]
        for left_b, right_b in pairs[first + 1 :]:
            if right_b < right_a and not _free_move(pair, (left_a, left_b), (right_b, right_a)):
                return True
    return False


def links(pair: Alignment) -> bool:
    """Prepositions that bind a paired word agree: "from London", "to London"."""
    for left_place, right_place in pair.pairs:
        left = pair.left.items[left_place].links - WEAK_LINKS
        right = pair.right.items[right_place].links - WEAK_LINKS
        if left != right and not (left | right) <= _SWAPPING:
            return True
        left_all = pair.left.items[left_place].links
        right_all = pair.right.items[right_place].links
        if ("to" in left_all and "for" not in right_all and right) or (
            "to" in right_all and "for" not in left_all and left
        ):
            return True
    return False


def _free_move(pair: Alignment, left: tuple[int, int], right: tuple[int, int]) -> bool:
    if left[1] - left[0] != 1 or right[1] - right[0] != 1:
        return False
    one, other = pair.left.items[left[1]], pair.right.items[right[1]]
    if one.links & _SWAPPING and other.links & _SWAPPING:
        return True
    return _compound(one, other) or _compound(other, one)


def _compound(of_form: Item, bare: Item) -> bool:
    return bool(of_form.links) and of_form.links <= {"of", "in", "for", "on"} and not bare.links
