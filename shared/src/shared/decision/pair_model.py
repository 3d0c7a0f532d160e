"""The pair model: gradient-boosted trees over ``features``, and the calibration of their score.

File layout (``pair_model.json``, made by tools/semantic/train_pair_model.py): ``trees`` is a list
of trees, each a list of nodes in preorder. A split is ``[feature, threshold, right]``: go to the
next node when the value is at most the threshold, to node ``right`` otherwise. A leaf is a number.
``calibration`` is ``[[score, probability], …]``, rising, interpolated in between (isotonic).
"""

import json
from bisect import bisect_right
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.decision.features import NAMES

_FILE = Path(__file__).with_name("pair_model.json")


class PairModel:
    """P(the answer of one prompt serves the other one)."""

    def __init__(self, document: dict[str, Any]) -> None:
        if tuple(document["features"]) != NAMES:
            raise ValueError("the pair model was trained on other features")
        self._trees = [_nested(tree, 0) for tree in document["trees"]]
        self._base: float = document["base"]
        self._scores = [float(score) for score, _ in document["calibration"]]
        self._probabilities = [float(probability) for _, probability in document["calibration"]]

    def score(self, values: list[float]) -> float:
        """Sum of the trees, in log-odds."""
        total = self._base
        for tree in self._trees:
            node = tree
            while type(node) is tuple:
                feature, threshold, below, above = node
                node = below if values[feature] <= threshold else above
            total += node
        return total

    def probability(self, values: list[float]) -> float:
        """Calibrated probability, 0..1, of the features."""
        score = self.score(values)
        scores, levels = self._scores, self._probabilities
        above = bisect_right(scores, score)
        if above == 0:
            return levels[0]
        if above == len(scores):
            return levels[-1]
        low, high = scores[above - 1], scores[above]
        part = (score - low) / (high - low)
        return levels[above - 1] + part * (levels[above] - levels[above - 1])


def _nested(tree: list[Any], place: int) -> Any:
    """A tree as (feature, threshold, subtree below, subtree above): no counting while walking."""
    node = tree[place]
    if not isinstance(node, list):
        return node
    feature, threshold, right = node
    return feature, threshold, _nested(tree, place + 1), _nested(tree, right)


@lru_cache(maxsize=1)
def pair_model() -> PairModel:
    """The model shipped beside this file; read once per process, at first use."""
    return PairModel(json.loads(_FILE.read_bytes()))
