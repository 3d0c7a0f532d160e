"""The state of a project: the fields of one Redis hash, as ``prompt_cache.lua`` writes them.

The field of a prefix is its hash and holds a ``Record``. ``stats`` holds the project's life tables
by class and by family (the first letter of a class), ``stats:<root>`` those of one application,
``ledger`` a ``Ledger`` and ``kept`` how often what was taken to be cached was.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from shared.prompt_cache.boundaries import Boundaries
from shared.prompt_cache.prompt import Prompt

_COMMON = 4


class Record(NamedTuple):
    """A prefix that was seen. ``uses``: how often; ``expires``: when its entry ends, unix ms (0: it
    has none); ``lifetime``: of its entry, seconds; ``waits``: for its next use, which will be
    counted; ``would_expire``: when an entry would end that the ledger did not allow."""

    uses: int
    expires: int
    lifetime: int
    waits: bool
    would_expire: int = 0


@dataclass(frozen=True, slots=True)
class Ledger:
    """Tokens: ``paid`` beyond the input price for writes, ``saved`` by reads (both in tokens at the
    input price), ``seen`` in all prompts, which had ``characters``. ``missed``: how much more would
    have been saved without a bound, as predicted; negative where the bound saved."""

    paid: float = 0.0
    saved: float = 0.0
    seen: float = 0.0
    characters: float = 0.0
    missed: float = 0.0


@dataclass(frozen=True, slots=True)
class State:
    """``records``: by block. ``tables``, ``root_tables``: life tables by class, each as its text: a
    request needs few of them. ``kept``: by the bits of a prefix's tokens, how often it was taken to
    be cached, and how often the usage said otherwise."""

    records: dict[int, Record] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    root_tables: dict[str, str] = field(default_factory=dict)
    ledger: Ledger = Ledger()
    kept: dict[int, tuple[float, float]] = field(default_factory=dict)


def fields(prompt: Prompt, found: Boundaries) -> list[str]:
    """What to read for ``prompt``: 48 fields at most."""
    prefixes = (prompt.prefixes[at] for at in found.looked_up)
    return ["stats", f"stats:{prompt.root}", "ledger", "kept", *prefixes]


def parse(found: Boundaries, values: Sequence[str | None]) -> State:
    """The values of ``fields``, in their order; ``None`` where there is none."""
    stats, root_stats, ledger, kept = values[:_COMMON]
    records = {
        at: _record(value)
        for at, value in zip(found.looked_up, values[_COMMON:], strict=True)
        if value is not None
    }
    return State(
        records,
        _tables(stats),
        _tables(root_stats),
        Ledger(*map(float, ledger.split(" "))) if ledger else Ledger(),
        _kept(kept),
    )


def _record(text: str) -> Record:
    parts = text.split(" ")
    would_expire = int(parts[7]) if len(parts) > 7 else 0
    return Record(int(parts[0]), int(parts[1]), int(parts[2]), parts[3] != "-", would_expire)


def _tables(text: str | None) -> dict[str, str]:
    return dict([item.split(":", 1) for item in text.split(";")]) if text else {}


def _kept(text: str | None) -> dict[int, tuple[float, float]]:
    items = (item.split(":") for item in text.split(" ")) if text else ()
    return {int(bits): (float(taken), float(missed)) for bits, taken, missed in items}
