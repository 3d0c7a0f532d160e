"""Whether a prompt may be answered by meaning at all, and why not."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from shared.decision.eligibility_rules import MAX_CHARACTERS, RULES
from shared.decision.language import english
from shared.embedding import MAX_TOKENS, encoder

_QUOTES = str.maketrans("’‘“”", "''\"\"")


@dataclass(frozen=True, slots=True)
class Verdict:
    """``reason`` is None when the prompt is eligible, else the name of the rule."""

    reason: str | None

    @property
    def eligible(self) -> bool:
        return self.reason is None


_ELIGIBLE = Verdict(None)


def eligible(text: str) -> Verdict:
    """Checks one user message against the table in ``eligibility_rules``.

    The embedding table is touched only by prompts that every other rule lets pass.
    """
    if not text.strip():
        return Verdict("empty")
    if len(text) > MAX_CHARACTERS:
        return Verdict("too-long")
    straight = text if text.isascii() else text.translate(_QUOTES)
    for reason, found in _compiled():
        if found(straight):
            return Verdict(reason)
    if not english(text):
        return Verdict("not-english")
    if not 0 < len(encoder().tokenize(text)) <= MAX_TOKENS:
        return Verdict("too-long")
    return _ELIGIBLE


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[str, Callable[[str], object]], ...]:
    return tuple((rule.reason, re.compile(rule.pattern, re.IGNORECASE).search) for rule in RULES)
