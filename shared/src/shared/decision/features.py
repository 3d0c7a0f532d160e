"""What the pair model sees of two prompts: 32 numbers, each with the direction it must act in.

``NAMES`` gives the order. The sign tells training whether the probability may only fall (-1) or
only rise (+1) with the number; 0 leaves it free. Bounding the direction keeps the model from
learning accidents of its training questions.
"""

from itertools import pairwise

from shared.decision.alignment import Alignment, closest, similarity
from shared.decision.guards.structure import IMPERSONAL_FRAMES
from shared.decision.lexicon.function_words import LINKS, STOP

DIRECTIONS: tuple[tuple[str, int], ...] = (
    ("distance", -1), ("paired", 1), ("left_over", -1), ("largest_left_over", -1),
    ("information_left_over", -1), ("information_paired", 1), ("share_paired", 1),
    ("least_close", 1), ("mean_close", 1), ("words_shared", 1), ("bigrams_shared", 1),
    ("letters_shared", 1), ("same_frame", 1), ("same_words", 1), ("length_ratio", 1),
    ("length_difference", -1), ("shorter", 0), ("function_words_shared", 1), ("persons_differ", -1),
    ("links_differ", -1), ("moved", -1), ("same_start", 1), ("one_sided", 0),
    ("names_shared", 1), ("numbers", 0), ("fillers_left_over", -1), ("rarest_paired", 1),
    ("substitute", 1), ("past", 0), ("conditions", -1), ("conditions_far", -1),
    ("on_both_sides", 0),
)  # fmt: skip
NAMES = tuple(name for name, _ in DIRECTIONS)


def features(pair: Alignment, distance: int) -> list[float]:
    """Numbers in the order of ``NAMES``; ``distance`` is the Hamming distance of the two codes."""
    left, right = pair.left, pair.right
    left_words = [left.items[i].word for i in pair.left_only]
    right_words = [right.items[i].word for i in pair.right_only]
    extra = left_words + right_words
    paired = [left.items[i].word.information for i, _ in pair.pairs]
    over = [word.information for word in extra]
    near = [closest(word, right.items) for word in left_words]
    near += [closest(word, left.items) for word in right_words]
    # Words that may carry a condition of their own, by how far they are from all of the other's.
    conditions = [1 - close for word, close in zip(extra, near, strict=True) if word.tells]
    sum_paired, sum_over = sum(paired), sum(over)
    left_set, right_set = left.canon_words, right.canon_words
    sizes = (len(left.canon), len(right.canon))
    substitute = 1.0
    if len(left_words) == 1 and len(right_words) == 1:
        substitute = similarity(left_words[0], right_words[0])
    return [
        float(distance),
        float(len(paired)),
        float(len(extra)),
        max(over, default=0.0),
        sum_over,
        sum_paired,
        2 * sum_paired / (2 * sum_paired + sum_over) if sum_paired or sum_over else 1.0,
        min(near, default=1.0),
        sum(near) / len(near) if near else 1.0,
        _jaccard(left_set, right_set),
        _jaccard(left.canon_bigrams, right.canon_bigrams),
        _jaccard(left.canon_trigrams, right.canon_trigrams),
        1.0 if left.frame == right.frame else 0.0,
        1.0 if left.canon == right.canon else 0.0,
        min(sizes) / max(*sizes, 1),
        float(abs(sizes[0] - sizes[1])),
        float(min(sizes)),
        _jaccard(left_set & STOP, right_set & STOP),
        0.0 if left.frame in IMPERSONAL_FRAMES else float(len(left.persons ^ right.persons)),
        float(len((left_set ^ right_set) & LINKS)),
        float(_moved(pair)),
        1.0 if left.words[:1] == right.words[:1] else 0.0,
        1.0 if bool(left_words) != bool(right_words) else 0.0,
        float(len(left.names & right.names)),
        float(len(left.numbers)),
        float(sum(word.filler for word in extra)),
        max(paired, default=0.0),
        substitute,
        1.0 if left.past else 0.0,
        float(len(conditions)),
        float(sum(conditions)),
        float(min(len(left_words), len(right_words))),
    ]


def _jaccard(left: frozenset[object], right: frozenset[object]) -> float:
    common = len(left & right)
    union = len(left) + len(right) - common
    return common / union if union else 1.0


def _moved(pair: Alignment) -> int:
    """Neighbouring pairs that changed places."""
    places = [right for _, right in pair.pairs]
    return sum(one > other for one, other in pairwise(places))
