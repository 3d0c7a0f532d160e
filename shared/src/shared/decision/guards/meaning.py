"""Guards on what the differing words mean: opposites, kinds, names, words without a partner."""

from shared.decision.alignment import Alignment, closest, similarity
from shared.decision.lexicon.index import Word, lexicon

SPELT = 0.7
# Tuned on the fitting questions; see docs/adr/0100.
CLOSE = 0.45
CLOSE_ALONE = 0.6
# Whatever is added to what is compared makes another comparison.
_COMPARED = frozenset({"differenc", "similarity", "difference"})
_DEFINING = frozenset({"what", "mean", "about", "who", "why", ""})
_SHORT_DEFINITION = 3  # content words
_SHORT_SPELLING = 6  # letters: among shorter words one letter makes another word
_SAME_START = 4


def opposites(pair: Alignment) -> bool:
    """One prompt has the opposite of a word in the other one.

    One of two opposites that a prompt names may not be left out: "the best and the worst".
    """
    left_only, right_only = pair.left_only, pair.right_only
    if not left_only and not right_only:
        return False
    words = lexicon()
    left, right = pair.left.items, pair.right.items
    for places, items in ((left_only, left), (right_only, right)):
        if any(words.opposed(items[i].word, item.word) for i in places for item in items):
            return True
    return any(words.opposed(left[i].word, right[j].word) for i in left_only for j in right_only)


def contrast(pair: Alignment) -> bool:
    """A member of a closed kind (month, country, colour, currency …) has no partner."""
    return any(word.sets and not (word.filler or word.light) for word in pair.extra())


def nominal(pair: Alignment) -> bool:
    """In "what is …", one asks for a thing and one for its -ing form ("process", "processing")."""
    if pair.left.frame not in _DEFINING or len(pair.pairs) > _SHORT_DEFINITION:
        return False
    return any(
        _ing(pair.left.items[i].word) != _ing(pair.right.items[j].word) for i, j in pair.pairs
    )


def _ing(word: Word) -> bool:
    """An -ing form of something shorter, in either number: not "thing", "things"."""
    return word.text.rstrip("s").endswith("ing") and not word.base.endswith("ing")


def names(pair: Alignment) -> bool:
    """A capitalised name of one prompt is missing from the other one."""
    left, right = pair.left, pair.right
    names = left.names | right.names
    if not names or (left.names <= right.groups and right.names <= left.groups):
        return False
    return any(word.group in names for word in pair.extra())


def substitution(pair: Alignment) -> bool:
    """Exactly one word differs, and the two are not spellings of one word.

    Words that are neighbours in meaning are not enough: "speed", "velocity"; "affect", "effect".
    """
    if len(pair.left_only) != 1 or len(pair.right_only) != 1:
        return False
    one = pair.left.items[pair.left_only[0]].word
    other = pair.right.items[pair.right_only[0]].word
    if one.filler and other.filler:
        return False
    return similarity(one, other) < SPELT or not _misspelt(one.text, other.text)


def _misspelt(one: str, other: str) -> bool:
    """Long words with one start, and one letter more, less or other behind it: "traveling"."""
    short, long = sorted((one, other), key=len)
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    rest, more = short[start:], long[start:]
    return (
        len(short) > _SHORT_SPELLING
        and start >= _SAME_START
        and (rest[1:] == more[1:] or rest == more[1:])
    )


def unaligned(pair: Alignment) -> bool:
    """A content word of one prompt has no close word in the other one.

    When only one prompt has such words they are additions, and must be nearly a repetition; none
    may be added to what is compared ("the difference between A, B and C").
    """
    left_only, right_only = pair.left_only, pair.right_only
    alone = not (left_only and right_only)
    listed = alone and not _COMPARED.isdisjoint(pair.left.groups & pair.right.groups)
    for places, items, others in (
        (left_only, pair.left.items, pair.right.items),
        (right_only, pair.right.items, pair.left.items),
    ):
        for word in (items[place].word for place in places):
            if not word.content or word.filler or word.common or (word.light and alone):
                continue
            if listed or closest(word, others) < (CLOSE_ALONE if alone else CLOSE):
                return True
    return False
