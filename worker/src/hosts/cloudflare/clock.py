"""A Worker's clocks."""

import js

_latest = [0.0]


def now() -> float:
    """Not ``time.time()``: while a Worker's clock stands still, each call of it adds 1 ms, and it
    is set back when the clock moves on."""
    return float(js.Date.now()) / 1000


def monotonic() -> float:
    """A Worker has only a wall clock. When that is set back, this one stands still for as long."""
    _latest[0] = max(_latest[0], now())
    return _latest[0]
