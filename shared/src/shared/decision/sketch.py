"""What a prompt says, in the form in which two prompts are compared."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from shared.decision.lexicon.function_words import (
    COORDINATING,
    LINKS,
    MODALS,
    NEGATIONS,
    PERSONS,
    POSSESSIVES,
    STOP,
    STRICT_WORDS,
)
from shared.decision.lexicon.index import Lexicon, Word
from shared.decision.question import (
    AUXILIARIES,
    BE,
    CLAUSE_STARTS,
    EMPTY,
    PERSON_WORDS,
    WH,
    question,
)
from shared.decision.wording import shortened, without_lead, words_of

_RAW = re.compile(r"[^\W_]+|[.?!:]").findall
_QUOTED = re.compile(
    r'"([^"]{1,200})"|“([^”]{1,200})”|`([^`]{1,200})`|(?<!\w)[\'‘]([^\'’]{2,200})[\'’](?!\w)'
).findall
_QUOTE_SIGNS = "\"'`“”‘’"
_ACRONYMS = re.compile(r"(?<![\w])[A-Z][A-Z0-9&+#/]{0,5}(?![\w])").findall
_PRONOUNS = PERSON_WORDS - POSSESSIVES
_MODAL_WORDS = frozenset(MODALS)
_PASSIVE = BE | {"be", "been", "being", "get", "gets", "getting", "got"}
_SOMEONE = frozenset({"someone", "somebody", "person"})
_MINE = frozenset({"my", "your", "our"})  # anybody's, in instructions
_DETERMINERS = frozenset({"a", "an", "the", "my", "your", "our", "his", "her", "their"})
_DANGLING = frozenset({"about", "against", "by", "from", "with"})
_OF_TIME = frozenset({"how long", "how long is", "how many", "how much", "how often", "where"})
_ARITHMETIC = re.compile(r"[\d)]\s*[-+*/x×÷^]\s*[\d(]").search
_BETWEEN = frozenset({"difference", "differences"})
# Frames whose "if" and "would" belong to the frame.
CONDITIONAL_FRAMES = frozenset({"what would happen if", "what should do if"})


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

    ``words``, ``frame``, ``past`` and ``gives_reasons`` are the ``Question``'s. ``wordset``: the
    different words. ``numbers``: words with a digit, in order. ``operators``: arithmetic and
    comparison signs, in order. ``quotes``: quoted strings, in lower case. ``acronyms``: words all
    in capitals, in lower case.
    """

    def __init__(self, text: str, lexicon: Lexicon) -> None:
        asked = question(without_lead(shortened(words_of(text), lexicon), lexicon.leads), lexicon)
        words, rest = asked.words, asked.rest
        self.text = text
        self.words = words
        self.frame = asked.frame
        self.past = asked.past
        self.gives_reasons = asked.gives_reasons
        self.wordset = wordset = frozenset(words)
        self.numbers: list[str] = []
        self.operators: list[str] = []
        if not "".join(words).isalpha():
            self.numbers = [word for word in rest if any(map(str.isdigit, word))]
            self.operators = [word for word in words if word in "+-*/=<>^%&"]
            if "(" in text and _ARITHMETIC(text):
                self.operators += [sign for sign in text if sign in "()"]
        if "~" in text:
            self.operators.append("~")
        if not text.isascii():
            self.operators += _symbols(text)
        self.quotes = _NOTHING
        if sum(map(text.count, _QUOTE_SIGNS)) > 1:
            self.quotes = _quotes(text)
        self._sentence_case = _sentence_case(text)
        self.acronyms = _NOTHING if self._sentence_case else _acronyms(text, wordset)
        self._rest = rest
        self._lexicon = lexicon

    @property
    def rest(self) -> list[str]:
        """The words that the frame leaves."""
        return self._rest

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
        # Words that are part of the question frame do not count: the "if" of "what happens if"
        # ("what happens when" asks the same), the "most" of "the most effective way to", the
        # "many" of "how many people live in".
        own = self.frame in CONDITIONAL_FRAMES or self.frame in ("how", "population")
        words = self._rest if own else self.wordset
        found = STRICT_WORDS.intersection(words)
        return found | {"like"} if "like" in self._rest else found

    @property
    def only_before_owner(self) -> bool:
        """ "Only my son", not "my only son"."""
        return any(one == "only" and other in POSSESSIVES for one, other in pairwise(self.words))

    @cached_property
    def persons(self) -> frozenset[str]:
        """Grammatical persons, first and second ones singular."""
        return frozenset(PERSONS[word] for word in self.wordset & PERSON_WORDS)

    @cached_property
    def roles(self) -> list[str]:
        """Grammatical persons in the order in which they are named."""
        return [PERSONS[word] for word in self._rest if word in PERSONS]

    @cached_property
    def self_description(self) -> bool:
        """ "I am", "are you" and the like."""
        if self.persons.isdisjoint(("i", "you")) or BE.isdisjoint(self.wordset):
            return False
        return any(
            (one in BE and PERSONS.get(other) in ("i", "you"))
            or (other in BE and PERSONS.get(one) in ("i", "you"))
            for one, other in pairwise(self.words)
        )

    @cached_property
    def modals(self) -> frozenset[str]:
        """Modal verbs, "could" as "can"."""
        words = self._rest if self.frame in CONDITIONAL_FRAMES else self.wordset
        return frozenset(MODALS[word] for word in _MODAL_WORDS.intersection(words))

    @property
    def been(self) -> bool:
        """Whether "been" is there."""
        return "been" in self.wordset

    @cached_property
    def asides(self) -> frozenset[str]:
        """Question words after the frame, a final "and why" aside."""
        return WH.intersection(self._rest) - {"which", "what"}

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
        # The helper of "how is bread kept fresh" is in its frame.
        framed = self.frame == "how is"
        if not framed and _PASSIVE.isdisjoint(self._rest):
            return _NOTHING
        return frozenset(
            self._lexicon.words[word].group
            for helper, word in pairwise(self._rest)
            if (framed or helper in _PASSIVE)
            and not word.endswith("ing")
            and self._lexicon.participle(word)
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
    def other_people(self) -> bool:
        """ "Someone" and the like, behind the frame."""
        return not _SOMEONE.isdisjoint(self._rest)

    @cached_property
    def to_someone(self) -> bool:
        """ "Someone" behind a preposition: "the worst thing you have done to someone"."""
        return self.other_people and any(
            link in LINKS and word in _SOMEONE for link, word in pairwise(self._rest)
        )

    @cached_property
    def owned(self) -> bool:
        """Whether somebody's own is asked about: "my account"."""
        return not POSSESSIVES.isdisjoint(self._rest)

    @cached_property
    def purpose(self) -> bool:
        """ "What is a pivot cup for": ends in a preposition with nothing behind it."""
        return self.frame == "what" and self._rest[-1:] == ["for"] and not self.modals

    @cached_property
    def dangling(self) -> str:
        """A preposition that ends the prompt, "by" and the like, or stands before the person that
        does ("laugh at someone"), or ""."""
        if len(self._rest) > 1 and self._rest[-1] in _SOMEONE:
            return self._rest[-2] if self._rest[-2] in LINKS else ""
        return self._rest[-1] if self._rest and self._rest[-1] in _DANGLING else ""

    @cached_property
    def to_a_thing(self) -> bool:
        """ "To the toilet": no verb."""
        return any(to == "to" and other in _DETERMINERS for to, other in pairwise(self._rest))

    @cached_property
    def perfect(self) -> bool:
        """ "How long have dogs lived", not "how long do dogs live"."""
        return self._rest[:1] in (["have"], ["has"]) and self.frame in _OF_TIME

    @cached_property
    def counted(self) -> list[str]:
        """The group behind each number: of what it is the number."""
        items = self.items
        return [
            later.word.group for item, later in pairwise(items) if item.word.text in self.numbers
        ]

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """Group -> where in ``items`` it stands."""
        found: dict[str, list[int]] = {}
        for position, item in enumerate(self.items):
            found.setdefault(item.word.group, []).append(position)
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
    helped = not AUXILIARIES.keys().isdisjoint([*before, *frame.split()])
    infinitive = words[place + 1 : place + 2] == ["to"]
    # Behind "and" only its own member is negated: "to be ill and not be insane".
    clause = not (CLAUSE_STARTS | COORDINATING).isdisjoint(before)
    return place if helped and not infinitive and not clause else -1


def _canon(frame: str, words: list[str], lexicon: Lexicon) -> list[str]:
    """Frame and words in one spelling: synonyms by group, articles and forms of "be" left out."""
    out = [frame]
    known = lexicon.words
    anybody = frame == "how"
    for text in words:
        if text in EMPTY or (anybody and text in _MINE):
            continue
        role = PERSONS.get(text)
        if role in ("i", "you"):
            out.append("one")
        else:
            out.append(text if text in STOP or text in LINKS else known[text].group)
    return out


def _symbols(text: str) -> list[str]:
    """Signs beyond ASCII ("≈", "☮"), in order; units and currencies are words by then."""
    signs = (sign for sign in text if not sign.isascii() and sign not in "°€£₹")
    return [sign for sign in signs if unicodedata.category(sign) in ("Sm", "So")]


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
