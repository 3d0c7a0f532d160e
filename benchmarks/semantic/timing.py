"""Microseconds of the steps of a semantic look-up; runs unchanged in CPython and in Pyodide."""

import json
import sys
import time

PROMPT = (
    "What is the best way to remove a red wine stain from a white cotton table cloth at home "
    "without using bleach?"
)
CANDIDATES = (
    "How do I remove a red wine stain from a white cotton table cloth at home without bleach?",
    "What is the best way to remove a red wine stain from a white cotton table cloth?",
    "What is the best way to remove a coffee stain from a white cotton table cloth at home?",
    "How can I get red wine out of a white table cloth without using bleach?",
    "What is the best way to remove red wine from a wool carpet at home without using bleach?",
    "How do I remove a grass stain from white cotton pants without using bleach?",
    "What is the best way to wash a white cotton table cloth at home without bleach?",
    "How do I remove an oil stain from a cotton shirt at home?",
    "What is the best way to dye a white cotton table cloth red at home?",
    "Is it safe to use bleach on a white cotton table cloth with a red wine stain?",
)
INELIGIBLE = "What is the weather in Lisbon today, and should I take an umbrella to the office?"


def measure() -> dict[str, float]:
    """Medians in µs, warm; cold ones are first calls in this process, in ms."""
    started = time.perf_counter()
    from shared.decision import MODES, decide, eligible, encode
    from shared.embedding import encoder

    imported = time.perf_counter()
    encode(PROMPT)
    loaded = time.perf_counter()
    decide(PROMPT, CANDIDATES[0], 0.5)
    first = time.perf_counter()

    embedding = encoder()
    stored = [encode(text) for text in CANDIDATES]
    threshold = MODES["strict"].threshold

    def ten() -> None:
        query = encode(PROMPT)
        for candidate in stored:
            decide(query, candidate, threshold)

    from shared.decision.decide import forget_sketches

    def ten_unseen() -> None:
        forget_sketches()
        query = encode(PROMPT)
        for candidate in stored:
            decide(query, candidate, threshold)

    return {
        "tokens": len(embedding.tokenize(PROMPT)),
        "import_ms": (imported - started) * 1e3,
        "load_table_ms": (loaded - imported) * 1e3,
        "first_decision_ms": (first - loaded) * 1e3,
        "tokenize_embed_us": _median(lambda: embedding.code(embedding.tokenize(PROMPT))),
        "encode_bands_us": _median(lambda: encode(PROMPT).bands()),
        "ten_candidates_us": _median(ten_unseen),
        "ten_candidates_seen_us": _median(ten),
        "eligible_us": _median(lambda: eligible(PROMPT)),
        "ineligible_us": _median(lambda: eligible(INELIGIBLE)),
    }


def _median(call) -> float:  # type: ignore[no-untyped-def]
    for _ in range(30):
        call()
    rounds = []
    for _ in range(15):
        start = time.perf_counter()
        for _ in range(20):
            call()
        rounds.append((time.perf_counter() - start) / 20)
    return sorted(rounds)[7] * 1e6


if __name__ == "__main__":
    json.dump(measure(), sys.stdout)
