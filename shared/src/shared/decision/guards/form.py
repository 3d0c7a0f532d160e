"""Guards on the small forms of a word that make another word, or another role, of it."""

from shared.decision.alignment import Alignment
from shared.decision.lexicon.forms import ARTICLE_SENSES, PLURAL_SENSES
from shared.decision.sketch import Sketch

_INDEFINITE = frozenset({"a", "an"})
_ARTICLES = _INDEFINITE | {"the"}
_LONGEST_SIGN = 5
_PUNCTUATION = str.maketrans(dict.fromkeys('?.!,;:"', " "))


def inflection(pair: Alignment) -> bool:
    """One has what was done and one what does it ("bored", "boring"; "iced", "icing")."""
    left, right = pair.left.items, pair.right.items
    endings = (
        {left[i].word.text[-3:], right[j].word.text[-3:]}
        for i, j in pair.pairs
        if left[i].word.text != right[j].word.text
    )
    return any("ing" in found and any(one.endswith("ed") for one in found) for found in endings)


def marks(pair: Alignment) -> bool:
    """A capital or hyphen alone differs ("Mercury", "mercury"; "five-dollar bills")."""
    one, other = _marked(pair.left.text), _marked(pair.right.text)
    if one == other or _bare(one) != _bare(other):
        return False
    if one.count("-") == other.count("-") and one.casefold() != other.casefold():
        return True  # "twenty five-dollar bills", "twenty-five dollar bills"
    words = list(zip(one.split(), other.split(), strict=False))
    changed = [place for place, (a, b) in enumerate(words) if a != b]
    if len(changed) != 1 or not (one[:1].isupper() and other[:1].isupper()):
        return False
    place = changed[0]
    # "usa", "USA" are one, and beside another capital it is a headline's: "New Year Resolution".
    return place > 0 and not any(map(str.isupper, words[place])) and words[place - 1][0].islower()


def _marked(text: str) -> str:
    return " ".join(text.translate(_PUNCTUATION).split())


def _bare(text: str) -> str:
    return text.replace("-", "").replace(" ", "").casefold()


def articles(pair: Alignment) -> bool:
    """An article or plural makes another thing ("iron", "an iron"; "weight", "weights")."""
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


def letter_case(pair: Alignment) -> bool:
    """Short signs differ in case alone ("mW", "MW"; "-o", "-O")."""
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
