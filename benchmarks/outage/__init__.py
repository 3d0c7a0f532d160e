"""The table of faults: what requests of known keys meet while a part of the product is broken.

`make bench ARGS=outage`; `OUTAGE=redis,rest make bench ARGS=outage` for some of its groups.
"""

from benchmarks.outage.table import main

__all__ = ["main"]
