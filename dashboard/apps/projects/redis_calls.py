"""Typed calls of the Lua scripts: made by `python -m lua_calls` from the headers in `lua/`.

Each raises whatever the client does when Redis cannot be asked. What parameters and answers mean
stands in the script's header.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shared import lua

if TYPE_CHECKING:
    from upstash_redis import Redis

_FOLDERS = (Path(__file__).parent / "lua",)


def advance_cutoff(
    redis: "Redis", *, cutoffs: str, field: str, age_ms: int, ttl_seconds: int
) -> int:
    """Purges: every entry of a scope that was created until now is dead, everywhere. Answers
    the cutoff, unix ms; it never moves back.
    """
    keys = [cutoffs]
    arguments = [field, str(age_ms), str(ttl_seconds)]
    answer: int = redis.eval(lua.compose("advance_cutoff", folders=_FOLDERS), keys, arguments)
    return answer


def count_entries(
    redis: "Redis", *, cutoffs: str, entries: Sequence[str], head_bytes: int
) -> list[tuple[str, int, int, int, int]]:
    """Adds up some entries of a project by their model and namespace. Answers label, live
    entries, bytes, purged ones, bytes.
    """
    keys = [cutoffs, *entries]
    arguments = [str(head_bytes)]
    answer: list[tuple[str, int, int, int, int]] = redis.eval(
        lua.compose("count_entries", folders=_FOLDERS), keys, arguments
    )
    return answer


def give_verdict(
    redis: "Redis",
    *,
    hit: str,
    entry: str,
    evidence: str,
    project_evidence: str,
    refused_pair: str,
    bin_number: int,
    wrong: int,
    refused_seconds: int,
) -> int:
    """Records a person's verdict on a semantic hit. Redis forgets the hit with it, so that a
    second verdict finds nothing to count. Answers 1; 0 when no verdict is waited for, and
    then nothing has changed.
    """
    keys = [hit, entry, evidence, project_evidence, refused_pair]
    arguments = [str(bin_number), str(wrong), str(refused_seconds)]
    answer: int = redis.eval(lua.compose("give_verdict", folders=_FOLDERS), keys, arguments)
    return answer


def raise_evidence(
    redis: "Redis", *, evidence: Sequence[str], counts: Iterable[tuple[int, int, int, int]]
) -> int:
    """Raises counters of evidence that are lower than the database knows them. None is
    lowered. Answers how many counters were lower.
    """
    keys = [*evidence]
    arguments = [*(str(part) for each in counts for part in each)]
    answer: int = redis.eval(lua.compose("raise_evidence", folders=_FOLDERS), keys, arguments)
    return answer
