"""Ends of blocks that are worth a marker, by class; prefixes of one class are reused alike.

A class is written as in ``S2t``: ``T`` end of the tools, ``S`` of a block of the system prompt,
``H`` of one of the two blocks after it (a document, a memory), each with the number of its uses (3
is three and more); ``L`` the last block, a user's text (``u``) or a tool's result (``r``), with the
number of turns (1, 2 to 4, 5 and more). ``t`` at the end: the prompt begins with tools.
"""

from dataclasses import dataclass
from itertools import pairwise

LOOKED_UP = 44
"""Prefixes for which a request asks the store; with the four common fields, 48."""
_MOST_SYSTEM_BLOCKS = 6
_TURNS_SEEN, _LOOKED_BACK, _LATEST = 40, 200, 8

PRIORS: dict[str, tuple[float, float]] = {
    "T1": (0.7, 0.85),
    "T2": (0.8, 0.9),
    "T3": (0.85, 0.95),
    "S1": (0.15, 0.3),
    "S2": (0.45, 0.7),
    "S3": (0.6, 0.85),
    "S1t": (0.6, 0.8),
    "S2t": (0.8, 0.9),
    "S3t": (0.85, 0.95),
    "H1": (0.1, 0.15),
    "H2": (0.3, 0.4),
    "H3": (0.5, 0.6),
    "Lu1": (0.15, 0.2),
    "Lu2": (0.5, 0.6),
    "Lu5": (0.7, 0.8),
    "Lu1t": (0.6, 0.65),
    "Lu2t": (0.7, 0.8),
    "Lu5t": (0.8, 0.9),
    "Lr1": (0.85, 0.9),
    "Lr2": (0.9, 0.95),
    "Lr5": (0.9, 0.95),
    "Lr1t": (0.85, 0.9),
    "Lr2t": (0.9, 0.95),
    "Lr5t": (0.92, 0.97),
}
"""Chance that a prefix is used again within five minutes and within an hour, before anything is
known of a project. Only its first minutes depend on it."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """``classes``: block to class, ``{}`` in place of the number of uses, the last block included.

    ``looked_up``: blocks in rising order, whose prefixes are looked for: those of ``classes`` and
    the latest ones at which an earlier request of the same conversation may have ended, with a
    user's text or the last of some tools' results.
    """

    classes: dict[int, str]
    looked_up: list[int]


def boundaries(kinds: list[str]) -> Boundaries:
    """Of a prompt with at least one block."""
    count, last = len(kinds), len(kinds) - 1
    tools = "t" if kinds[0] == "tools" else ""
    head = next((at for at, kind in enumerate(kinds) if kind not in ("tools", "system")), count)
    system = [at for at in range(head) if kinds[at] == "system"]
    classes = dict.fromkeys(_ends(system), "S{}" + tools)
    if tools:
        classes[0] = "T{}"
    classes.update((at, "H{}") for at in range(head, min(head + 2, last)) if kinds[at] == "user")
    classes[last] = f"L{_speaker(kinds[last])}{_turns(kinds, head)}{tools}"
    seen = set(classes)
    most = len(seen) + _LATEST
    for at in range(last - 1, max(-1, last - _LOOKED_BACK), -1):
        kind = kinds[at]
        if kind == "user" or (kind == "tool_result" and kinds[at + 1] != kind):
            seen.add(at)
            if len(seen) == most:
                break
    return Boundaries(classes, sorted(seen))


def _ends(system: list[int]) -> list[int]:
    """The first and the last blocks of a system prompt, where it has very many."""
    if len(system) <= _MOST_SYSTEM_BLOCKS:
        return system
    half = _MOST_SYSTEM_BLOCKS // 2
    return [*system[:half], *system[-half:]]


def _speaker(kind: str) -> str:
    return "r" if kind == "tool_result" else "u"


def _turns(kinds: list[str], head: int) -> str:
    last = len(kinds) - 1
    latest = [*kinds[max(head, last - _TURNS_SEEN) :], ""]
    turns = sum(
        [kind != after and kind in ("user", "tool_result") for kind, after in pairwise(latest)]
    )
    return "1" if turns < 2 else "2" if turns < 5 else "5"
