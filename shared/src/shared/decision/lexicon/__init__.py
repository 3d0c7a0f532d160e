"""The word knowledge of the decision, indexed at first use."""

from shared.decision.lexicon.index import Lexicon, Word, lexicon

__all__ = ["Lexicon", "Word", "lexicon"]
