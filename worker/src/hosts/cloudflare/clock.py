"""A Worker's clocks."""

import js

_latest = [0.0]


def now() -> float:
    """Not ``time.time()``: while a Worker's clock stands, that runs ahead by 1 ms with each
    reading, and falls back when the clock moves."""
    return float(js.Date.now()) / 1000


def monotonic() -> float:
    """A Worker has no clock but the wall's; where that is set back, time stands for a while."""
    _latest[0] = max(_latest[0], now())
    return _latest[0]
