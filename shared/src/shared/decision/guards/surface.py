"""Guards on what must be literally equal: numbers, operators, quotations, acronyms, letters."""

from shared.decision.alignment import Alignment
from shared.decision.lexicon.function_words import STOP


def numbers(pair: Alignment) -> bool:
    """The numbers or their order differ ("5 from 10", "10 from 5").

    Alternatives may change places with their numbers: "Python 2 or Python 3".
    """
    left, right = pair.left.numbers, pair.right.numbers
    if left != right:
        return sorted(left) != sorted(right) or not pair.swapped
    if not left:
        return False
    # "How many spoons are in 1 cup", "how many cups are in 1 spoon".
    counted, others = pair.left.counted, pair.right.counted
    return counted != others and bool(counted) and pair.left.groups == pair.right.groups


def operators(pair: Alignment) -> bool:
    """The arithmetic or comparison signs or their order differ."""
    return pair.left.operators != pair.right.operators


def quotes(pair: Alignment) -> bool:
    """A quoted string of one prompt is not found word for word in the other one."""
    left, right = pair.left, pair.right
    if left.quotes == right.quotes:
        return False
    return any(quote not in right.text.lower() for quote in left.quotes - right.quotes) or any(
        quote not in left.text.lower() for quote in right.quotes - left.quotes
    )


def acronyms(pair: Alignment) -> bool:
    """An acronym of one prompt is missing from the other one, in either case.

    Acronyms that are function words in lower case ("IT", "WHO", "US") need capitals on both sides.
    """
    left, right = pair.left, pair.right
    if left.acronyms == right.acronyms:
        return False
    for own, others, words in (
        (left.acronyms, right.acronyms, right),
        (right.acronyms, left.acronyms, left),
    ):
        for acronym in own - others:
            if acronym in STOP or acronym + "s" in others or acronym.removesuffix("s") in others:
                return True  # "HTTP", "HTTPS"
            if acronym not in words.wordset and not _spelt(acronym, words.groups, pair):
                return True
    return False


def characters(pair: Alignment) -> bool:
    """Single letters differ: they are names of things ("plan B", "vitamin C")."""
    last = {*pair.left.words[-1:], *pair.right.words[-1:]}
    if len(last) > 1 and not last.isdisjoint(("a", "i")):
        return True  # at the end neither article nor pronoun: "vitamin A"
    return any(
        len(word) == 1 and word.isalpha() and word not in "ai"
        for word in pair.left.wordset ^ pair.right.wordset
    )


def _spelt(acronym: str, groups: frozenset[str], pair: Alignment) -> bool:
    """Whether the acronym's synonym group is present ("USA", "America")."""
    for sketch in (pair.left, pair.right):
        for item in sketch.items:
            if item.word.text == acronym:
                return item.word.group in groups
    return False
