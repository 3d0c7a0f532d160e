"""Replay of labelled questions: some are cached, the rest are asked, the top 10 are compared.

Questions are split by a hash of their text (7 of 10 cached). Only questions of the held-back part
are asked: 65 % of the duplicate components, chosen by a hash, never looked at while tuning.
"""

import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from shared.decision import MAX_DISTANCE, Encoded, decide, eligible, encode
from shared.embedding import encoder

ASKED_SHARE = 0.3
TUNING_SHARE = 0.35
TOP = 10


@dataclass(frozen=True)
class Hit:
    """A served answer: the question asked, the cached question, and the labels' opinion."""

    asked: str
    cached: str
    labelled_same: bool
    answerable: bool
    score: float


@dataclass(frozen=True)
class Replay:
    """``component``: question -> representative of its duplicates. ``mates``: answerable ones."""

    component: dict[str, str]
    cached: list[str]
    asked: list[str]
    answerable: frozenset[str]


def load(path: Path, *, turn: float = 0.0) -> Replay:
    """Reads {"a", "b", "duplicate"} lines, gzipped JSON.

    ``turn`` moves the hash: 0.3 asks questions that the first split had cached.
    """
    component = _components(path)
    tokenize = encoder().tokenize
    texts = sorted(text for text in component if 0 < len(tokenize(text)) <= 64)
    place = {text: (part(text) - turn) % 1.0 for text in texts}
    cached = [text for text in texts if place[text] >= ASKED_SHARE]
    asked = [
        text
        for text in texts
        if place[text] < ASKED_SHARE and part("half" + component[text]) >= TUNING_SHARE
    ]
    stored = {component[text] for text in cached}
    answerable = frozenset(text for text in asked if component[text] in stored)
    return Replay(component, cached, asked, answerable)


def semantic_hits(replay: Replay) -> Iterator[Hit]:
    """The best candidate of each eligible question, with its probability (all above zero)."""
    entries = [encode(text) for text in replay.cached if eligible(text).eligible]
    codes = [entry.code for entry in entries]
    for text in replay.asked:
        if not eligible(text).eligible:
            continue
        query = encode(text)
        best: tuple[float, str] | None = None
        for entry in _nearest(query.code, codes, entries):
            decision = decide(query, entry, 0.0)
            if decision.serve and (best is None or decision.probability > best[0]):
                best = (decision.probability, entry.text)
        if best:
            same = replay.component[text] == replay.component[best[1]]
            yield Hit(text, best[1], same, text in replay.answerable, best[0])


def served_by_retrieval(replay: Replay, threshold: float) -> dict[str, int]:
    """How many eligible questions a retrieval serves: the edge's nearest eight, all within the
    distance limit, and these together with every labelled mate beyond it."""
    entries = [encode(text) for text in replay.cached if eligible(text).eligible]
    codes = [entry.code for entry in entries]
    mates: dict[str, list[Encoded]] = {}
    for entry in entries:
        mates.setdefault(replay.component[entry.text], []).append(entry)
    found = {"questions": 0, "nearest 8": 0, "all within the limit": 0, "and all mates": 0}
    for text in replay.asked:
        if not eligible(text).eligible:
            continue
        query = encode(text)
        near = _nearest(query.code, codes, entries, len(entries))
        served = [decide(query, entry, threshold).serve for entry in near]
        beyond: list[bool] = []
        if not any(served):
            # Judged as if they were just within the limit.
            beyond = [
                decide(query, mate, threshold, distance=MAX_DISTANCE).serve
                for mate in mates.get(replay.component[text], [])
            ]
        found["questions"] += 1
        found["nearest 8"] += any(served[:8])
        found["all within the limit"] += any(served)
        found["and all mates"] += any(beyond) or any(served)
    return found


def retrieved(replay: Replay, count: int) -> Iterator[tuple[str, list[str]]]:
    """The first ``count`` eligible questions with ten candidates, and these, nearest first."""
    entries = [encode(text) for text in replay.cached if eligible(text).eligible]
    codes = [entry.code for entry in entries]
    asked = (text for text in replay.asked if eligible(text).eligible)
    full = ((text, _nearest(encode(text).code, codes, entries)) for text in asked)
    chosen = ((text, near) for text, near in full if len(near) == TOP)
    for text, near in islice(chosen, count):
        yield text, [entry.text for entry in near]


def pair_hash(one: str, other: str) -> str:
    """Name under which a judgement of two questions is kept, so that no text has to be."""
    return hashlib.sha256("\n".join(sorted((one, other))).encode()).hexdigest()[:16]


def part(text: str) -> float:
    """A fixed number in 0..1 for a text."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 0xFFFFFFFF


def _nearest(code: int, codes: list[int], entries: list[Encoded], most: int = TOP) -> list[Encoded]:
    apart = [(code ^ other).bit_count() for other in codes]
    near = sorted((d, place) for place, d in enumerate(apart) if d <= MAX_DISTANCE)
    return [entries[place] for _, place in near[:most]]


def _components(path: Path) -> dict[str, str]:
    parent: dict[str, str] = {}

    def find(text: str) -> str:
        parent.setdefault(text, text)
        while parent[text] != text:
            parent[text] = parent[parent[text]]
            text = parent[text]
        return text

    with gzip.open(path, "rt", encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            one, other = find(row["a"]), find(row["b"])
            if row["duplicate"] and one != other:
                parent[one] = other
    return {text: find(text) for text in list(parent)}
