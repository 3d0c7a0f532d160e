"""A Worker's clocks. They move only when I/O happens, and each look at them is a call into
JavaScript: a reading is kept until something was awaited.
"""

from collections.abc import Callable


class _Reading:
    kept: float | None = None
    latest = 0.0
    take: Callable[[], float]


def read_by(date_now: Callable[[], float]) -> None:
    """``date_now``: JavaScript's ``Date.now``, before the first reading.

    Not ``time.time()``: while a Worker's clock stands still, each call of that adds 1 ms, and it is
    set back when the clock moves on.
    """
    _Reading.take = staticmethod(date_now)


def now() -> float:
    """Unix time in seconds."""
    kept = _Reading.kept
    if kept is None:
        kept = _Reading.kept = _Reading.take() / 1000
    return kept


def monotonic() -> float:
    """A Worker has only a wall clock. When that is set back, this one stands still for as long."""
    _Reading.latest = max(_Reading.latest, now())
    return _Reading.latest


def begins(milliseconds: float | None = None) -> None:
    """Something was awaited, or JavaScript called: the clock may have moved, to that unix time."""
    _Reading.kept = None if milliseconds is None else milliseconds / 1000
