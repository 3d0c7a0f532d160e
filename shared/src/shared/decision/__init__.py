"""The semantic decision: may a cached answer be served for a prompt with other words?

    >>> from shared.decision import MODES, decide, eligible, encode
    >>> if eligible(prompt).eligible:
    ...     query = encode(prompt)            # query.code, query.bands() go to the index
    ...     outcome = decide(query, cached_prompt, MODES["strict"].threshold)

Importing this package reads no file; the table (3.3 MB) is loaded by the first eligible prompt.
"""

from shared.decision.decide import MAX_DISTANCE, Decision, Encoded, decide, encode
from shared.decision.eligibility import Verdict, eligible
from shared.decision.modes import BALANCED, MODES, OFF, STRICT, Mode
from shared.embedding import filed

__all__ = [
    "BALANCED",
    "MAX_DISTANCE",
    "MODES",
    "OFF",
    "STRICT",
    "Decision",
    "Encoded",
    "Mode",
    "Verdict",
    "decide",
    "eligible",
    "encode",
    "filed",
]
