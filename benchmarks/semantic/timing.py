"""Time of the steps of a semantic look-up; runs unchanged in CPython and in Pyodide.

As a program it prints one JSON object; it reads ``questions.json`` beside it, when that is there:
[[question, [candidate, …]], …] as retrieval returned them.
"""

import json
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

QUESTIONS = "questions.json"
ROUND_SECONDS = 300e-6
PROMPT = "What is the best way to remove a red wine stain from a white cotton table cloth at home?"
CANDIDATES = (
    "How do I remove a red wine stain from a white cotton table cloth at home?",
    "What's the best way to remove red wine stains from white cotton table cloths at home?",
    "How can I get a red wine stain out of a white cotton table cloth at home?",
    "What is the best way to remove a coffee stain from a white cotton table cloth at home?",
    "What is the best way to remove a red wine stain from a white wool carpet at home?",
    "Why does red wine stain a white cotton table cloth?",
    "What is the best way to wash a white cotton table cloth at home?",
    "What is the best way to dye a white cotton table cloth red at home?",
    "How do I remove a red wine stain from a white cotton table cloth without bleach?",
    "Is it safe to use bleach on a white cotton table cloth with a red wine stain?",
)
REFUSED = (
    "What is the best way to remove a red wine stain from a black cotton table cloth at home?",
    "What is the best way to keep a red wine stain on a white cotton table cloth at home?",
)
INELIGIBLE = "What is the weather in Lisbon today, and should I take an umbrella to the office?"


def measure(questions: Path) -> dict[str, float]:
    """Figures by name; the unit is the name's last part. First calls are timed once."""
    started = time.perf_counter()
    from shared.decision import MODES, decide, eligible, encode
    from shared.decision.decide import forget_sketches
    from shared.embedding import Encoder, encoder
    from shared.embedding.table import load

    imported = time.perf_counter()
    encode(PROMPT)
    loaded = time.perf_counter()
    decide(PROMPT, CANDIDATES[0], 0.5)
    first = time.perf_counter()

    embedding = encoder()
    threshold = MODES["strict"].threshold

    def looked_up(asked: str, stored: list[Any]) -> None:
        query = encode(asked)
        for text, distance in stored:
            decision = decide(query, text, threshold, distance=distance)
            if decision.probability >= 1:
                return  # as the edge does

    def unseen(asked: str, stored: list[Any]) -> None:
        forget_sketches()
        looked_up(asked, stored)

    def new_words() -> float:
        fresh = Encoder(load())
        begun = time.perf_counter()
        fresh.code(fresh.tokenize(PROMPT))
        return (time.perf_counter() - begun) * 1e6

    def found_by_index(asked: str, texts: Sequence[str]) -> list[tuple[str, int]]:
        code = encode(asked).code
        return [(text, (code ^ encode(text).code).bit_count()) for text in texts]

    candidates = found_by_index(PROMPT, CANDIDATES)
    refused = found_by_index(PROMPT, [*CANDIDATES[2:], *REFUSED])
    found = {
        "tokens": float(len(embedding.tokenize(PROMPT))),
        "importing the rules, ms": (imported - started) * 1e3,
        "loading the table, ms": (loaded - imported) * 1e3,
        "first decision, ms": (first - loaded) * 1e3,
        "tokenise and embed, µs": _best(lambda: embedding.code(embedding.tokenize(PROMPT))),
        "the same, every word new, µs": min(new_words() for _ in range(31)),
        "the same and its 48 index keys, µs": _best(lambda: encode(PROMPT).bands()),
        "ten candidates, first served, µs": _best(lambda: unseen(PROMPT, candidates)),
        "ten candidates, all refused, µs": _best(lambda: unseen(PROMPT, refused)),
        "ten refused ones seen before, µs": _best(lambda: looked_up(PROMPT, refused)),
        "eligibility, eligible, µs": _best(lambda: eligible(PROMPT)),
        "eligibility, refused, µs": _best(lambda: eligible(INELIGIBLE)),
    }
    if questions.exists():
        replayed = []
        for asked, texts in json.loads(questions.read_text(encoding="utf-8")):
            stored = found_by_index(asked, texts)
            call = partial(unseen, asked, stored)
            call()  # learns the words; sketches are forgotten again
            replayed.append(_best(call, rounds=10))
        replayed.sort()
        found["replay, ten candidates, median, µs"] = replayed[len(replayed) // 2]
        found["replay, ten candidates, 95 %, µs"] = replayed[len(replayed) * 95 // 100]
    return found


def _best(call: Callable[[], object], rounds: int = 300) -> float:
    """µs of a call in the fastest round: what the code costs when nothing else runs.

    Rounds are short, so that some of them run undisturbed on a busy machine too.
    """
    started = time.perf_counter()
    call()
    calls = max(1, round(ROUND_SECONDS / (time.perf_counter() - started)))
    fastest = math.inf
    for _ in range(rounds):
        started = time.perf_counter()
        for _ in range(calls):
            call()
        fastest = min(fastest, (time.perf_counter() - started) / calls)
    return fastest * 1e6


if __name__ == "__main__":
    print(json.dumps(measure(Path(QUESTIONS))))
