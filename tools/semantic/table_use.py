"""How often each wording of ``phrases.py`` is met: what keeps that file short.

Usage: python table_use.py --data DIR [--least 3]

Reads the fitting questions and the public utterances in DIR, and prints the wordings that matched
fewer than ``--least`` of them, with their counts.
"""

import argparse
import csv
import gzip
import json
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared" / "src"))
from shared.decision import eligible, wording
from shared.decision.lexicon.index import Phrase, PhraseIndex, lexicon
from shared.decision.sketch import Sketch


def questions(data: Path) -> set[str]:
    """The fitting questions, banking77's and CLINC's utterances."""
    found: set[str] = set()
    with gzip.open(data / "qqp_train.jsonl.gz", "rt", encoding="utf-8") as handle:
        for line in handle:
            row = json.loads(line)
            found |= {row["a"], row["b"]}
    with gzip.open(data / "banking77_train.csv.gz", "rt", encoding="utf-8") as handle:
        found |= {row[0] for row in csv.reader(handle)}
    with gzip.open(data / "clinc_oos_full.json.gz", "rt", encoding="utf-8") as handle:
        found |= {row[0] for rows in json.load(handle).values() for row in rows}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--least", type=int, default=3)
    args = parser.parse_args()
    words = lexicon()
    used: Counter[tuple[str, ...]] = Counter()
    match = wording._match

    def counting(index: PhraseIndex, prompt: list[str], place: int) -> Phrase | None:
        found = match(index, prompt, place)
        if found is not None:
            used[found[0]] += 1
        return found

    wording._match = counting
    asked = sorted(text for text in questions(args.data) if eligible(text).eligible)
    for text in asked:
        Sketch(text, words)
    rare = []
    for index in (words.phrases, words.frames, words.leads):
        for seconds in index.values():
            for lengths in seconds.values():
                rare += [key for _, keys in lengths for key in keys if used[key] < args.least]
    for key in sorted(rare, key=lambda key: used[key]):
        print(used[key], " ".join(key))
    print(len(asked), "questions;", len(used), "wordings matched,", len(rare), "rarely")


if __name__ == "__main__":
    main()
