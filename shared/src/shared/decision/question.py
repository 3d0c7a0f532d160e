"""The frame of a question, and its words in one order whichever way it is asked.

"Who was Hamlet written by", "by whom was Hamlet written" and "who wrote Hamlet" become one.
"""

import re
from dataclasses import dataclass

from shared.decision.lexicon.function_words import LINKS, MODALS, PERSONS
from shared.decision.lexicon.index import Lexicon
from shared.decision.wording import framed

AUXILIARIES = {
    "is": "is", "are": "is", "was": "was", "were": "was", "am": "is", "do": "do", "does": "do",
    "did": "did", "has": "have", "have": "have", "had": "had",
} | MODALS  # fmt: skip
PERSON_WORDS = frozenset(PERSONS)
BE = frozenset({"am", "are", "is", "was", "were"})
EMPTY = frozenset({
    "a", "an", "the", "some", "any", "is", "are", "am", "be", "do", "does", "there",
})  # fmt: skip
CLAUSE_STARTS = frozenset({"who", "that", "which", "if", "when", "to", "because", "while"})
WH = frozenset({"what", "which", "who", "whom", "whose", "when", "where", "why", "how"})
_PAST = frozenset({"was", "were", "did", "had"})
_DATED = frozenset({"what was", "what were"})
_YEAR = re.compile(r"1\d{3}|20[01]\d").fullmatch
_PLAIN_ADVERBS = frozenset({"exactly", "actually", "really"})
# After "how do" these are verbs, never a subject: the pronoun was forgotten.
_BARE_VERBS = frozenset({
    "become", "create", "earn", "find", "get", "improve", "increase", "learn", "make", "overcome",
    "prepare", "remove", "start", "stop",
})  # fmt: skip
_ADVISED = frozenset({
    "how often should", "how long should", "how long can", "when should", "where can",
    "what should",
})  # fmt: skip
_LAST_WORDS = {"meaning": "mean", "definition": "mean", "why": "why"}
_COMPARING = frozenset({
    "compare", "comparison", "difference", "differences", "differentiates", "distinguishes", "same",
    "separates", "sets", "tells", "versus", "vs",
})  # fmt: skip
_VERSUS = (("vs",), ("versus",))
# Openings of questions for a difference, and what stands between the two things.
_DIFFER = [
    (opening.split(), joints)
    for openings, joints in (
        ("what distinguishes,what differentiates,what separates,what tells", (("from",),)),
        ("what sets,what tells", (("except",),)),  # "apart from" by now
        ("how does,how do,how is,how are", (("difference",), ("not", "same", "as"))),
        ("compare,comparison of,comparison between", (("and",), ("with",), ("to",), *_VERSUS)),
        ("difference,differences", (("and",),)),
    )
    for opening in openings.split(",")
]
_ANYBODY = frozenset({"someone", "somebody", "anyone", "anybody", "person", "one", "people"})
_PEOPLE = _ANYBODY | {"persons", "everyone", "everybody"}
_OF_ANYBODY = {"their": "your", "themselves": "yourself"}
# Frame of a passive question -> frame of the same question in the active voice.
_ACTIVE_FRAMES = {
    "? is": "? do", "? was": "? did", "? were": "? did", "how is": "how does", "who was": "who was",
    "who did": "who",
    "when was": "when was", "where was": "where was", "what was": "what was", "why": "why",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """``frame``: what kind of thing is asked ("how", "when was", "? is"; "" for none). ``words``:
    the prompt's. ``rest``: what the frame leaves, in the order of an active sentence. ``past``: an
    auxiliary in the past tense, where no year says the same. ``gives_reasons``: ends in "and why".
    """

    frame: str
    words: list[str]
    rest: list[str]
    past: bool
    gives_reasons: bool


def question(words: list[str], lexicon: Lexicon) -> Question:
    """Reads the words of a prompt, its phrases shortened and its opening left out."""
    compared = _two_things(words)
    if compared:
        words = ["what", "difference", *compared[0], "and", *compared[1]]
    words = _anybody(_plain_opening(words))
    asked, found = _frame(words, lexicon)
    frame, rest = _active(asked, found, lexicon)
    if asked == "who was" and frame == "who":
        words = [word for word in words if word != "was"]  # "who wrote" tells the past itself
    reasons = rest[-1:] == ["why"] and len(rest) > 1
    if reasons:
        rest = rest[: -2 if rest[-2] == "and" else -1]
    past = not _PAST.isdisjoint(words)
    if past and frame in _DATED and any(map(_YEAR, rest)):
        # "What were the best films of 2016" asks what "what are" asks.
        frame, past = "what", False
    return Question(frame, words, rest, past, reasons)


def _plain_opening(words: list[str]) -> list[str]:
    """Without "exactly" and the like in the first places: "what exactly does a notary do"."""
    if len(words) < 5 or (words[0] not in WH and words[0] not in AUXILIARIES):
        return words
    opening = [word for word in words[1:4] if word not in _PLAIN_ADVERBS]
    return words if len(opening) == 3 else [words[0], *opening, *words[4:]]


def _anybody(words: list[str]) -> list[str]:
    """ "How can a person improve their memory" with "your", as it is asked of anybody."""
    if words[:1] != ["how"] or _ANYBODY.isdisjoint(words[2:4]):
        return words
    if _OF_ANYBODY.keys().isdisjoint(words):
        return words
    return [_OF_ANYBODY.get(word, word) for word in words]


def _frame(words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """The frame of a question and the words that it leaves."""
    frame, rest = framed(words, lexicon.frames)
    if frame:
        return _completed(frame, rest, lexicon)
    first = words[0] if words else ""
    opened = first in WH or first in AUXILIARIES
    if len(words) > 1 and not opened and words[-1] in _LAST_WORDS:
        return _LAST_WORDS[words[-1]], words[:-1]  # "photosynthesis meaning", "my dog limps, why"
    if first in AUXILIARIES and len(words) > 1:
        return _completed("? " + AUXILIARIES[first], words[1:], lexicon)
    if first == "how" and len(words) > 3:
        return _explained(words, lexicon)
    if words[:2] == ["by", "whom"] and len(words) > 4 and words[2] in BE:
        return "who was", [*words[3:], "by"]  # "by whom was Hamlet written"
    if first in WH:
        return first if first != "how" else "how does", words[1:]
    # "in which city …", "at what age …": a question word behind a preposition.
    for place, word in enumerate(words[1:4], 1):
        if word in WH and words[0] in LINKS:
            return f"{words[0]} {word}", words[:place] + words[place + 1 :]
    return "", words


def _two_things(words: list[str]) -> tuple[list[str], list[str]] | None:
    """The two things whose difference is asked for in another way than by "what is the difference".

    "Tea vs coffee", "what sets tea apart from coffee", "how does tea differ from coffee".
    """
    if _COMPARING.isdisjoint(words):
        return None
    told = [word for word in words if word not in ("the", "a", "an")]
    if told[-3:] in (["what", "is", "difference"], ["what", "are", "differences"]):
        told = told[:-3]
    for opening, joints in _DIFFER:
        if told[: len(opening)] == opening:
            parts = _parted(told[len(opening) :], joints)
            if parts:
                return parts
    if not told or len(told) > 7 or told[0] in WH or told[0] in AUXILIARIES:
        return None
    return _parted(told, _VERSUS)


def _parted(
    told: list[str], joints: tuple[tuple[str, ...], ...]
) -> tuple[list[str], list[str]] | None:
    """What stands before and behind the one joint, when both are plain names of things."""
    for joint in joints:
        size = len(joint)
        places = [at for at in range(1, len(told) - size) if tuple(told[at : at + size]) == joint]
        if len(places) != 1:
            continue
        one, other = told[: places[0]], told[places[0] + size :]
        if len(other) > 1 and other[-1] in ("difference", "differences", "comparison"):
            other = other[:-1]
        if (WH | LINKS).isdisjoint(one + other):
            return one, other
    return None


def _explained(words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """Questions with "how" and no known frame: most ask for an explanation, not how to do it."""
    if words[1] in ("do", "can") and words[2] in _BARE_VERBS:
        return "how", words[2:]  # "how do learn English"
    if words[1] in MODALS and "be" in words[3:-1]:
        # "How can X be installed on Y?" asks "How do I install X on Y?".
        place = words.index("be", 3)
        if _participle(words[place + 1], lexicon) and "by" not in words:
            return "how", [words[place + 1], *words[2:place], *words[place + 2 :]]
    if words[-1] == "differ" and words[1] in ("do", "does"):
        return "what", ["difference", *words[2:-1]]  # "how do cats and dogs differ"
    return "how does", words[1:]


def _completed(frame: str, rest: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
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
    if frame == "what":
        return _thing(rest)
    if frame in ("how is", "how does"):
        return _compared(frame, rest)
    if frame == "like to" and rest[0] in ("be", "have") and more:
        return f"{frame} {rest[0]}", rest[1:]  # "to be a twin" and "to have a twin"
    bare = more and rest[1] not in LINKS and not lexicon.participle(rest[1])
    if frame == "how" and rest[0] == "be" and bare:
        return frame, ["become", *rest[1:]]  # "how can I be a good mother"
    if frame == "? is" and "can" in rest[1:-1] and CLAUSE_STARTS.isdisjoint(rest):
        return "? can", [word for word in rest if word != "can"]  # "is every bird able to fly"
    return frame, rest


def _thing(rest: list[str]) -> tuple[str, list[str]]:
    """Questions with "what" or "which" that other words ask better."""
    more = len(rest) > 1
    if more and _superlative(rest):
        place = next(place for place, word in enumerate(rest) if word in BE)
        return "what", rest[place + 1 :] + rest[:place]  # "which ocean is the largest"
    if rest[0] == "better" and "or" in rest[2:-1]:
        return "? is", [*rest[1:], "better"]  # "which is better, tea or coffee"
    if rest[0] == "how" and more:
        return "how does", rest[1:]  # "explain how … works"
    return "what", rest


def _compared(frame: str, rest: list[str]) -> tuple[str, list[str]]:
    """ "How is tea different from coffee" and "how are cats and dogs different" as "what is the
    difference"; "different from" is "difference" by now."""
    if rest[-1] == "different" and "and" in rest[1:-2]:
        return "what", ["difference", *rest[:-1]]
    if "difference" in rest[1:-1]:
        place = rest.index("difference")
        return "what", ["difference", *rest[:place], "and", *rest[place + 1 :]]
    return frame, rest


def _active(frame: str, words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """Puts "was X verb-ed by Y" into the active order "did Y verb X"; others stay as they are."""
    if frame in ("? can", "? should") and "be" in words[1:-1] and "by" not in words:
        # "should tomatoes be refrigerated" asks "should I refrigerate tomatoes".
        place = words.index("be", 1)
        if lexicon.participle(words[place + 1]) and PERSON_WORDS.isdisjoint(words[:place]):
            return frame, [words[place + 1], *words[:place], *words[place + 2 :]]
    if frame in _ADVISED and words[1:-1].count("be") == 1 and "by" not in words:
        # "how often should a filter be replaced" asks "how often should you replace a filter".
        place = words.index("be", 1)
        if _participle(words[place + 1], lexicon) and PERSON_WORDS.isdisjoint(words[:place]):
            return frame, [words[place + 1], *words[:place], *words[place + 2 :]]
    if frame == "how is" and "by" not in words and PERSON_WORDS.isdisjoint(words):
        return _instructions(words, lexicon)
    if frame not in _ACTIVE_FRAMES or "by" not in words[2:]:
        return frame, words
    place = words.index("by", 2)
    verb = words[place - 1]
    agent, patient = words[place + 1 :], words[: place - 1]
    # "… by Y in Z": where the agent ends is not known.
    if not _participle(verb, lexicon) or any(word in LINKS for word in agent):
        return frame, words
    if frame == "who was" and not agent:
        frame = "who did"  # "who was Hamlet written by"
    return _ACTIVE_FRAMES[frame], [*agent, verb, *patient]


def _instructions(words: list[str], lexicon: Lexicon) -> tuple[str, list[str]]:
    """ "How is glass made" as "how do you make glass"; not with "people" and the like, who may be
    the ones who do it."""
    for place, word in enumerate(words[1:], 1):
        if word in _PEOPLE:
            break
        if (
            any(lexicon.words[subject].item for subject in words[:place])
            and lexicon.participle(word)
            and not word.endswith(("ing", "s"))
            and (place == len(words) - 1 or words[place + 1] in LINKS)
        ):
            return "how", [word, *words[:place], *words[place + 1 :]]
    return "how is", words


def _superlative(rest: list[str]) -> bool:
    """Whether a thing and its superlative stand about a form of "be", and nothing else."""
    places = [place for place, word in enumerate(rest) if word in BE]
    if len(places) != 1 or not 0 < places[0] < len(rest) - 1 or rest[0] in EMPTY:
        return False
    behind = [word for word in rest[places[0] + 1 :] if word != "the"]
    if behind[:1] == ["most"]:
        return len(behind) == 2
    return len(behind) == 1 and (behind[0].endswith("est") or behind[0] == "worst")


def _participle(word: str, lexicon: Lexicon) -> bool:
    return word.endswith("ed") or (lexicon.base(word) != word and not word.endswith("s"))
