"""Static sentence embedding that runs anywhere Python runs: no model server, no dependency."""

from shared.embedding.bands import filed, probed
from shared.embedding.encoder import CODE_BITS, MAX_TOKENS, Encoder, encoder
from shared.embedding.projection import code_of_vector

__all__ = ["CODE_BITS", "MAX_TOKENS", "Encoder", "code_of_vector", "encoder", "filed", "probed"]
