"""A person's verdict on a semantic hit: what the edge remembers for it, and what it does in Redis.

Given at the edge by ``POST /v1/cache/feedback`` and in the dashboard by a member. Either way
``wrong`` removes the answer that was served and keeps the two prompts apart, both count as evidence
of their namespace, and each hit takes one verdict (``lua/give_verdict.lua``).
"""

import json
from dataclasses import asdict, dataclass

VERDICTS = ("right", "wrong")
REFUSED_SECONDS = 365 * 86_400
"""How long two prompts are kept from being matched. Longer than any entry lives."""


@dataclass(frozen=True, slots=True)
class SemanticHit:
    """What ``redis_keys.semantic_hit`` holds for a week after a semantic hit.

    ``row``: the usage row's request id, which differs from the caller's own id.
    ``asked`` and ``entry``: exact keys of the request, and of the answer that was served.
    ``bin``: of its probability.
    """

    row: str
    asked: str
    entry: str
    namespace: str
    bin: int

    def dump(self) -> str:
        """The value to store."""
        return json.dumps(asdict(self))


def parse_hit(text: str) -> SemanticHit | None:
    """What ``dump`` wrote; None for anything else."""
    try:
        return SemanticHit(**json.loads(text))
    except (TypeError, ValueError):
        return None
