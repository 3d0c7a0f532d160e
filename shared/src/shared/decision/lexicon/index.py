"""Indexes over the word lists: base forms, synonym classes, contrasts, phrases, frames."""

from collections.abc import Iterable, Iterator
from functools import lru_cache

from shared.decision.lexicon import contrasts, irregular, phrases, synonyms
from shared.decision.lexicon.function_words import (
    FILLERS,
    LIGHT,
    LINKS,
    NEGATIONS,
    STOP,
    STRICT_WORDS,
)
from shared.decision.lexicon.stemming import stem
from shared.decision.numbers import WORDS as NUMBER_WORDS
from shared.embedding import MAX_TOKENS, Encoder, encoder

_REMEMBERED = 20_000
_EDGES = "?.,!;:()\"'“”‘’"
_COMMON = 2.0  # nats: in more than one sentence of seven
_UNKNOWN_INFORMATION = 11.0  # nats; a word in several pieces is rare
# Their participle is part of a fixed phrase ("used to", "going to").
_OWN_FORM = frozenset({"used", "going", "located", "supposed", "getting"})

Phrase = tuple[tuple[str, ...], tuple[str, ...]]
"""Wording, and the shorter wording that it is compared as."""
PhraseIndex = dict[str, dict[str, list[tuple[int, dict[tuple[str, ...], Phrase]]]]]
"""First word, second word ("" for phrases of one word) -> phrases by length, longest first."""


class Word:
    """What is known about one lower-case word, whatever the sentence."""

    __slots__ = (
        "_code",
        "_encoder",
        "_tokens",
        "base",
        "common",
        "content",
        "filler",
        "group",
        "information",
        "item",
        "light",
        "links",
        "negates",
        "phrase_form",
        "sets",
        "tells",
        "text",
    )

    def __init__(self, text: str, lexicon: "Lexicon") -> None:
        self.text = text
        self.base = lexicon.base(text)
        self.phrase_form = lexicon.phrase_form(text)
        self.group = lexicon.groups.get(self.base, self.base)
        self.negates = text in NEGATIONS
        self.links = text in LINKS and not self.negates
        self.content = text not in STOP and not self.negates
        # Link words of quantity and order are content too: without one it is another question.
        self.item = self.content and (text not in LINKS or text in STRICT_WORDS)
        self.filler = text in FILLERS or self.base in lexicon.fillers
        self.light = text in LIGHT
        self.sets = lexicon.sets.get(self.base, frozenset())
        tokens = lexicon.encoder.tokenize(text) or lexicon.encoder.tokenize("?")
        table = lexicon.encoder.table
        known = len(tokens) == 1
        self.information = table.information[tokens[0]] / 8 if known else _UNKNOWN_INFORMATION
        self.common = self.information < _COMMON
        # Carries a meaning of its own: its absence is worth counting.
        self.tells = self.content and not (self.filler or self.light or self.common)
        self._encoder = lexicon.encoder
        self._tokens = tokens[:MAX_TOKENS]
        self._code: int | None = None

    @property
    def code(self) -> int:
        """The word's own 256-bit code; made when first asked for, which most words never are."""
        if self._code is None:
            self._code = self._encoder.code(self._tokens)
        return self._code


class Words(dict[str, Word]):
    """Lower-case word -> what is known about it, remembered for the next prompt.

    A dictionary, because a known word is looked up hundreds of times for one decision.
    """

    def __init__(self, lexicon: "Lexicon") -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, text: str) -> Word:
        word = Word(text, self._lexicon)
        if len(self) < _REMEMBERED:
            self[text] = word
        return word


class Told(dict[str, str]):
    """What stands between two spaces, in lower case -> its word's group, "" if it tells little.

    Counting what two prompts do not share is the first thing asked of every candidate.
    """

    def __init__(self, lexicon: "Lexicon") -> None:
        super().__init__()
        self._lexicon = lexicon

    def __missing__(self, text: str) -> str:
        plain = text.strip(_EDGES)
        word = self._lexicon.words[NUMBER_WORDS.get(plain, plain)]
        group = word.group if word.tells else ""
        if len(self) < _REMEMBERED:
            self[text] = group
        return group


class Lexicon:
    """Read-only after construction, except for the memory of words seen."""

    def __init__(self, embedding: Encoder) -> None:
        self.encoder = embedding
        self._bases = {
            form: family[0]
            for family in map(str.split, irregular.FAMILIES.split(","))
            for form in family
        }
        self.groups = {
            self.base(word): self.base(group[0])
            for group in (spellings.split("=") for spellings in synonyms.GROUPS.split())
            for word in group
        }
        self.fillers = frozenset(map(self.base, FILLERS))
        self.opposites: dict[str, set[str]] = {}
        for pair in contrasts.OPPOSITES.split():
            left, right = (self.base(word) for word in pair.split("/"))
            for one, other in ((left, right), (right, left)):
                self.opposites.setdefault(one, set()).add(other)
                # The synonyms of an opposite are opposites too.
                self.opposites.setdefault(self.groups.get(one, one), set()).add(
                    self.groups.get(other, other)
                )
        self.sets = self._sets()
        self.phrases = self._phrases(_wordings(phrases.PHRASES.split(";")), based=True)
        self.frames = self._phrases(_wordings(phrases.FRAMES.strip().splitlines()), based=False)
        self.leads = self._phrases(_wordings([f": {phrases.LEADS}"]), based=False)
        self.words = Words(self)
        self.told = Told(self)

    def base(self, word: str) -> str:
        """Dictionary form of a lower-case word."""
        found = self._bases.get(word)
        if found is None:
            found = stem(word)
            if word.endswith("s"):  # "makes", of "make"
                found = self._bases.get(word[:-1], found)
            if word.endswith("ing"):  # "making", of "make"
                found = self._bases.get(found + "e", found)
        return found

    def participle(self, word: str) -> bool:
        """Whether a lower-case word can be a past participle: "-ed", or an irregular form."""
        return word.endswith("ed") or self._bases.get(word, word) != word

    def phrase_form(self, word: str) -> str:
        """The form in which a word is looked up in the phrase index."""
        return word if word in _OWN_FORM else self.base(word)

    def word(self, text: str) -> Word:
        """Everything about a lower-case word."""
        return self.words[text]

    def opposed(self, one: Word, other: Word) -> bool:
        """Whether the two words are opposites, directly or through their synonyms."""
        return other.base in self.opposites.get(one.base, ()) or other.group in self.opposites.get(
            one.group, ()
        )

    def _sets(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for name, members in contrasts.SETS.items():
            for member in members.split():
                found.setdefault(self.base(member), set()).add(name)
        return {word: frozenset(names) for word, names in found.items()}

    def _phrases(self, table: Iterable[tuple[str, str]], *, based: bool) -> PhraseIndex:
        found: dict[str, dict[str, dict[int, dict[tuple[str, ...], Phrase]]]] = {}
        for long, short in table:
            # Numbers are digits when phrases are looked up: "half an hour" is "0.5 an hour".
            words: Iterable[str] = (NUMBER_WORDS.get(word, word) for word in long.split())
            key = tuple(map(self.phrase_form, words)) if based else tuple(words)
            second = key[1] if len(key) > 1 else ""
            lengths = found.setdefault(key[0], {}).setdefault(second, {})
            lengths.setdefault(len(key), {}).setdefault(key, (key, tuple(short.split())))
        return {
            first: {
                second: sorted(lengths.items(), reverse=True) for second, lengths in rest.items()
            }
            for first, rest in found.items()
        }


def _wordings(entries: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(wording, what it stands for) of each entry, with a placeholder's words in its place."""
    for entry in entries:
        short, _, wordings = entry.partition(":")
        for wording in wordings.split(","):
            for long in _written_out(" ".join(wording.split())):
                yield long, " ".join(short.split())


def _written_out(wording: str) -> Iterator[str]:
    name = next((name for name in phrases.PLACEHOLDERS if name in wording), None)
    if name is None:
        yield wording
    else:
        for words in phrases.PLACEHOLDERS[name]:
            yield from _written_out(wording.replace(name, words))


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """The lexicon over the shipped table; built at first use, not at import."""
    return Lexicon(encoder())
