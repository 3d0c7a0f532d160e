"""A person's verdict on a semantic hit: what the edge remembers for it, and what it does in Redis.

Given at the edge by ``POST /v1/cache/feedback`` and in the dashboard by a member. Either way
``wrong`` removes the answer that was served and keeps the two prompts apart, both count as evidence
of their scope, and each hit takes one verdict.
"""

import json
from dataclasses import asdict, dataclass

VERDICTS = ("right", "wrong")
REFUSED_SECONDS = 365 * 86_400
"""Longer than any entry lives: two prompts that are asked again and again do not meet again."""

# Redis forgets the hit with the verdict, so that a second one finds nothing to count.
GIVE_VERDICT = """
-- KEYS: 1 remembered hit, 2 entry, 3 evidence, 4 refused pair
-- ARGV: 1 bin, 2 wrong (0 or 1), 3 seconds for which the pair is refused
-- Answer: 1; 0 when no verdict is waited for, and then nothing has changed
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
if ARGV[2] == '1' then
  redis.call('DEL', KEYS[2])
  redis.call('SET', KEYS[4], 1, 'EX', ARGV[3])
end
redis.call('HINCRBY', KEYS[3], 'checked:' .. ARGV[1], 1)
redis.call('HINCRBY', KEYS[3], 'wrong:' .. ARGV[1], ARGV[2])
return 1
"""


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
