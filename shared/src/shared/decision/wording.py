"""From text to comparable words: contractions opened, numbers and phrases in one spelling."""

import re

from shared.decision.lexicon.index import Lexicon, Phrase, PhraseIndex
from shared.decision.numbers import SCALES, WORDS, joined

_TOKENS = re.compile(
    r"(?<![\w)])-\d+(?:[.,]\d+)*[a-z%]*|[^\W_]+-[a-z](?![^\W_])|[a-z]\+\+|[cf]#|\d+(?:[.,]\d+)*[a-z%]*|[^\W_]+(?:\.[^\W_]+)*|[-+*/=<>^%$€£₹&@]"
).findall
# Most prompts consist of letters, spaces and these: no need of the care that ``_TOKENS`` takes.
_SEPARATORS = str.maketrans("?,!", "   ")
_QUOTES = str.maketrans("’‘ʼ`“”«»", "''''\"\"\"\"")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}\b)")
_CONTRACTIONS = (
    ("can't", "can not"), ("cannot", "can not"), ("won't", "will not"), ("shan't", "shall not"),
    ("ain't", "is not"), ("n't", " not"), ("i'm", "i am"), ("'re", " are"), ("'ve", " have"),
    ("'ll", " will"), ("'d ", " would "), ("what's", "what is"), ("whats ", "what is "),
    ("how's", "how is"), ("who's", "who is"), ("where's", "where is"), ("when's", "when is"),
    ("why's", "why is"), ("hows ", "how is "),
    ("that's", "that is"), ("it's", "it is"), ("there's", "there is"), ("let's", "let us"),
    ("'s ", " "), ("s' ", "s "),
)  # fmt: skip
_MISSPELT_NEGATIONS = {
    "dont": "do not", "doesnt": "does not", "didnt": "did not", "cant": "can not",
    "wont": "will not", "isnt": "is not", "arent": "are not", "wasnt": "was not",
    "shouldnt": "should not", "couldnt": "could not", "wouldnt": "would not",
    "havent": "have not", "hasnt": "has not", "hadnt": "had not", "werent": "were not",
}  # fmt: skip
_REPLACED = frozenset(WORDS) | frozenset(_MISSPELT_NEGATIONS) | frozenset(SCALES)
# "the world's tallest building" is the tallest one in the world.
_OF_THE_WORLD = re.compile(r"\bworld's (?=(?:[a-z]+est|most|best|worst)\b)").sub
_CLAUSE = re.compile(
    r"^\s*((?:in|on|for|with|at|during|if|when|as|using|after|before|while|from)\s[^,?.!;]{2,60}),\s+"
    r"((?:what|how|why|who|where|when|which|is|are|do|does|did|can|could|should|will|was|were)\s.+)$",
    re.IGNORECASE | re.DOTALL,
).match


def words_of(text: str) -> list[str]:
    """Lower-case words, numbers and operators of a prompt, in order."""
    moved = _CLAUSE(text) if "," in text else None
    if moved:  # "In Python, how do I …?" asks what "How do I … in Python?" asks.
        text = f"{moved[2].rstrip(' ?.!')} {moved[1]}"
    straight = text if text.isascii() and "`" not in text else text.translate(_QUOTES)
    low = straight.lower() + " "
    if "world's" in low:
        low = _OF_THE_WORLD("globally ", low)
    if "'" in low or "cannot" in low or "whats " in low:
        for short, long in _CONTRACTIONS:
            low = low.replace(short, long)
    if "°" in low:
        low = low.replace("°c", " celsius").replace("°f", " fahrenheit")
    plain = low.translate(_SEPARATORS).split()
    letters = "".join(plain)
    if letters.isascii() and letters.isalpha() and _REPLACED.isdisjoint(plain):
        return plain
    low = low.replace(" & ", " and ")
    if "," in low:
        low = _THOUSANDS.sub("", low)
    words: list[str] = []
    for found in _TOKENS(low):
        opened = _MISSPELT_NEGATIONS.get(found)
        if opened:
            words += opened.split()
        elif found != "-":
            words.append(found.rstrip(".,"))
    return joined(words)


def shortened(words: list[str], lexicon: Lexicon) -> list[str]:
    """Multi-word expressions replaced by their short wording."""
    index = lexicon.phrases
    known = lexicon.words
    forms = [known[word].phrase_form for word in words]
    out: list[str] = []
    done = 0  # words before it are in ``out``
    for start in [place for place, form in enumerate(forms) if form in index]:
        found = _match(index, forms, start) if start >= done else None
        if found is not None:
            out += words[done:start]
            out += found[1]
            done = start + len(found[0])
    return out + words[done:] if done else words


def without_lead(words: list[str], index: PhraseIndex) -> list[str]:
    """Drops openings such as "could you please tell me"; never drops the whole prompt."""
    while words:
        found = _match(index, words, 0)
        if found is None or len(found[0]) >= len(words):
            return words
        words = words[len(found[0]) :]
    return words


def framed(words: list[str], index: PhraseIndex) -> tuple[str, list[str]]:
    """The frame of a question ("" when none is known) and the words after it."""
    found = _match(index, words, 0) if words else None
    if found is None or len(found[0]) >= len(words):
        return "", words
    return " ".join(found[1]), words[len(found[0]) :]


def _match(index: PhraseIndex, words: list[str], place: int) -> Phrase | None:
    """The longest phrase that starts at a place."""
    seconds = index.get(words[place])
    if seconds is None:
        return None
    if place + 1 < len(words):
        for length, phrases in seconds.get(words[place + 1], ()):
            found = phrases.get(tuple(words[place : place + length]))
            if found is not None:
                return found
    for _, phrases in seconds.get("", ()):
        return phrases[(words[place],)]
    return None
