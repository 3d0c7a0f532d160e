"""Which content words of two prompts stand for one another, and what is left over."""

from functools import cached_property

from shared.decision.lexicon.function_words import COORDINATING, ORDERING
from shared.decision.lexicon.index import Word
from shared.decision.sketch import Item, Sketch
from shared.embedding import CODE_BITS


class Alignment:
    """Two sketches side by side."""

    def __init__(self, left: Sketch, right: Sketch) -> None:
        self.left = left
        self.right = right

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Places (in left.items, in right.items) of words of one group, left order."""
        return self._aligned[0]

    @property
    def left_only(self) -> list[int]:
        """Places in left.items of words without a partner."""
        return self._aligned[1]

    @property
    def right_only(self) -> list[int]:
        """Places in right.items of words without a partner."""
        return self._aligned[2]

    def extra(self) -> list[Word]:
        """All words without a partner, left ones first."""
        left_only, right_only = self.left_only, self.right_only
        if not left_only and not right_only:
            return []
        left, right = self.left.items, self.right.items
        return [left[i].word for i in left_only] + [right[i].word for i in right_only]

    @cached_property
    def swapped(self) -> bool:
        """Both name the same two things, in the other order: "between A and B", "B and A"."""
        if not self.unordered:
            return False
        left, right = self.left.between, self.right.between
        if left is not None and right is not None:
            return left[0] == right[0] and (left[1], left[2]) == (right[2], right[1])
        return self._coordinated

    @property
    def unordered(self) -> bool:
        """No word gives the order of a coordination a meaning: "ratio of A and B", "A and then
        B"."""
        return ORDERING.isdisjoint(self.left.wordset)

    @property
    def _coordinated(self) -> bool:
        """Members of one coordination changed places, as long as each other: "red tea or green
        coffee", "green coffee or red tea". In a longer one more than its members could move: "dogs
        hate cats and mice", "mice and dogs hate cats"."""
        left, right = self.left.items, self.right.items
        size = len(left)
        if size != len(right) or len(self.pairs) != size:
            return False
        groups = [item.word.group for item in left]
        turned = [item.word.group for item in right]
        for second in range(1, size):
            links = left[second].links
            if not links or not links <= COORDINATING or right[second].links != links:
                continue
            for long in range(1, min(second, size - second) + 1):
                first, end = second - long, second + long
                moved = groups[second:end] + groups[first:second]
                if turned == groups[:first] + moved + groups[end:]:
                    return _bound(left, first, second) == _bound(right, second, end) and _bound(
                        left, second, end
                    ) == _bound(right, first, second)
        return False

    @cached_property
    def _aligned(self) -> tuple[list[tuple[int, int]], list[int], list[int]]:
        """Pairs equal groups, keeping order where a group occurs more than once.

        Computed when a guard first needs it: the first dozen guards compare whole prompts instead.
        """
        waiting = self.left.positions
        used: dict[str, int] = {}
        pairs: list[tuple[int, int]] = []
        right_only: list[int] = []
        for place, item in enumerate(self.right.items):
            group = item.word.group
            turn = used.get(group, 0)
            partners = waiting.get(group, ())
            if turn < len(partners):
                used[group] = turn + 1
                pairs.append((partners[turn], place))
            else:
                right_only.append(place)
        pairs.sort()
        if len(pairs) == len(self.left.items):
            return pairs, [], right_only
        paired = {left for left, _ in pairs}
        left_only = [place for place in range(len(self.left.items)) if place not in paired]
        return pairs, left_only, right_only


def _bound(items: list[Item], start: int, end: int) -> list[frozenset[str]]:
    """The links inside of a member, without the one that leads to it."""
    return [item.links for item in items[start + 1 : end]]


def similarity(one: Word, other: Word) -> float:
    """1 - 2 * share of differing code bits: 1 for the same word, about 0 for unrelated ones."""
    return 1 - 2 * (one.code ^ other.code).bit_count() / CODE_BITS


def closest(word: Word, items: list[Item]) -> float:
    """Similarity of a word to the nearest content word of the other prompt; 0 for none."""
    code, group = word.code, word.group
    # A word said once more than in the other prompt is not explained by its own repetition.
    bits = min(
        ((code ^ item.word.code).bit_count() for item in items if item.word.group != group),
        default=CODE_BITS // 2,
    )
    return 1 - 2 * bits / CODE_BITS
