"""The request log of a project: filtered, and paged by key.

A page starts where the last one ended, at ``(ts, id)`` on the index ``(project, ts, id)``: the
thousandth page costs what the first does, and rows that arrive meanwhile move nothing.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from django.db.models import Q, QuerySet

from apps.projects.models import Project
from apps.usage.filters import Filters
from apps.usage.label_filter import has_label
from apps.usage.models import UsageLog
from apps.usage.patience import patience
from shared import labels

PAGE = 50
_AMOUNT = re.compile(r"[0-9]{1,6}(\.[0-9]{1,9})?")
OUTCOMES = {"ok": "Answered", "error": "Failed", "client": "4xx", "server": "5xx"}
_OUTCOME_BOUNDS = {"ok": (0, 400), "error": (400, 1000), "client": (400, 500), "server": (500, 600)}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the log. ``older`` reads towards the past, else towards the present."""

    ts: datetime
    log_id: int
    older: bool

    def dump(self) -> str:
        """``o`` or ``n``, microseconds since the epoch, and the id."""
        micros = (self.ts - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
        return f"{'o' if self.older else 'n'}{micros}-{self.log_id}"


def parse_cursor(text: str) -> Cursor | None:
    """What ``dump`` wrote; None for anything else, which is the first page."""
    micros, dash, log_id = text[1:].partition("-")
    if text[:1] not in ("o", "n") or not dash or not (micros.isdecimal() and log_id.isdecimal()):
        return None
    try:
        moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(micros))
    except OverflowError:
        return None
    return Cursor(moment, min(int(log_id), 2**63 - 1), text[0] == "o")


@dataclass(frozen=True, slots=True)
class Search:
    """``text`` is a request id, a cache key, a model or an error code, in full. ``code`` is an HTTP
    status, ``least_usd`` and ``least_ms`` bounds of what to show.
    """

    filters: Filters
    outcome: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    label: str = ""
    value: str = ""
    code: int | None = None
    least_usd: Decimal | None = None
    least_ms: int | None = None

    @property
    def more(self) -> bool:
        """True when one of the rarer filters leaves anything out."""
        texts = (self.label, self.filters.model, self.filters.provider, self.filters.endpoint)
        bounds = (self.code, self.least_usd, self.least_ms, self.since, self.until)
        return any(texts) or any(bound is not None for bound in bounds)

    @property
    def active(self) -> bool:
        """True when it leaves anything out."""
        usual = (self.filters.active, self.outcome, self.text)
        return self.more or any(usual)

    def condition(self) -> Q:
        found = self.filters.condition()
        if self.label:
            found &= has_label(self.label, self.value)
        if self.code is not None:
            found &= Q(status=self.code)
        if self.least_usd is not None:
            found &= Q(cost_nanousd__gte=int(self.least_usd * 10**9))
        if self.least_ms is not None:
            found &= Q(latency_ms__gte=self.least_ms)
        if self.outcome:
            low, high = _OUTCOME_BOUNDS[self.outcome]
            found &= Q(status__gte=low, status__lt=high)
        if self.since:
            found &= Q(ts__gte=self.since)
        if self.until:
            found &= Q(ts__lt=self.until)
        if self.text:
            found &= (
                Q(request_id=self.text)
                | Q(cache_key=self.text)
                | Q(model=self.text)
                | Q(error_code=self.text)
            )
        return found


def parse_search(params: Mapping[str, str], filters: Filters, zone: tzinfo = UTC) -> Search:
    """What cannot be read does not filter. ``zone``: of times that name none."""
    outcome = params.get("outcome", "")
    label, value = params.get("label", ""), params.get("value", "")
    labelled = labels.is_name(label) and labels.as_value(value) == value
    return Search(
        filters=filters,
        outcome=outcome if outcome in OUTCOMES else "",
        text=params.get("q", "").strip()[:200].replace("\x00", ""),
        since=_instant(params.get("since", ""), zone),
        until=_instant(params.get("until", ""), zone),
        label=label if labelled else "",
        value=value if labelled else "",
        code=_whole(params.get("code", ""), most=999),
        least_usd=_dollars(params.get("cost", "")),
        least_ms=_whole(params.get("ms", ""), most=2**31 - 1),
    )


@dataclass(frozen=True, slots=True)
class LogPage:
    """Newest first; a cursor is None where there is nothing further."""

    logs: list[UsageLog]
    newer: Cursor | None
    older: Cursor | None


def log_page(project: Project, search: Search, cursor: Cursor | None) -> LogPage:
    """One query. Raises ``TooSlowError``."""
    rows = UsageLog.objects.filter(search.condition(), project=project).defer(
        "prompt", "response", "decision"
    )
    older = cursor is None or cursor.older
    if cursor is not None:
        # "or equal" first, so that the index condition is one range on ts.
        side = "lt" if older else "gt"
        rows = rows.filter(
            Q(**{f"ts__{side}e": cursor.ts}),
            Q(**{f"ts__{side}": cursor.ts}) | Q(**{f"id__{side}": cursor.log_id}),
        )
    found = _read(rows.order_by("-ts", "-id") if older else rows.order_by("ts", "id"))
    more = len(found) > PAGE
    logs = found[:PAGE] if older else found[:PAGE][::-1]
    if not logs:
        return LogPage([], None, None)
    has_newer = cursor is not None if older else more
    has_older = more if older else True
    return LogPage(
        logs,
        Cursor(logs[0].ts, logs[0].pk, older=False) if has_newer else None,
        Cursor(logs[-1].ts, logs[-1].pk, older=True) if has_older else None,
    )


def _read(rows: QuerySet[UsageLog]) -> list[UsageLog]:
    with patience():
        return list(rows[: PAGE + 1])


def _whole(text: str, *, most: int) -> int | None:
    readable = text.isascii() and text.isdecimal() and len(text) < 12
    return min(int(text), most) if readable else None


def _dollars(text: str) -> Decimal | None:
    return Decimal(text) if _AMOUNT.fullmatch(text) else None


def _instant(text: str, zone: tzinfo) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
