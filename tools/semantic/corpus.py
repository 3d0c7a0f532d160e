"""Text that shapes the shipped embedding table: licence-clean sets plus templated sentences.

Quora text is never read here. See docs/semantic-model-card.md for sources and licences.
"""

import csv
import gzip
import io
import json
import random
from collections.abc import Iterator
from pathlib import Path

TEMPLATES = (
    "what is {a}", "what is the {a} of {b}", "how do i {a} my {b}", "how can i {a} a {b}",
    "what does {a} mean", "explain {a} to a beginner", "explain the difference between {a} and {b}",
    "why is {a} {b}", "who invented the {a}", "where can i find {a} {b}",
    "when did {a} become {b}", "give me a list of {a} {b}", "write a short summary of {a}",
    "summarize the {a} of {b} in {c}", "how does {a} affect {b}", "is {a} better than {b}",
    "can you tell me about {a} {b}", "which {a} is best for {b}", "how much does a {a} cost",
    "how many {a} are in a {b}", "what are the symptoms of {a}", "what are the benefits of {a}",
    "what is the best way to {a} {b}", "i want to {a} the {b} before {c}",
    "my {a} is not {b} and i need {c}", "please {a} the {b} for me", "should i {a} or {b}",
    "the {a} {b} of {c}", "{a} and {b}", "{a} {b} {c}", "{a} {b}", "{a}",
    "what happens if you {a} {b} without {c}", "how long does {a} take to {b}",
    "tell me how {a} works in {b}", "translate {a} into {b}", "list three {a} for {b}",
    "what is the capital of {a}", "how do you convert {a} to {b}", "how to {a} {b} in {c}",
)  # fmt: skip


def banking77(data: Path) -> Iterator[str]:
    """PolyAI banking77, CC BY 4.0."""
    with gzip.open(data / "banking77_train.csv.gz", "rt", encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            yield row["text"].strip()


def clinc(data: Path) -> Iterator[str]:
    """clinc/oos-eval, CC BY 3.0: intents, and the Wikipedia sentences published with them."""
    with gzip.open(data / "clinc_oos_full.json.gz", "rt", encoding="utf-8") as handle:
        for rows in json.load(handle).values():
            for text, _intent in rows:
                yield text
    with gzip.open(data / "clinc_wiki_sentences.txt.gz", "rt", encoding="utf-8") as handle:
        for line in handle:
            yield line.strip()


def self_instruct(data: Path) -> Iterator[str]:
    """yizhongw/self-instruct, Apache-2.0: instructions and one-sentence inputs."""
    for path in sorted(data.glob("selfinstruct_*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as handle:
            for line in handle:
                row = json.loads(line)
                yield row["instruction"]
                for instance in row["instances"]:
                    for part in io.StringIO(instance["input"]).read().split("\n"):
                        if 3 <= len(part.split()) <= 40:
                            yield part.strip()


def templated(words: list[str], count: int, seed: int) -> Iterator[str]:
    """Random vocabulary words in question shapes, so that every shipped token is tuned."""
    rng = random.Random(seed)
    order = words[:]
    position = 0
    for _ in range(count):
        if position + 3 > len(order) or position == 0:
            rng.shuffle(order)
            position = 0
        a, b, c = order[position : position + 3]
        position += 3
        yield rng.choice(TEMPLATES).format(a=a, b=b, c=c)


def natural(data: Path) -> list[str]:
    """Every licence-clean natural sentence, deduplicated, in a stable order."""
    seen: dict[str, None] = {}
    for source in (banking77, clinc, self_instruct):
        for text in source(data):
            if text:
                seen.setdefault(text)
    return list(seen)
