"""A light stemmer: plural, -ing, -ed and a final e, and no more.

Stronger stemmers (Porter) merge words with different meanings ("universe", "university").
"""

# ruff: noqa: SIM905 -- word lists read better as running text

_LONG = 5
# Their "s" makes another word of them, or belongs to it.
_OWN_S = frozenset(
    "contents customs damages economics glasses goods headquarters https mathematics news pants "
    "physics premises savings scales series shorts species spectacles spirits woods".split()
)


def stem(word: str) -> str:
    """Base of a lower-case word; words with digits and short words stay as they are."""
    size = len(word)
    if size < 4 or not word.isalpha() or word in _OWN_S:
        return word
    if word.endswith("ies") and size > 4:
        return word[:-3] + "y"
    if word.endswith("ied") and size > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    size = len(word)
    if size > _LONG and word.endswith("ing"):
        word = word[:-3]
    elif size > 4 and word.endswith("ed") and not word.endswith("eed"):
        word = word[:-2]
    if len(word) > 3 and word.endswith("e"):
        return word[:-1]
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsaiou":
        return word[:-1]
    return word
