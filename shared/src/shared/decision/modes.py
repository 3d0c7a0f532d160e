"""Modes of the semantic cache: how sure a decision must be, and the wrong-hit rate aimed at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mode:
    """``threshold``: least calibrated probability served before a namespace has own evidence.

    ``target_error``: δ, the share of wrong answers among semantic hits that the mode may reach.
    ``prior``: (a, b) of the Beta distribution of that share over good namespaces, as benchmarked.
    """

    name: str
    threshold: float
    target_error: float
    prior: tuple[float, float] = (1.0, 1.0)


OFF = Mode("off", 1.01, 0.0)
STRICT = Mode("strict", 0.70, 0.01, (1.0, 400.0))
BALANCED = Mode("balanced", 0.50, 0.03, (1.0, 80.0))
MODES = {mode.name: mode for mode in (OFF, STRICT, BALANCED)}
