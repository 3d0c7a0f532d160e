"""Prints the semantic cache's figures: replay, minimal pairs, time, beside the peers' rule.

Usage (from the repository's root):

    PYTHONPATH=shared/src:tools python -m benchmarks.semantic --data DIR [--show-unread]

DIR holds qqp_dev.jsonl.gz (not part of the repository). With the packages of
tools/semantic/requirements.txt installed, MiniLM is measured in the same run; with those of
tools/local_stack/pyodide_host (``npm ci``), the time in Pyodide too.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.semantic import minilm, pairs, timing
from benchmarks.semantic.audit import SAMPLE, audit
from benchmarks.semantic.replay import (
    Hit,
    Replay,
    load,
    pair_hash,
    retrieved,
    semantic_hits,
    served_by_retrieval,
)
from local_stack.pyodide_run import pyodide_missing, pyodide_run
from shared.decision import MODES, eligible

_HERE = Path(__file__).resolve().parent
TIMED_QUESTIONS = 300


def main() -> None:
    """Runs every part that its arguments allow, and says which it left out."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--show-unread", action="store_true", help="print pairs without judgement")
    args = parser.parse_args()
    missing = minilm.available()
    questions = args.data / "qqp_dev.jsonl.gz"
    replay = load(questions)
    _replay(replay, missing, show=args.show_unread)
    print("\nSecond split: questions that were cached above are asked")
    _replay(load(questions, turn=0.3), "measured on the first split", show=args.show_unread)
    _retrieval(replay)
    _pairs(missing)
    _blind()
    _probes()
    _languages()
    _time(replay)


def _replay(replay: Replay, missing: str | None, *, show: bool) -> None:
    eligible_share = sum(eligible(text).eligible for text in replay.asked) / len(replay.asked)
    print(
        f"Replay: {len(replay.cached)} cached, {len(replay.asked)} asked (held back), "
        f"{len(replay.answerable)} answerable, {eligible_share:.1%} eligible"
    )
    print(
        f"{'rule':<22}{'hits':>5}{'hit rate':>10}{'answerable served':>19}"
        f"{'labelled different':>20}{'audited wrong':>15}{'upper 95 %':>12}{'unread':>8}"
    )
    found = list(semantic_hits(replay))
    rules: list[tuple[str, list[Hit], int | None]] = [
        (f"WatchLLM {name} p≥{mode.threshold:.2f}", _above(found, mode.threshold), None)
        for name, mode in MODES.items()
        if name != "off"
    ]
    if missing:
        print(f"MiniLM left out: {missing}")
    else:
        nearest = list(minilm.hits(replay))
        rules += [(f"MiniLM cos≥{t:.2f}", _above(nearest, t), SAMPLE) for t in minilm.THRESHOLDS]
    for name, hits, sample in rules:
        result = audit(hits, sample=sample)
        share = sum(hit.answerable for hit in hits) / len(replay.answerable)
        print(
            f"{name:<22}{len(hits):5}{len(hits) / len(replay.asked):10.2%}{share:19.2%}"
            f"{result.mismatches:20}{result.wrong:15.2%}{result.upper:12.2%}"
            f"{len(result.unread):8}"
        )
        if show:
            for hit in result.unread:
                name_of_pair = pair_hash(hit.asked, hit.cached)
                print(f"   {name_of_pair} {hit.score:.2f} {hit.asked} | {hit.cached}")


def _retrieval(replay: Replay) -> None:
    found = served_by_retrieval(replay, MODES["strict"].threshold)
    print("\nStrict, by what retrieval finds (the most that another embedding could bring)")
    print("   ".join(f"{name}: {count}" for name, count in found.items()))


def _above(hits: list[Hit], threshold: float) -> list[Hit]:
    return [hit for hit in hits if hit.score >= threshold]


def _pairs(missing: str | None) -> None:
    rows = pairs.load()
    kept = [row for row in rows if row.held_back]
    print(f"\nMinimal pairs: {len(rows)}, of which {len(kept)} held back from tuning")
    print(
        "rule                 false hits (all / held back)   paraphrases accepted (all / held back)"
    )
    rules: list[tuple[str, Callable[[pairs.Pair], bool]]] = [
        (f"WatchLLM {name}", lambda pair, limit=mode.threshold: pairs.served(pair, limit))
        for name, mode in MODES.items()
        if name != "off"
    ]
    if not missing:
        vectors = minilm.embed([text for row in rows for text in (row.first, row.second)])
        cosine = {
            (row.first, row.second): float(vectors[2 * place] @ vectors[2 * place + 1])
            for place, row in enumerate(rows)
        }
        rules += [
            (f"MiniLM cos≥{t:.2f}", lambda pair, t=t: cosine[pair.first, pair.second] >= t)
            for t in minilm.THRESHOLDS
        ]
    for name, serve in rules:
        every, held = pairs.rates(rows, serve), pairs.rates(kept, serve)
        print(f"{name:<20} {every[0]:8.2%} / {held[0]:.2%} {every[1]:24.2%} / {held[1]:.2%}")


def _blind() -> None:
    rows = pairs.blind()
    print("\nPairs written blind: different ones served in either direction, paraphrases accepted")
    for name_of_set in sorted({row.category for row in rows}):
        chosen = [row for row in rows if row.category == name_of_set]
        same = [row for row in chosen if row.same]
        counts = []
        for name, mode in MODES.items():
            if name != "off":
                false = sum(_either_way(row, mode.threshold) for row in chosen if not row.same)
                true = sum(pairs.served(row, mode.threshold) for row in same)
                accepted = f", {true / len(same):.1%}" if same else ""
                counts.append(f"{name} {false} of {len(chosen) - len(same)}{accepted}")
        print(f"set {name_of_set}: " + "; ".join(counts))


def _probes() -> None:
    rows = pairs.probes()
    print("\nProbes with different answers, served in either direction")
    for batch in sorted({row.category for row in rows}):
        chosen = [row for row in rows if row.category == batch]
        counts = []
        for name, mode in MODES.items():
            if name != "off":
                found = [row for row in chosen if _either_way(row, mode.threshold)]
                counts.append(f"{name} {len(found)}")
        print(f"batch {batch}: {len(chosen)} pairs, " + ", ".join(counts))


def _either_way(pair: pairs.Pair, threshold: float) -> bool:
    turned = replace(pair, first=pair.second, second=pair.first)
    return pairs.served(pair, threshold) or pairs.served(turned, threshold)


def _languages() -> None:
    rows = pairs.other_languages()
    prompts = json.loads((_HERE / "other_languages.json").read_text(encoding="utf-8"))
    prompts += [text for row in rows for text in (row.first, row.second)]
    passed = [text for text in prompts if eligible(text).eligible]
    kinds = len({row.category for row in rows})
    print(f"\nPrompts in other languages: {len(prompts)}, eligible {len(passed)}")
    for text in passed:
        print(f"   passed: {text}")
    print(f"If they were not refused: {len(rows)} minimal pairs in {kinds} languages")
    for name, mode in MODES.items():
        if name != "off":
            false, true = pairs.rates(rows, partial(pairs.judged_same, threshold=mode.threshold))
            print(f"WatchLLM {name:<12} false hits {false:6.1%}   paraphrases accepted {true:6.1%}")


def _time(replay: Replay) -> None:
    print("\nTime (fastest round; both hosts run the same program, one after the other)")
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder)
        shutil.copytree(_HERE.parents[1] / "shared" / "src" / "shared", program / "shared")
        shutil.copy(_HERE / "timing.py", program)
        sample = json.dumps(list(retrieved(replay, TIMED_QUESTIONS)))
        (program / timing.QUESTIONS).write_text(sample, encoding="utf-8")
        command = [sys.executable, "timing.py"]
        done = subprocess.run(command, cwd=program, check=True, capture_output=True, text=True)
        columns = {f"CPython {sys.version_info[0]}.{sys.version_info[1]}": json.loads(done.stdout)}
        missing = pyodide_missing()
        if missing:
            print(f"Pyodide left out: {missing}")
        else:
            columns["Pyodide"] = json.loads(pyodide_run(program, "timing.py"))
    print(f"{'':<40}" + "".join(f"{name:>14}" for name in columns))
    for key in next(iter(columns.values())):
        print(f"{key:<40}" + "".join(f"{column[key]:14,.1f}" for column in columns.values()))


if __name__ == "__main__":
    main()
