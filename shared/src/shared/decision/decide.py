"""May this cached answer be served for this prompt, and why (not)?"""

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from shared.decision.alignment import Alignment
from shared.decision.features import features
from shared.decision.guards import first_refusal
from shared.decision.lexicon.acronyms import contracted
from shared.decision.lexicon.index import lexicon
from shared.decision.pair_model import pair_model
from shared.decision.sketch import Sketch
from shared.embedding import encoder, probed

# Codes further apart than this are never compared word by word.
MAX_DISTANCE = 80
# A cheap filter before phrases and numbers are read: a pair is refused when more content words
# than this stand in only one of the two prompts. Of pairs that the replay labels as the same and
# no guard refuses, 4 in 100 differ in more.
MAX_OTHER_WORDS = 3
_SILENT = frozenset({""})
_REMEMBERED = 1024  # sketches of recent prompts and candidates


@dataclass(frozen=True, slots=True)
class Encoded:
    """A prompt ready to be looked up: its 256-bit code and what the code was made from."""

    text: str
    code: int
    total: int
    tokens: int

    def bands(self) -> list[tuple[int, int]]:
        """48 (band, value) pairs to look up; an entry is filed under ``filed(code)``."""
        return probed(self.code, encoder().margins(self.total, self.tokens))


class Decision(NamedTuple):
    """Outcome for one candidate.

    ``reason``: "identical", "probable", "off", "distance", "wording", "guard" or
    "improbable".
    ``guard``: name of the guard that refused (see ``guards.GUARDS``), else None.
    ``probability``: calibrated P(same answer); 0 when nothing was computed, 1 for equal wording.
    ``distance``: differing bits of the two codes, 0..256.
    """

    serve: bool
    probability: float
    distance: int
    reason: str
    guard: str | None = None


def encode(text: str) -> Encoded:
    """Code of an eligible prompt; ValueError for more than 64 tokens or none."""
    embedding = encoder()
    tokens = embedding.tokenize(contracted(text))
    total = embedding.total(tokens)
    return Encoded(text, embedding.code_of_total(total, len(tokens)), total, len(tokens))


def decide(
    query: Encoded | str,
    candidate: Encoded | str,
    threshold: float,
    *,
    distance: int | None = None,
) -> Decision:
    """Compares an eligible prompt with the prompt of a cached answer in the same partition.

    ``threshold`` is the least probability served: ``MODES[name].threshold`` or what a namespace's
    own evidence has moved it to; above 1 nothing is served. ``distance``: of the two codes, if the
    index has reported it; then neither text is encoded.
    """
    if distance is None:
        left = encode(query) if isinstance(query, str) else query
        right = encode(candidate) if isinstance(candidate, str) else candidate
        distance = (left.code ^ right.code).bit_count()
    asked = query if isinstance(query, str) else query.text
    cached = candidate if isinstance(candidate, str) else candidate.text
    if threshold > 1:
        return _refused(distance, "off")
    if asked == cached:
        return Decision(serve=True, probability=1.0, distance=distance, reason="identical")
    if distance > MAX_DISTANCE:
        return _refused(distance, "distance")
    if apart(asked, cached):
        return _refused(distance, "wording")
    pair = Alignment(sketch(asked), sketch(cached))
    guard = first_refusal(pair)
    if guard is not None:
        return _refused(distance, "guard", guard=guard)
    probability = pair_model().probability(features(pair, distance))
    if probability < threshold:
        return _refused(distance, "improbable", probability=probability)
    return Decision(serve=True, probability=probability, distance=distance, reason="probable")


def _refused(
    distance: int, reason: str, *, probability: float = 0.0, guard: str | None = None
) -> Decision:
    return Decision(
        serve=False, probability=probability, distance=distance, reason=reason, guard=guard
    )


def apart(asked: str, cached: str) -> bool:
    """Whether two prompts differ in too many words at the first look."""
    return len(telling(asked) ^ telling(cached)) > MAX_OTHER_WORDS


@lru_cache(maxsize=_REMEMBERED)
def telling(text: str) -> frozenset[str]:
    """Groups of the words that tell something, read in the cheapest way."""
    return frozenset(map(lexicon().told.__getitem__, contracted(text).lower().split())) - _SILENT


@lru_cache(maxsize=_REMEMBERED)
def sketch(text: str) -> Sketch:
    """The comparable parts of a prompt."""
    return Sketch(contracted(text), lexicon())


def forget_sketches() -> None:
    """Drops the remembered sketches: what a benchmark of unseen prompts needs."""
    sketch.cache_clear()
    telling.cache_clear()
