"""Do two answers say the same? Used to hold a cached answer against a fresh one.

Two good answers to one question share much of their rare words and little of their wording, so the
weighted overlap of their word pieces decides (Jaccard, each piece by its information; measured in
docs/adr/0101). Numbers and a leading yes or no decide only where an answer is short: in a long one
they belong to examples. The comparison errs, in both directions; ``evidence`` knows how often.
"""

import re

from shared.embedding import encoder

COMPARED_TOKENS = 400
"""Of each answer, from its start: bounded work whatever the answer's length."""
LEAST_OVERLAP = 0.14
"""Measured on answers of two models to 368 questions; see the ADR."""
_SHORT_WORDS = 12
_LEAST_SHARED = 0.6
_TELLING = 16  # eighths of a nat: pieces in more than one sentence of seven say nothing
_WORDS = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_YES = frozenset({"yes", "true", "correct"})
_NO = frozenset({"no", "false", "incorrect", "not"})


def same_answer(left: str, right: str) -> bool:
    """True when both texts give the same answer, as far as words and numbers tell."""
    return overlap_suffices(left, right) and not contradicts(left, right)


def overlap_suffices(left: str, right: str) -> bool:
    """Whether enough of what the two texts tell is in both; texts of any length."""
    one, other = _pieces(left), _pieces(right)
    if not one or not other:
        return _words(left) == _words(right) != []
    common = sum(weight for piece, weight in one.items() if piece in other)
    sizes = sum(one.values()), sum(other.values())
    if min(len(_words(left)), len(_words(right))) <= _SHORT_WORDS:
        # "Paris." and "The capital of France is Paris.": all of the shorter one must be there.
        return common / min(sizes) >= _LEAST_SHARED
    return common / (sum(sizes) - common) >= LEAST_OVERLAP


def contradicts(left: str, right: str) -> bool:
    """Short answers with other numbers, or any two that open with yes and with no."""
    a, b = _words(left), _words(right)
    for one, other in ((a, b), (b, a)):
        if not _YES.isdisjoint(one[:2]) and not _NO.isdisjoint(other[:2]):
            return True
    if max(len(a), len(b)) > _SHORT_WORDS:
        return False
    return {word for word in a if word[-1].isdigit()} != {word for word in b if word[-1].isdigit()}


def _words(text: str) -> list[str]:
    return _WORDS.findall(text[: 20 * COMPARED_TOKENS].casefold())


def _pieces(text: str) -> dict[int, int]:
    """Word pieces that tell something, with their information in eighths of a nat."""
    embedding = encoder()
    information = embedding.table.information
    tokens = embedding.tokenize(text[: 20 * COMPARED_TOKENS])[:COMPARED_TOKENS]
    return {token: information[token] for token in tokens if information[token] > _TELLING}
