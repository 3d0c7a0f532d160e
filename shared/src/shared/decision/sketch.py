"""What a prompt says, in the form in which two prompts are compared."""

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from shared.decision.lexicon.function_words import (
    LINKS,
    MODALS,
    NEGATIONS,
    PERSONS,
    POSSESSIVES,
    STOP,
    STRICT_WORDS,
)
from shared.decision.lexicon.index import Lexicon, Word
from shared.decision.wording import framed, shortened, without_lead, words_of

_RAW = re.compile(r"[^\W_]+|[.?!:]").findall
_QUOTED = re.compile(
    r'"([^"]{1,200})"|“([^”]{1,200})”|`([^`]{1,200})`|(?<!\w)[\'‘]([^\'’]{2,200})[\'’](?!\w)'
).findall
_QUOTE_SIGNS = "\"'`“”‘’"
_ACRONYMS = re.compile(r"(?<![\w])[A-Z][A-Z0-9&+#/]{0,5}(?![\w])").findall
_AUXILIARIES = {
    "is": "is", "are": "is", "was": "was", "were": "was", "am": "is", "do": "do", "does": "do",
    "did": "did", "has": "have", "have": "have", "had": "had",
} | MODALS  # fmt: skip
_PERSON_WORDS = frozenset(PERSONS)
_PRONOUNS = _PERSON_WORDS - POSSESSIVES
_MODAL_WORDS = frozenset(MODALS)
_BE = frozenset({"am", "are", "is", "was", "were"})
_PASSIVE = _BE | {"be", "been", "being", "get", "gets", "getting", "got"}
_BETWEEN = frozenset({"difference", "differences"})
_PAST = frozenset({"was", "were", "did", "had"})
_CLAUSE_STARTS = frozenset({"who", "that", "which", "if", "when", "to", "because", "while"})
_EMPTY = frozenset({"a", "an", "the", "some", "any", "is", "are", "am", "be", "do", "does"})
_WH = frozenset({"what", "which", "who", "whom", "whose", "when", "where", "why", "how"})


_NOTHING: frozenset[str] = frozenset()


@dataclass(slots=True)
class Item:
    """A content word in its place, and the link words between it and the one before."""

    word: Word
    links: frozenset[str]


class Sketch:
    """Comparable parts of one prompt.

    What the first guards compare is read at once; the rest when a guard first asks for it, because
    they refuse most candidates.

    ``words``: all but an opening that asks nothing. ``wordset``: the different ones. ``numbers``:
    words with a digit, in order. ``operators``: arithmetic and comparison signs, in order.
    ``quotes``: quoted strings, in lower case. ``acronyms``: words all in capitals, in lower case.
    """

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        words = without_lead(shortened(words_of(text), lexicon), lexicon.leads)
        frame, rest = _active(*_frame(words, lexicon), lexicon)
        self.text = text
        self.words = words
        self.frame = frame
        self.wordset = wordset = frozenset(words)
        self.numbers: list[str] = []
        self.operators: list[str] = []
        if not "".join(words).isalpha():
            self.numbers = [word for word in rest if any(map(str.isdigit, word))]
            self.operators = [word for word in words if word in "+-*/=<>^%&"]
        self.quotes = _NOTHING
        if sum(map(text.count, _QUOTE_SIGNS)) > 1:
            self.quotes = _quotes(text)
        self._sentence_case = _sentence_case(text)
        self.acronyms = _NOTHING if self._sentence_case else _acronyms(text, wordset)
        self._rest = rest
        self._lexicon = lexicon

    @cached_property
    def names(self) -> frozenset[str]:
        """Groups of words capitalised inside a sentence."""
        return _NOTHING if self._sentence_case else _names(self.text, self._lexicon)

    @cached_property
    def negations(self) -> int:
        """How many words negate."""
        if NEGATIONS.isdisjoint(self.wordset):
            return 0
        return sum(word in NEGATIONS for word in self.words)

    @cached_property
    def strict(self) -> frozenset[str]:
        """Words of quantity, order, exclusion and comparison; "like" outside of the frame."""
        found = self.wordset & STRICT_WORDS
        return found | {"like"} if "like" in self._rest else found

    @cached_property
    def persons(self) -> frozenset[str]:
        """Grammatical persons, first and second ones singular."""
        return frozenset(PERSONS[word] for word in self.wordset & _PERSON_WORDS)

    @cached_property
    def roles(self) -> list[str]:
        """Grammatical persons in the order in which they are named."""
        return [PERSONS[word] for word in self._rest if word in PERSONS]

    @cached_property
    def self_description(self) -> bool:
        """ "I am", "are you" and the like."""
        if self.persons.isdisjoint(("i", "you")) or _BE.isdisjoint(self.wordset):
            return False
        return any(
            (one in _BE and PERSONS.get(other) in ("i", "you"))
            or (other in _BE and PERSONS.get(one) in ("i", "you"))
            for one, other in pairwise(self.words)
        )

    @cached_property
    def modals(self) -> frozenset[str]:
        """Modal verbs, "could" as "can"."""
        return frozenset(MODALS[word] for word in self.wordset & _MODAL_WORDS)

    @property
    def past(self) -> bool:
        """An auxiliary in the past tense."""
        return not self.wordset.isdisjoint(_PAST)

    @property
    def been(self) -> bool:
        """Whether "been" is there."""
        return "been" in self.wordset

    @cached_property
    def asides(self) -> frozenset[str]:
        """Question words after the frame."""
        return _WH.intersection(self._rest) - {"which", "what"}

    @cached_property
    def _content(self) -> tuple[list[Item], frozenset[str]]:
        return _items(self.frame, self._rest, self._lexicon)

    @property
    def items(self) -> list[Item]:
        """The content words."""
        return self._content[0]

    @property
    def negated(self) -> frozenset[str]:
        """Groups that are negated; "*" is the whole sentence."""
        return self._content[1]

    @cached_property
    def groups(self) -> frozenset[str]:
        """Synonym classes of the content words."""
        return frozenset(item.word.group for item in self.items)

    @cached_property
    def passives(self) -> frozenset[str]:
        """Groups of the participles behind a form of "be" or "get": "to be loved"."""
        if _PASSIVE.isdisjoint(self._rest):
            return _NOTHING
        return frozenset(
            self._lexicon.words[word].group
            for helper, word in pairwise(self._rest)
            if helper in _PASSIVE and not word.endswith("ing") and self._lexicon.participle(word)
        )

    @cached_property
    def pronouns(self) -> list[int]:
        """For each personal pronoun after the frame, how many content words stand before it."""
        if _PRONOUNS.isdisjoint(self._rest):
            return []
        known = self._lexicon.words
        found: list[int] = []
        before = 0
        for word in self._rest:
            if word in _PRONOUNS:
                found.append(before)
            else:
                before += known[word].item
        return found

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Group -> where in ``items`` it stands."""
        found: dict[str, list[int]] = {}
        for place, item in enumerate(self.items):
            found.setdefault(item.word.group, []).append(place)
        return found

    @cached_property
    def between(self) -> tuple[list[str], list[str], list[str]] | None:
        """In "between A and B": groups before, of A and of B; None without exactly two.

        The lexicon shortens "difference between" to "difference".
        """
        groups = [item.word.group for item in self.items]
        starts = [
            place
            for place, item in enumerate(self.items)
            if "between" in item.links or (place and self.items[place - 1].word.text in _BETWEEN)
        ]
        if len(starts) != 1:
            return None
        later = range(starts[0] + 1, len(groups))
        second = [place for place in later if self.items[place].links]
        if len(second) != 1 or self.items[second[0]].links != {"and"}:
            return None
        return groups[: starts[0]], groups[starts[0] : second[0]], groups[second[0] :]

    @cached_property
    def canon(self) -> list[str]:
        """Frame and words in one spelling, for the pair model."""
        return _canon(self.frame, self._rest, self._lexicon)

    @cached_property
    def canon_words(self) -> frozenset[str]:
        """The different parts of ``canon``."""
        return frozenset(self.canon)

    @cached_property
    def canon_bigrams(self) -> frozenset[tuple[str, str]]:
        """Neighbours in ``canon``."""
        return frozenset(pairwise(self.canon))

    @cached_property
    def canon_trigrams(self) -> frozenset[tuple[str, str, str]]:
        """Three letters in a row of ``canon``, its parts joined by a space."""
        run = " ".join(self.canon)
        return frozenset(zip(run, run[1:], run[2:], strict=False))


def _frame(words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """The frame of a question and the words that it leaves."""
    frame, rest = framed(words, lexicon.frames)
    if frame:
        return _completed(frame, rest)
    first = words[0] if words else ""
    if first in _AUXILIARIES and len(words) > 1:
        return "? " + _AUXILIARIES[first], words[1:]
    if first == "how" and words[1:2] and words[1] in MODALS and "be" in words[3:-1]:
        # "How can X be installed on Y?" asks "How do I install X on Y?".
        place = words.index("be", 3)
        if _participle(words[place + 1], lexicon) and "by" not in words:
            return "how", [words[place + 1], *words[2:place], *words[place + 2 :]]
    if first == "how" and words[-1] == "differ" and words[1] in ("do", "does"):
        return "what", ["difference", *words[2:-1]]  # "how do cats and dogs differ"
    if first == "how":
        return "how does", words[1:]  # asks for an explanation, not for instructions
    if first in _WH:
        return first, words[1:]
    # "in which city …", "at what age …": a question word behind a preposition.
    for place, word in enumerate(words[1:4], 1):
        if word in _WH and words[0] in LINKS:
            return f"{words[0]} {word}", words[:place] + words[place + 1 :]
    return "", words


def _completed(frame: str, rest: list[str]) -> tuple[str, list[str]]:
    """Frames that a later word decides: "how much does … cost", "what does … mean"."""
    last, more = rest[-1], len(rest) > 1
    if frame == "cost-verb":
        return ("cost", rest[:-1]) if last in ("cost", "costs") else ("how much", rest)
    if frame == "what does" and last in ("mean", "means", "signify"):
        return "mean", rest[:-1]
    if frame == "what does" and "mean" in rest[1:-1] and rest[rest.index("mean") + 1] in LINKS:
        place = rest.index("mean")  # "what does inflation mean in economics"
        return "mean", rest[:place] + rest[place + 1 :]
    if frame == "what does" and rest[-2:] == ["stand", "for"]:
        return "mean", rest[:-2]
    if frame.startswith("where") and last == "located" and more:
        return frame, rest[:-1]
    if frame == "what" and more and _superlative(rest):
        place = next(place for place, word in enumerate(rest) if word in _BE)
        return frame, rest[place + 1 :] + rest[:place]  # "which ocean is the largest"
    if frame == "what" and rest[0] == "how" and more:
        return "how does", rest[1:]  # "explain how … works"
    return frame, rest


# Frame of a passive question -> frame of the same question in the active voice.
_ACTIVE_FRAMES = {
    "? is": "? do", "? was": "? did", "? were": "? did", "how is": "how does", "who was": "who was",
    "when was": "when was", "where was": "where was", "what was": "what was", "why": "why",
}  # fmt: skip


def _active(frame: str, words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """Puts "was X verb-ed by Y" into the active order "did Y verb X"; others stay as they are."""
    if frame in ("? can", "? should") and "be" in words[1:-1] and "by" not in words:
        # "should tomatoes be refrigerated" asks "should I refrigerate tomatoes".
        place = words.index("be", 1)
        if lexicon.participle(words[place + 1]) and _PERSON_WORDS.isdisjoint(words[:place]):
            return frame, [words[place + 1], *words[:place], *words[place + 2 :]]
    if frame not in _ACTIVE_FRAMES or "by" not in words[2:]:
        return frame, words
    place = words.index("by", 2)
    verb = words[place - 1]
    agent, patient = words[place + 1 :], words[: place - 1]
    # "… by Y in Z": where the agent ends is not known.
    if not _participle(verb, lexicon) or any(word in LINKS for word in agent):
        return frame, words
    return _ACTIVE_FRAMES[frame], [*agent, verb, *patient]


def _superlative(rest: list[str]) -> bool:
    """Whether a thing and its superlative stand about a form of "be", and nothing else."""
    places = [place for place, word in enumerate(rest) if word in _BE]
    if len(places) != 1 or not 0 < places[0] < len(rest) - 1 or rest[0] in _EMPTY:
        return False
    behind = [word for word in rest[places[0] + 1 :] if word != "the"]
    if behind[:1] == ["most"]:
        return len(behind) == 2
    return len(behind) == 1 and (behind[0].endswith("est") or behind[0] == "worst")


def _participle(word: str, lexicon: Lexicon) -> bool:
    return word.endswith("ed") or (lexicon.base(word) != word and not word.endswith("s"))


def _items(frame: str, words: list[str], lexicon: Lexicon) -> tuple[list[Item], frozenset[str]]:
    """Content words with their links, and the groups that are negated.

    A negated auxiliary negates the sentence ("*"): "why don't cats like", "why do cats not like".
    """
    items: list[Item] = []
    negated: set[str] = set()
    links: set[str] = set()
    pending = False
    known = lexicon.words
    sentence = _sentence_negation(frame, words)
    for place, text in enumerate(words):
        word = known[text]
        if word.negates:
            if place == sentence:
                negated.add("*")
            else:
                pending = True
            continue
        if word.links:
            links.add(text)
        if not word.item:
            continue
        items.append(Item(word, frozenset(links) if links else _NOTHING))
        if pending:
            negated.add(word.group)
        links.clear()
        pending = False
    return items, frozenset(negated)


def _sentence_negation(frame: str, words: list[str]) -> int:
    """Place of the "not" that negates the whole question, or -1."""
    if "not" not in words:
        return -1
    place = words.index("not")
    before = words[:place]
    helped = not _AUXILIARIES.keys().isdisjoint([*before, *frame.split()])
    infinitive = words[place + 1 : place + 2] == ["to"]
    clause = not _CLAUSE_STARTS.isdisjoint(before)
    return place if helped and not infinitive and not clause else -1


def _canon(frame: str, words: list[str], lexicon: Lexicon) -> list[str]:
    """Frame and words in one spelling: synonyms by group, articles and forms of "be" left out."""
    out = [frame]
    known = lexicon.words
    for text in words:
        if text in _EMPTY:
            continue
        role = PERSONS.get(text)
        if role in ("i", "you"):
            out.append("one")
        else:
            out.append(text if text in STOP or text in LINKS else known[text].group)
    return out


def _quotes(text: str) -> frozenset[str]:
    parts = (next(part for part in found if part) for found in _QUOTED(text))
    return frozenset(part.lower() for part in parts)


def _sentence_case(text: str) -> bool:
    """No capital but the first letter and "I": neither acronym nor name."""
    rest = text[1:]
    if not rest.islower():
        rest = rest.replace(" I ", " i ")
    return rest.islower() and rest[0].islower()


def _acronyms(text: str, wordset: frozenset[str]) -> frozenset[str]:
    found = (acronym.lower() for acronym in _ACRONYMS(text) if acronym not in ("I", "A"))
    return wordset.intersection(found)


def _names(text: str, lexicon: Lexicon) -> frozenset[str]:
    """Groups of words capitalised inside a sentence; none when the text is in title case."""
    found: set[str] = set()
    start = True
    capitals = smalls = 0
    for raw in _RAW(text):
        if raw in ".?!:":
            start = True
            continue
        if raw[0].isupper():
            capitals += 1
            if (not start or (len(raw) > 1 and raw.isupper())) and raw != "I":
                found.add(lexicon.word(raw.lower()).group)
        else:
            smalls += raw.lower() not in STOP
        start = False
    return frozenset() if capitals > 4 and not smalls else frozenset(found)
