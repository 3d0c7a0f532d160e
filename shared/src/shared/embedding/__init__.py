"""Static sentence embedding that runs anywhere Python runs: no model server, no dependency."""

from shared.embedding.bands import filed, probed
from shared.embedding.encoder import CODE_BITS, MAX_TOKENS, Encoder, encoder

__all__ = ["CODE_BITS", "MAX_TOKENS", "Encoder", "encoder", "filed", "probed"]
