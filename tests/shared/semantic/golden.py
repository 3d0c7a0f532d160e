"""Codes and decisions that every host must give: compared on CPython and in Pyodide.

`python -m tests.shared.semantic.golden --write` keeps what this code gives now as golden.json: do
so only when the table, the pair model or a guard was changed on purpose. Imports the standard
library and ``shared`` only, so that it runs in Pyodide as it is.
"""

import csv
import json
import sys
from pathlib import Path
from typing import Any

from shared.decision import decide, eligible, encode

FILE = "golden.json"
PAIRS = "minimal_pairs.tsv"
ODD_TEXTS = (
    "naïve café – résumé",
    "Ünïcödé ǅ ß İstanbul",
    "C++ & C# @ 3.14 ≠ 22/7?",
    "what\u2019s \u201cup\u201d\u00a0doc",
    "東京 Москва αθήνα",
    "one two\tthree\nfour",
    " ".join(["tokenization"] * 32),
)
"""What the pairs do not have: accents, other scripts, signs, white space, 64 tokens."""


def outcomes(pairs: Path) -> dict[str, Any]:
    """``codes``: text to code, its nearest probes and its eligibility. ``decisions``: a row a pair
    of the file: the reasons and probabilities of both directions."""
    with pairs.open(encoding="utf-8", newline="") as handle:
        rows = [(row["first"], row["second"]) for row in csv.DictReader(handle, delimiter="\t")]
    codes: dict[str, str] = {}
    for text in [*ODD_TEXTS, *(text for row in rows for text in row)]:
        encoded = encode(text)
        probes = sum(value << (band % 4) for band, value in encoded.bands())
        codes[text] = f"{encoded.code:064x} {probes} {eligible(text).reason or 'eligible'}"
    return {
        "codes": codes,
        "decisions": [[_decision(a, b), _decision(b, a)] for a, b in rows],
    }


def _decision(asked: str, cached: str) -> str:
    decision = decide(asked, cached, 0.9)
    detail = decision.guard or repr(decision.probability)
    return f"{decision.reason} {detail} {decision.distance}"


if __name__ == "__main__":
    here = Path(__file__).resolve().parent
    if "--write" in sys.argv:
        found = outcomes(here.parents[2] / "benchmarks" / "semantic" / PAIRS)
        text = json.dumps(found, ensure_ascii=False, indent=0)
        (here / FILE).write_text(text + "\n", encoding="utf-8")
    else:
        print(json.dumps(outcomes(Path(PAIRS))))  # noqa: T201 (for the test that started it)
