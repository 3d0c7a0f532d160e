"""The latest pairs of prompts that the semantic tier decided on: hits, their checks, near misses.

Each list is read from a partial index of its own rows, newest first, and paged by key.
"""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.cache.models import SemanticVerdict
from apps.cache.services.verdicts import judgeable
from apps.projects.models import Project
from apps.usage.models import UsageLog
from apps.usage.request_log import Cursor
from shared.usage_events import HIT_SEMANTIC, MISS

PAGE = 20
_CHECKED = Q(cache_status=HIT_SEMANTIC, decision__has_key="agreed")
LISTS: dict[str, tuple[str, Q]] = {
    "hits": ("Semantic hits", Q(cache_status=HIT_SEMANTIC)),
    "checks": ("Sampled checks", _CHECKED),
    "differed": ("Checks that differed", _CHECKED & Q(decision__agreed=False)),
    "near": ("Near misses", Q(cache_status=MISS, decision__has_key="agreed")),
}
"""URL parameter → what it is called, and which rows."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One decision. ``asked`` and ``matched`` are there only where the project logs prompts.
    ``agreed``: the result of comparing the two answers; None without a comparison. ``open``: a
    verdict can still be given.
    """

    log: UsageLog
    verdict: SemanticVerdict | None

    @property
    def told(self) -> dict[str, Any]:
        """The edge's decision."""
        return self.log.decision or {}

    @property
    def served(self) -> bool:
        return self.log.cache_status == HIT_SEMANTIC

    @property
    def agreed(self) -> bool | None:
        return self.told.get("agreed")

    @property
    def asked(self) -> str:
        return _question(self.log.prompt)

    @property
    def matched(self) -> str:
        return str(self.told.get("matched", "")) if self.log.prompt else ""

    @property
    def open(self) -> bool:
        return self.verdict is None and judgeable(self.log) is not None


@dataclass(frozen=True, slots=True)
class PairPage:
    """``older`` is None at the end."""

    pairs: list[Pair]
    older: Cursor | None


def pair_page(project: Project, which: str, cursor: Cursor | None) -> PairPage:
    """Two queries. ``which`` is a key of ``LISTS``."""
    rows = UsageLog.objects.filter(LISTS[which][1], project=project).defer("response")
    if cursor is not None:
        rows = rows.filter(Q(ts__lt=cursor.ts) | Q(id__lt=cursor.log_id), ts__lte=cursor.ts)
    logs = list(rows.order_by("-ts", "-id")[: PAGE + 1])
    more = len(logs) > PAGE
    pairs = _with_verdicts(project, logs[:PAGE])
    last = logs[PAGE - 1] if more else None
    return PairPage(pairs, Cursor(last.ts, last.pk, older=True) if last else None)


def pair(project: Project, log: UsageLog) -> Pair:
    """One row of the list. One query."""
    return _with_verdicts(project, [log])[0]


def _with_verdicts(project: Project, logs: list[UsageLog]) -> list[Pair]:
    ids = [log.request_id for log in logs]
    verdicts = {
        verdict.request_id: verdict
        for verdict in SemanticVerdict.objects.filter(project=project, request_id__in=ids)
    }
    return [Pair(log, verdicts.get(log.request_id)) for log in logs]


def _question(prompt: str | None) -> str:
    """The last user message of a logged request; empty where it cannot be told (it was cut)."""
    try:
        messages = json.loads(prompt or "{}").get("messages")
        content = messages[-1]["content"] if messages else ""
    except (ValueError, AttributeError, LookupError, TypeError):
        return ""
    return content if isinstance(content, str) else ""
