"""Stacked bar charts as SVG drawn on the server: no script to load, no shift when they refresh, and
a table of the same numbers beside each (``components/chart.html``).

Positions are SVG attributes and colours CSS classes: the Content Security Policy stays strict.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_TICKS = 4
_X_LABELS = 6
_WIDTH = 10.0
_GAP = 1.6
_HEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Series:
    """``css`` is a fill class of components.css; ``values`` has one number per bucket."""

    label: str
    css: str
    values: Sequence[int]
    href: str = ""

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Segment:
    """A rectangle of a bar, in the units of the view box."""

    css: str
    x: str
    y: str
    width: str
    height: str


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket: its segments from the bottom up, and its line in the table."""

    label: str
    href: str
    x: str
    segments: list[Segment]
    values: list[str]
    total: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template needs; numbers are formatted already."""

    title: str
    series: list[Series]
    totals: list[str]
    grand_total: str
    bars: list[Bar]
    view_box: str
    bar_width: str
    ticks: list[str]
    x_labels: list[str]
    empty: bool


def stacked(
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    form: Callable[[int], str],
    axis: Callable[[int], str],
    hrefs: Sequence[str] = (),
) -> Chart:
    """``form`` writes numbers in the table, ``axis`` on the axis; ``hrefs`` link bar by bar."""
    sums = [sum(one.values[i] for one in series) for i in range(len(labels))]
    top = nice_ceiling(max(sums, default=0))
    return Chart(
        title=title,
        series=list(series),
        totals=[form(one.total) for one in series],
        grand_total=form(sum(sums)),
        bars=[
            _bar(
                position,
                label,
                hrefs[position] if hrefs else "",
                series=series,
                top=top,
                form=form,
            )
            for position, label in enumerate(labels)
        ],
        view_box=f"0 0 {len(labels) * _WIDTH:g} {_HEIGHT:g}",
        bar_width=f"{_WIDTH:g}",
        ticks=[axis(top * step // _TICKS) for step in range(_TICKS, -1, -1)],
        x_labels=_thinned(labels),
        empty=not any(sums),
    )


def _bar(
    position: int,
    label: str,
    href: str,
    *,
    series: Sequence[Series],
    top: int,
    form: Callable[[int], str],
) -> Bar:
    segments = []
    floor = _HEIGHT
    values = [one.values[position] for one in series]
    for one, value in zip(series, values, strict=True):
        if value <= 0:
            continue
        height = value / top * _HEIGHT
        floor -= height
        segments.append(
            Segment(
                css=one.css,
                x=f"{position * _WIDTH + _GAP / 2:g}",
                y=f"{floor:.3f}",
                width=f"{_WIDTH - _GAP:g}",
                height=f"{height:.3f}",
            )
        )
    return Bar(
        label=label,
        href=href,
        x=f"{position * _WIDTH:g}",
        segments=segments,
        values=[form(value) for value in values],
        total=form(sum(values)),
    )


def nice_ceiling(value: int) -> int:
    """The next number above that divides into quarters of a readable size; at least 4."""
    if value <= _TICKS:
        return _TICKS
    magnitude: int = 10 ** math.floor(math.log10(value))
    for factor in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10):
        candidate = math.ceil(magnitude * factor / _TICKS) * _TICKS
        if candidate >= value:
            return candidate
    return 10 * magnitude


def _thinned(labels: Sequence[str]) -> list[str]:
    """At most six labels, evenly spread and including both ends."""
    if len(labels) <= _X_LABELS:
        return list(labels)
    last = len(labels) - 1
    return [labels[round(step * last / (_X_LABELS - 1))] for step in range(_X_LABELS)]
