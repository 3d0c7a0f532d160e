"""Do two answers say the same? Used to check a semantic hit against a fresh answer.

Cautious: what cannot be told apart with confidence counts as different, so that doubt closes the
cache instead of opening it.
"""

import re
from collections import Counter

from shared.embedding import encoder

_WORDS = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_NUMBER = re.compile(r"\d")
_SHORT_WORDS = 12
_COMPARED_TOKENS = 200
_MOST_DISTANCE = 60
"""Of 256 bits; answers of one model to the same question are typically 20 to 50 apart."""
_POLAR = frozenset({"yes", "no", "not", "never", "false", "true", "cannot"})


def same_answer(left: str, right: str) -> bool:
    """True when both texts give the same answer, as far as words and numbers tell."""
    a, b = _words(left), _words(right)
    if a == b:
        return True
    if not a or not b or not _agree_on_numbers(a, b) or _polarity(a) != _polarity(b):
        return False
    if min(len(a), len(b)) <= _SHORT_WORDS:
        shared = sum((Counter(a) & Counter(b)).values())
        return shared / max(len(a), len(b)) >= 0.8
    embedding = encoder()
    codes = []
    for text in (left, right):
        tokens = embedding.tokenize(text)[:_COMPARED_TOKENS]
        codes.append(embedding.code_of_total(embedding.total(tokens), len(tokens)))
    return (codes[0] ^ codes[1]).bit_count() <= _MOST_DISTANCE


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def _agree_on_numbers(a: list[str], b: list[str]) -> bool:
    """Numbers in common at least half of all: a longer answer may name more of them."""
    one = {word for word in a if _NUMBER.search(word)}
    other = {word for word in b if _NUMBER.search(word)}
    return not (one | other) or len(one & other) * 2 >= len(one | other)


def _polarity(words: list[str]) -> frozenset[str]:
    """The yes or no with which an answer opens."""
    return _POLAR.intersection(words[:3])
