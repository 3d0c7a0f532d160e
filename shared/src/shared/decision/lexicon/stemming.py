"""A light stemmer: plural, -ing, -ed and a final e, and no more.

Stronger stemmers (Porter) merge words with different meanings ("universe", "university").
"""

_LONG = 5


def stem(word: str) -> str:
    """Base of a lower-case word; words with digits and short words stay as they are."""
    size = len(word)
    if size < 4 or not word.isalpha():
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
