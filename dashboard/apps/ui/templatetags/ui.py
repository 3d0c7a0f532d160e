"""Formatting and small components for every page: ``{% load ui %}``.

Unknown is never shown as zero: each filter answers "—" for None.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.template.loader import get_template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from apps.ui.browsers import browser_name
from shared import usage_events

register = template.Library()

NONE = "—"
_NANO = 10**9
_CENT = _NANO // 100
_MANY_TIMES = 10
_MICRO = _NANO // 10**6
_CAPITALIZED = re.compile(r"(?<=[^\W.!?][\s-])(?!Google\b)[A-Z][a-z]+\b")


@cache
def _icon(name: str) -> str:
    return get_template(f"icons/{name}.svg").render()


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of ``templates/icons``; with ``label`` it is announced, without it is decoration."""
    drawing = mark_safe(_icon(name))  # noqa: S308 - a file of ours
    if not label:
        return drawing
    return format_html('{}<span class="visually-hidden">{}</span>', drawing, label)


@register.filter
def usd(nanousd: int | None) -> str:
    """Nano-USD in full cents, half up: ``$1,234.57``; below a cent to the micro- or nano-USD."""
    if nanousd is None:
        return NONE
    sign, amount = ("-" if nanousd < 0 else ""), abs(nanousd)
    if 0 < amount < _CENT:
        places = 6 if amount >= _MICRO else 9
        return f"{sign}${amount / _NANO:.{places}f}"
    cents = (amount + _CENT // 2) // _CENT
    return f"{sign}${cents // 100:,}.{cents % 100:02d}"


def exact_usd(nanousd: int) -> str:
    """All nine decimals, as the edge's headers have them."""
    return f"{nanousd // _NANO}.{nanousd % _NANO:09d}"


@register.filter
def dollars(cents: int) -> str:
    """A price in whole cents: ``$29``, ``$29.50``."""
    return f"${cents // 100:,}" + (f".{cents % 100:02d}" if cents % 100 else "")


@register.filter
def number(value: int | float | None) -> str:
    """``1,234,567``."""
    return NONE if value is None else f"{value:,}"


@register.filter
def compact(value: int | None) -> str:
    """``9,950``, ``12.3k``, ``4.57M``: for tiles. Three digits from ten thousand on, where the last
    ones say nothing any more; the title has them all.
    """
    if value is not None and abs(value) < 10_000:
        return number(value)
    return axis(value)


def axis(value: int | None) -> str:
    """``950``, ``2.5k``, ``4.57M``: three digits, for the scales of charts."""
    if value is None or abs(value) < 1_000:
        return number(value)
    # 999,500 would round to "1000k".
    steps = ((10**3, "k"), (10**6, "M"))
    limit, suffix = next((step for step in steps if abs(value) < step[0] * 999.5), (10**9, "B"))
    scaled = value / limit
    places = 2 if abs(scaled) < 10 else 1 if abs(scaled) < 100 else 0
    text = f"{scaled:.{places}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + suffix


@register.filter
def percent(share: float | None) -> str:
    """A share from 0 to 1 as ``42.0%``."""
    return NONE if share is None else f"{share * 100:.1f}%"


@register.filter
def ms(value: int | None) -> str:
    """``850 ms``, ``1.23 s``."""
    if value is None:
        return NONE
    return f"{value:,} ms" if value < 1000 else f"{value / 1000:.2f} s"


@register.filter
def duration(seconds: int | None) -> str:
    """A TTL in its largest whole unit: ``1 hour``, ``90 minutes``."""
    if seconds is None:
        return NONE
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"


@register.filter
def when(value: datetime | None, precision: str = "minutes") -> SafeString | str:
    """A ``<time>`` in the active zone, to the minute or the second; the title has the zone too."""
    if value is None:
        return NONE
    local = timezone.localtime(value)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.isoformat(),
        local.strftime("%Y-%m-%d %H:%M:%S %Z"),
        local.strftime("%b %-d, %H:%M:%S" if precision == "seconds" else "%b %-d, %H:%M"),
    )


@register.filter
def browser(user_agent: str) -> str:
    """``Firefox on Linux``."""
    return browser_name(user_agent)


@register.filter
def sentence_case(text: str) -> str:
    """``Change Password`` as this product writes it: ``Change password``. For allauth's texts."""
    return _CAPITALIZED.sub(lambda word: word[0].lower(), str(text))


@register.filter
def zero_as_none(value: int) -> int | None:
    """Zero traffic is "—", not "0"."""
    return value or None


@register.filter
def as_query(values: Mapping[str, str]) -> str:
    """URL parameters, encoded."""
    return urlencode(values)


@register.simple_tag
def share(part: int, whole: int) -> str:
    """``42.0%``; "—" of nothing."""
    return percent(part / whole if whole else None)


def _signed(value: float, unit: str) -> str:
    """With a real minus sign, as wide as the plus."""
    return f"{value:+.1f}{unit}".replace("-", "\N{MINUS SIGN}")


def _grown(now: int, before: int) -> str:
    """``+12.5%``; from ten times on ``×33.3k``, where percent are a row of digits."""
    if now >= _MANY_TIMES * before:
        return f"\N{MULTIPLICATION SIGN}{axis(round(now / before))}"
    return _signed((now - before) / before * 100, "%")


@register.simple_tag
def change(now: int, before: int) -> str:
    """``+12.5%``, ``×12``; "—" from nothing."""
    return _grown(now, before) if before else NONE


@register.simple_tag
def delta(now: int, before: int, down_is_good: str = "") -> SafeString | str:
    """The change against an earlier number. Coloured only where one direction is better."""
    if not before:
        return "No earlier traffic" if now else "No traffic in this period"
    change = (now - before) / before
    level = ""
    if down_is_good:
        level = "good" if change < 0 else "bad" if change > 0 else ""
    return format_html(
        '<span class="delta {}">{}</span> from {}',
        level,
        _grown(now, before),
        compact(before),
    )


@register.simple_tag
def delta_points(now: float | None, before: float | None) -> SafeString | str:
    """The change of a share, in percentage points; up is good."""
    if now is None:
        return "No traffic in this period"
    if before is None:
        return "No earlier traffic"
    points = (now - before) * 100
    if abs(points) < 0.05:
        return f"Unchanged from {percent(before)}"
    level = "good" if points > 0 else "bad"
    return format_html(
        '<span class="delta {}">{}</span> from {}', level, _signed(points, " pts"), percent(before)
    )


@register.simple_tag
def tokens(log: Any) -> str:
    """Prompt and completion tokens of a request together; unknown when the prompt's are."""
    if log.prompt_tokens is None:
        return NONE
    return number(log.prompt_tokens + (log.completion_tokens or 0))


_BADGES = {
    usage_events.HIT: ("ok", "HIT"),
    usage_events.HIT_SEMANTIC: ("semantic", "HIT · semantic"),
    usage_events.HIT_COALESCED: ("info", "HIT · coalesced"),
    usage_events.MISS: ("", "MISS"),
    usage_events.BYPASS: ("warn", "BYPASS"),
    usage_events.REFUSED: ("danger", "REFUSED"),
}


@register.simple_tag
def cache_badge(status: str) -> SafeString:
    """The badge of a cache status."""
    level, label = _BADGES.get(status, ("", status))
    return format_html('<span class="badge {}">{}</span>', level, label)


@register.inclusion_tag("components/field.html")
def field(bound: Any, hint: str = "", foreign: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002
    """A form field with its label, help and errors. ``hint`` replaces the field's help text.

    ``foreign``: a form of allauth's, whose labels are Title Case and repeated as placeholders.
    """
    if foreign:
        bound.field.widget.attrs.pop("placeholder", None)
    kind = getattr(bound.field.widget, "input_type", "")
    described = [f"{bound.auto_id}_help"] if hint or bound.help_text else []
    if bound.errors:
        described.append(f"{bound.auto_id}_errors")
        bound.field.widget.attrs["aria-invalid"] = "true"
    if described:
        bound.field.widget.attrs["aria-describedby"] = " ".join(described)
    return {
        "field": bound,
        "label": sentence_case(bound.label) if foreign else bound.label,
        "help": hint or bound.help_text,
        "hidden": bound.is_hidden,
        "check": kind == "checkbox" and not hasattr(bound.field, "choices"),
    }


@register.simple_tag
def thead(*names: str, numbers: str = "") -> SafeString:
    """A table's head: columns of text, then, with commas between them, the columns of numbers."""
    texts = format_html_join("", '<th scope="col">{}</th>', ((name,) for name in names))
    right = (name.strip() for name in numbers.split(",") if name.strip())
    figures = format_html_join("", '<th scope="col" class="right">{}</th>', ((n,) for n in right))
    return format_html("<thead><tr>{}{}</tr></thead>", texts, figures)
