"""Fits the pair model on what retrieval really returns, and exports it as plain data.

Every question of the fitting file is asked of all the others (top 8 by code); pairs that pass
eligibility and guards are the examples, labelled by the file's duplicate components. A pair whose
sketches agree in full is the same question whatever its label says. To these come minimal pairs
with sure labels: generated ones (``generated_pairs``, seed 12), and the benchmark's pair files
except set 2 of the blind ones, which stays apart. ``--seen`` prints how each set fares in a model
that was fitted without it. Only numbers (thresholds and leaf values) leave this
script, never a text.

Usage: python train_pair_model.py --data DIR --out shared/src/shared/decision/pair_model.json
"""

import argparse
import gzip
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.isotonic import IsotonicRegression

sys.path.extend(
    str(Path(__file__).resolve().parents[2] / part) for part in ("shared/src", ".", "tools")
)
from generated_pairs import generated

from benchmarks.semantic import pairs as pair_files
from shared.decision.alignment import Alignment
from shared.decision.decide import MAX_DISTANCE, apart, encode, sketch
from shared.decision.eligibility import eligible
from shared.decision.features import DIRECTIONS, NAMES, features
from shared.decision.guards import first_refusal
from shared.embedding import encoder

FOLDS = 5
TOP = 8
GENERATED = 6_000
SEED = 12
SURE = 8.0  # weight of a pair of the benchmark's files
KEPT_APART = "blind 2"
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.08, "num_leaves": 12, "min_data_in_leaf": 30,
    "lambda_l2": 5.0, "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1,
    "num_threads": 1, "seed": 4, "deterministic": True, "verbose": -1,
    "monotone_constraints": [sign for _, sign in DIRECTIONS],
    "monotone_constraints_method": "basic",
}  # fmt: skip


def components(path: Path) -> dict[str, str]:
    """Question -> representative of its duplicate component."""
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


def nearest(texts: list[str]) -> list[list[tuple[int, int]]]:
    """For each text the TOP others by Hamming distance: (index, distance)."""
    encode = encoder()
    codes = [encode.code(encode.tokenize(text)) for text in texts]
    raw = np.frombuffer(b"".join(code.to_bytes(32, "big") for code in codes), np.uint8)
    signs = np.unpackbits(raw.reshape(-1, 32), axis=1).astype(np.float32) * 2 - 1
    found = []
    for start in range(0, len(texts), 512):
        apart = (256 - signs[start : start + 512] @ signs.T) / 2
        apart[np.arange(len(apart)), start + np.arange(len(apart))] = 999
        best = np.argpartition(apart, TOP, axis=1)[:, :TOP]
        found += [[(int(i), int(apart[r, i])) for i in row] for r, row in enumerate(best)]
    return found


def settled(pair: Alignment) -> bool:
    """Nothing differs that the sketch can see."""
    return frozenset(pair.left.canon) == frozenset(pair.right.canon)


def fold_of(component: str) -> int:
    """A fixed fold for a component."""
    return int(hashlib.sha256(component.encode()).hexdigest()[:8], 16) % FOLDS


def examined(asked: str, cached: str, distance: int) -> Alignment | None:
    """The pair as the model gets to see it; None for one that ``decide`` refuses before."""
    if asked == cached or distance > MAX_DISTANCE or apart(asked, cached):
        return None
    pair = Alignment(sketch(asked), sketch(cached))
    return None if first_refusal(pair) else pair


def replayed(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Feature rows, labels, and the folds of both questions' components."""
    component = components(path)
    texts = sorted(text for text in component if eligible(text).eligible)
    rows, labels, folds = [], [], []
    for query, candidates in enumerate(nearest(texts)):
        for other, distance in candidates:
            pair = examined(texts[query], texts[other], distance)
            if pair is None:
                continue
            same = component[texts[query]] == component[texts[other]]
            rows.append(features(pair, distance))
            labels.append(same or settled(pair))
            folds.append([fold_of(component[texts[place]]) for place in (query, other)])
    return np.array(rows), np.array(labels, float), np.array(folds)


def labelled(pairs: Iterable[tuple[str, bool, str, str]]) -> tuple[np.ndarray, np.ndarray, list]:
    """Feature rows (both directions), labels and sets of (set, same, first, second)."""
    rows, labels, sets = [], [], []
    for name, same, first, second in pairs:
        if not (eligible(first).eligible and eligible(second).eligible):
            continue
        distance = (encode(first).code ^ encode(second).code).bit_count()
        for asked, cached in ((first, second), (second, first)):
            pair = examined(asked, cached, distance)
            if pair is not None:
                rows.append(features(pair, distance))
                labels.append(same)
                sets.append(name)
    return np.array(rows), np.array(labels, float), sets


def benchmark_pairs() -> Iterator[tuple[str, bool, str, str]]:
    """The pair files of the benchmark, each by the name of its set."""
    read = {"minimal": pair_files.load, "blind": pair_files.blind, "probe": pair_files.probes}
    for name, rows in ((name, load()) for name, load in read.items()):
        for row in rows:
            named = "minimal" if name == "minimal" else f"{name} {row.category}"
            yield named, row.same, row.first, row.second


def export(model: lightgbm.Booster, calibration: list[list[float]]) -> dict[str, object]:
    """Trees in the layout that shared.decision.pair_model documents."""

    def preorder(node: dict, out: list) -> list:
        if "leaf_value" in node:
            out.append(round(node["leaf_value"], 5))
            return out
        place = len(out)
        out.append(None)
        preorder(node["left_child"], out)
        out[place] = [node["split_feature"], round(node["threshold"], 5), len(out)]
        return preorder(node["right_child"], out)

    trees = [preorder(t["tree_structure"], []) for t in model.dump_model()["tree_info"]]
    return {"features": list(NAMES), "base": 0.0, "trees": trees, "calibration": calibration}


def fitted(parts: list[tuple[np.ndarray, np.ndarray, float]], trees: int) -> lightgbm.Booster:
    """A model of (rows, labels, weight) of several sources."""
    rows = np.vstack([part[0] for part in parts])
    labels = np.concatenate([part[1] for part in parts])
    weights = np.concatenate([np.full(len(part[1]), part[2]) for part in parts])
    data = lightgbm.Dataset(rows, labels, weight=weights, feature_name=list(NAMES))
    return lightgbm.train(PARAMETERS, data, trees)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--seen", action="store_true", help="fit once without each set of pairs")
    args = parser.parse_args()
    rows, labels, folds = replayed(args.data / "qqp_train.jsonl.gz")
    made = labelled(
        ("generated", pair.same, pair.first, pair.second) for pair in generated(GENERATED, SEED)
    )
    sure = labelled(benchmark_pairs())
    used = np.array([name != KEPT_APART for name in sure[2]])
    print(len(rows), "replayed", len(made[0]), "generated", used.sum(), "of the files", flush=True)
    both = [(made[0], made[1], 1.0), (sure[0][used], sure[1][used], SURE)]
    out_of_fold = np.zeros(len(rows))
    for fold in range(FOLDS):
        test = folds[:, 0] == fold
        # Neither question of a training pair is in the test fold: a pair of two components would
        # be learned from its mirror image otherwise.
        kept = (folds != fold).all(axis=1)
        model = fitted([(rows[kept], labels[kept], 1.0), *both], args.trees)
        out_of_fold[test] = model.predict(rows[test], raw_score=True)
    isotonic = IsotonicRegression(out_of_bounds="clip").fit(out_of_fold, labels)
    knots = np.quantile(out_of_fold, np.linspace(0.0, 1.0, 41))
    # Strictly rising: the isotonic steps are joined by lines, with a small slope on the flats.
    levels = isotonic.predict(knots) * 0.98 + np.linspace(0, 0.02, 41)
    calibration = [
        [round(float(s), 4), round(float(p), 4)] for s, p in zip(knots, levels, strict=True)
    ]
    for cut in (0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        served = np.interp(out_of_fold, knots, levels) >= cut
        print(f"p>={cut}: {served.sum()} pairs, {1 - labels[served].mean():.4f} labelled different")
    model = fitted([(rows, labels, 1.0), *both], args.trees)
    args.out.write_text(json.dumps(export(model, calibration), separators=(",", ":")))
    print(args.out, args.out.stat().st_size, "bytes")
    order = np.argsort(-model.feature_importance("gain"))
    print(", ".join(NAMES[i] for i in order[:14]))
    if args.seen:
        names = np.array(sure[2])
        for name in sorted(set(sure[2])):
            apart = names == name
            rest = (sure[0][~apart], sure[1][~apart], SURE)
            model = fitted([(rows, labels, 1.0), (made[0], made[1], 1.0), rest], args.trees)
            found = np.interp(model.predict(sure[0][apart], raw_score=True), knots, levels)
            told = [
                f"p>={cut}: {int(((found >= cut) & (sure[1][apart] == 0)).sum())} false, "
                f"{int(((found >= cut) & (sure[1][apart] == 1)).sum())} true"
                for cut in (0.5, 0.6, 0.7)
            ]
            print(f"{name}, left out: " + "; ".join(told))


if __name__ == "__main__":
    main()
