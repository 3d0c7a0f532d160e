"""Guards on the small forms of a word that make another word, or another role, of it."""

from itertools import pairwise

from shared.decision.alignment import Alignment
from shared.decision.lexicon.forms import (
    ARTICLE_SENSES,
    COMPLEMENT_SENSES,
    FEELINGS,
    NAMES_TOO,
    PLURAL_SENSES,
    REFLEXIVES,
)
from shared.decision.lexicon.index import lexicon
from shared.decision.sketch import Sketch

_INDEFINITE = frozenset({"a", "an"})
_ARTICLES = _INDEFINITE | {"the"}
_ACTED_UPON = frozenset({"me", "us", "him", "them"})
_PERSONAL = frozenset({"family", "person age or sex", "relation"})
_LIVING = _PERSONAL | {"animal"}
_LONGEST_SIGN = 5
_ORDINALS = frozenset({"first", "second", "third", "fourth", "fifth"})


def articles(pair: Alignment) -> bool:
    """Articles and plurals that make another thing ("iron", "an iron"; "weight", "weights")."""
    left, right = _determined(pair.left), _determined(pair.right)
    if left != right:
        common = left.keys() & right.keys()
        gained = any(left[word] in _INDEFINITE and not right[word] for word in common)
        lost = any(right[word] in _INDEFINITE and not left[word] for word in common)
        if gained and lost and left.keys() == right.keys():
            return True  # "even a number", "an even number"
        if any(left[word] != right[word] for word in ARTICLE_SENSES & common):
            return True
    # As they are written: "put on weight" is one word in ``words``.
    one, other = _letters(pair.left.text), _letters(pair.right.text)
    return any(word + "s" in other for word in PLURAL_SENSES & one) or any(
        word + "s" in one for word in PLURAL_SENSES & other
    )


def _letters(text: str) -> frozenset[str]:
    return frozenset(text.lower().rstrip("?.! ").split())


def _determined(sketch: Sketch) -> dict[str, str]:
    """Each word that is no article, with the article right before it, or ""."""
    found = {}
    before = ""
    for word in sketch.words:
        if word not in _ARTICLES:
            found[word] = before if before in _ARTICLES else ""
        before = word
    return found


def possessives(pair: Alignment) -> bool:
    """A person, and what is theirs: "keep my grandmother company", "my grandmother's company"."""
    one, other = _owners(pair.left.text), _owners(pair.right.text)
    return any(word in pair.right.text.lower() for word in one - other) or any(
        word in pair.left.text.lower() for word in other - one
    )


def _owners(text: str) -> frozenset[str]:
    if "'s " not in text and "’s " not in text:
        return frozenset()
    words = (word[:-2] for word in text.lower().split() if word.endswith(("'s", "’s")))
    known = lexicon()
    return frozenset(word for word in words if not _PERSONAL.isdisjoint(known.words[word].sets))


def capitals(pair: Alignment) -> bool:
    """A name that is a common word in lower case ("Mercury", "mercury"; "Windows", "windows")."""
    left, right = pair.left, pair.right
    both = NAMES_TOO & left.wordset & right.wordset
    if not both or left.text == right.text:
        return False
    return any(
        _written(left, word) != _written(right, word)
        for word in both
        if _written(left, word) and _written(right, word)
    )


def _written(sketch: Sketch, word: str) -> str:
    """ "name" or "word", as its capitals say; "" where they do not (no sentence case, or the
    sentence's first word)."""
    text = sketch.text
    if not text[:1].isupper() or text.istitle() or text.isupper():
        return ""
    place = text.lower().find(word)
    if place <= 0:
        return ""
    return "name" if text[place].isupper() else "word"


def letter_case(pair: Alignment) -> bool:
    """Short signs that only their case tells apart ("mW", "MW"; "-o", "-O")."""
    one, other = _signs(pair.left.text), _signs(pair.right.text)
    return any(
        one[sign] != other[sign] and (_telling(one[sign]) or _telling(other[sign]))
        for sign in one.keys() & other.keys()
    )


def _signs(text: str) -> dict[str, str]:
    """Lower case -> spelling of the words that may be signs: options, and short words with a
    capital."""
    words = (raw.strip("?.,!:;\"'()") for raw in text.split())
    return {
        word.lower(): word
        for word in words
        if 2 <= len(word) <= _LONGEST_SIGN and (word[0] == "-" or not word.islower())
    }


def _telling(word: str) -> bool:
    """Whether the case of ``word`` is its own, not a sentence's nor a headline's."""
    mixed = word[1:] != word[1:].lower() and not word.isupper()
    return word[0] == "-" or mixed or (len(word) == 2 and word.isupper())


def hyphens(pair: Alignment) -> bool:
    """Hyphens that bind otherwise: "five-dollar bills", "a man-eating fish", "second-hand"."""
    left, right = pair.left, pair.right
    if "-" not in left.text and "-" not in right.text:
        return False
    one, other = _hyphenated(left.text), _hyphenated(right.text)
    if one == other:
        return False
    if one and other:
        return not (one <= other or other <= one)
    sets = lexicon().sets
    return any(
        parts[0] in _ORDINALS
        or (parts[-1].endswith("ing") and not _LIVING.isdisjoint(sets.get(parts[0], ())))
        for parts in (word.split("-") for word in one | other)
    )


def _hyphenated(text: str) -> frozenset[str]:
    if "-" not in text:
        return frozenset()
    words = (word.strip("?.,!\"'()") for word in text.lower().split())
    return frozenset(
        word for word in words if "-" in word and word.replace("-", "").isalpha() and word[0] != "-"
    )


def participles(pair: Alignment) -> bool:
    """Who feels it and what brings it about: "bored", "boring"."""
    left, right = pair.left.items, pair.right.items
    for i, j in pair.pairs:
        one, other = left[i].word, right[j].word
        if one.text != other.text and one.base in FEELINGS and one.text[-3:] != other.text[-3:]:
            return True
    return False


def complements(pair: Alignment) -> bool:
    """Verbs that mean another thing before "to" than before "-ing" ("stop to eat")."""
    left, right = pair.left, pair.right
    both = COMPLEMENT_SENSES & left.wordset & right.wordset
    return any(_before_to(left, verb) != _before_to(right, verb) for verb in both)


def _before_to(sketch: Sketch, verb: str) -> bool:
    return any(one == verb and other == "to" for one, other in pairwise(sketch.words))


def acted_upon(pair: Alignment) -> bool:
    """Whom it happens to: "biting itself", "biting me"; "smell", "smell me"."""
    left, right = pair.left, pair.right
    if left.wordset == right.wordset:
        return False
    reflexive = REFLEXIVES & left.wordset, REFLEXIVES & right.wordset
    if reflexive[0] != reflexive[1]:
        return True
    if len(left.items) != len(right.items) or "you" in left.wordset | right.wordset:
        return False  # "to marry me", "to marry you": anybody
    return _objects(left) != _objects(right)


def _objects(sketch: Sketch) -> frozenset[str]:
    """Pronouns that can only be objects, behind the frame; "us" as "me"."""
    found = _ACTED_UPON.intersection(sketch.rest)
    return frozenset("me" if word == "us" else word for word in found)
