"""Fits the pair model on what retrieval really returns, and exports it as plain data.

Every question of the fitting file is asked of all the others (top 10 by code); pairs that pass
eligibility and guards are the examples, labelled by the file's duplicate components. A pair whose
sketches agree in full is the same question whatever its label says. Only numbers (thresholds and
leaf values) leave this script, never a text.

Usage: python train_pair_model.py --data DIR --out shared/src/shared/decision/pair_model.json
"""

import argparse
import gzip
import hashlib
import json
import sys
from pathlib import Path

import lightgbm
import numpy as np
from sklearn.isotonic import IsotonicRegression

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "shared" / "src"))
from shared.decision.alignment import Alignment
from shared.decision.decide import MAX_DISTANCE
from shared.decision.eligibility import eligible
from shared.decision.features import DIRECTIONS, NAMES, features
from shared.decision.guards import first_refusal
from shared.decision.lexicon.index import lexicon
from shared.decision.sketch import Sketch
from shared.embedding import encoder

FOLDS = 5
TOP = 10
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.06, "num_leaves": 12, "min_data_in_leaf": 40,
    "lambda_l2": 5.0, "feature_fraction": 0.6, "bagging_fraction": 0.8, "bagging_freq": 1,
    "num_threads": 2, "seed": 4, "deterministic": True, "verbose": -1,
    "monotone_constraints": [sign for _, sign in DIRECTIONS],
    "monotone_constraints_method": "intermediate",
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


def examples(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Feature rows, labels, and the folds of both questions' components."""
    component = components(path)
    texts = sorted(text for text in component if eligible(text).eligible)
    words = lexicon()
    sketches = [Sketch(text, words) for text in texts]
    rows, labels, folds = [], [], []
    for query, candidates in enumerate(nearest(texts)):
        for other, distance in candidates:
            if distance > MAX_DISTANCE:
                continue
            pair = Alignment(sketches[query], sketches[other])
            if first_refusal(pair):
                continue
            same = component[texts[query]] == component[texts[other]]
            rows.append(features(pair, distance))
            labels.append(same or settled(pair))
            folds.append([fold_of(component[texts[place]]) for place in (query, other)])
    return np.array(rows), np.array(labels, float), np.array(folds)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--trees", type=int, default=90)
    args = parser.parse_args()
    rows, labels, folds = examples(args.data / "qqp_train.jsonl.gz")
    print(len(rows), "examples", f"{labels.mean():.3f} same", flush=True)
    out_of_fold = np.zeros(len(rows))
    for fold in range(FOLDS):
        test = folds[:, 0] == fold
        # Neither question of a training pair is in the test fold: a pair of two components would
        # be learned from its mirror image otherwise.
        kept = (folds != fold).all(axis=1)
        data = lightgbm.Dataset(rows[kept], labels[kept], feature_name=list(NAMES))
        model = lightgbm.train(PARAMETERS, data, args.trees)
        out_of_fold[test] = model.predict(rows[test], raw_score=True)
    fitted = IsotonicRegression(out_of_bounds="clip").fit(out_of_fold, labels)
    knots = np.quantile(out_of_fold, np.linspace(0.0, 1.0, 41))
    # Strictly rising: the isotonic steps are joined by lines, with a small slope on the flats.
    levels = fitted.predict(knots) * 0.98 + np.linspace(0, 0.02, 41)
    calibration = [
        [round(float(s), 4), round(float(p), 4)] for s, p in zip(knots, levels, strict=True)
    ]
    for cut in (0.6, 0.7, 0.8, 0.85, 0.9, 0.95):
        served = np.interp(out_of_fold, knots, levels) >= cut
        print(f"p>={cut}: {served.sum()} pairs, {1 - labels[served].mean():.4f} labelled different")
    model = lightgbm.train(PARAMETERS, lightgbm.Dataset(rows, labels), args.trees)
    args.out.write_text(json.dumps(export(model, calibration), separators=(",", ":")))
    print(args.out, args.out.stat().st_size, "bytes")
    order = np.argsort(-model.feature_importance("gain"))
    print(", ".join(NAMES[i] for i in order[:12]))


if __name__ == "__main__":
    main()
