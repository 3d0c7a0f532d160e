"""What each namespace of a project serves in the semantic tier, and its evidence."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum

from apps.cache.models import SemanticEvidence
from apps.projects.cache_control import CacheUnreachableError, unreachable
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from shared import redis_keys
from shared.decision import MODES, Mode
from shared.decision.evidence import (
    EDGES,
    Standing,
    read_counts,
    standing,
    still_needed,
    upper_bound,
)

MOST_NAMESPACES = 20
Counts = dict[int, tuple[int, int]]
"""Bin → (checked, wrong)."""


@dataclass(frozen=True, slots=True)
class KnownCounts:
    """``project``: of all its namespaces together, by which each of them is judged, too."""

    namespaces: Mapping[str, Counts]
    project: Counts

    def of(self, namespace: str) -> Counts:
        """Empty where nothing was counted."""
        return self.namespaces.get(namespace, {})


@dataclass(frozen=True, slots=True)
class ModeLine:
    """``needed``: how many further agreeing checks would open it; None where it is open.

    ``chosen``: the mode of requests that name none.
    """

    mode: Mode
    standing: Standing
    needed: int | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class BinLine:
    """Predictions from ``low`` up to ``high``. ``bound``: of this bin and all higher ones together;
    None without a check.
    """

    low: float
    high: float
    checked: int
    wrong: int
    bound: float | None


@dataclass(frozen=True, slots=True)
class ModelLine:
    """One model's part of a namespace's evidence."""

    model: str
    served: int
    checked: int
    wrong: int


@dataclass(frozen=True, slots=True)
class NamespaceView:
    """One namespace: its evidence counts for all its models together, as at the edge."""

    namespace: str
    default: bool
    modes: list[ModeLine]
    bins: list[BinLine]
    models: list[ModelLine]

    @property
    def served(self) -> int:
        return sum(line.served for line in self.models)

    @property
    def line(self) -> ModeLine | None:
        """The project's own mode; None when that is off."""
        return next((line for line in self.modes if line.chosen), None)


@dataclass(frozen=True, slots=True)
class Quality:
    """``live``: read from Redis, where the edge decides; else from the log and the verdicts.

    ``behind``: Redis has less than the log tells, which ``semantic_evidence_restore`` gives back.
    ``more``: namespaces with evidence beyond those shown.
    """

    namespaces: list[NamespaceView]
    more: int
    live: bool
    behind: bool
    served: int
    checked: int
    wrong: int

    @property
    def bound(self) -> float | None:
        """Of all checks of the project; None without any."""
        return upper_bound(self.wrong, self.checked) if self.checked else None


def quality(project: Project) -> Quality:
    """Three queries and one round trip to Redis. The namespaces with most evidence come first."""
    totals = list(
        SemanticEvidence.objects.filter(project=project)
        .values_list("namespace")
        .annotate(hits=Sum("served"), checks=Sum("checked"), bad=Sum("wrong"))
        .order_by("-checks", "-hits", "namespace")
    )
    names = [namespace for namespace, *_ in totals][:MOST_NAMESPACES]
    if project.namespace not in names:
        names.append(project.namespace)
    rows = SemanticEvidence.objects.filter(project=project, namespace__in=names)
    stored: defaultdict[str, Counts] = defaultdict(dict)
    models: defaultdict[str, dict[str, ModelLine]] = defaultdict(dict)
    for row in rows.order_by("model"):
        checked, wrong = stored[row.namespace].get(row.bin, (0, 0))
        stored[row.namespace][row.bin] = (checked + row.checked, wrong + row.wrong)
        known = models[row.namespace].get(row.model, ModelLine(row.model, 0, 0, 0))
        models[row.namespace][row.model] = ModelLine(
            row.model,
            known.served + row.served,
            known.checked + row.checked,
            known.wrong + row.wrong,
        )
    logged = KnownCounts(stored, _of_all_namespaces(project))
    try:
        counts, live = live_counts(project, names), True
    except CacheUnreachableError:
        counts, live = logged, False
    return Quality(
        namespaces=[_view(project, name, counts, list(models[name].values())) for name in names],
        more=max(0, len(totals) - MOST_NAMESPACES),
        live=live,
        behind=_less(counts.project, logged.project)
        or any(_less(counts.of(name), logged.of(name)) for name in names),
        served=sum(served for _, served, _, _ in totals),
        checked=sum(checked for *_, checked, _ in totals),
        wrong=sum(wrong for *_, wrong in totals),
    )


def _of_all_namespaces(project: Project) -> Counts:
    sums = (
        SemanticEvidence.objects.filter(project=project)
        .values_list("bin")
        .annotate(Sum("checked"), Sum("wrong"))
    )
    return {number: (checked, wrong) for number, checked, wrong in sums}


def live_counts(project: Project, namespaces: Sequence[str]) -> KnownCounts:
    """The counters in Redis, by which the edge decides. Raises ``CacheUnreachableError``."""
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")
    try:
        with redis_client() as redis:
            pipeline = redis.pipeline()
            pipeline.hgetall(redis_keys.semantic_project_evidence(str(project.pk)))
            for name in namespaces:
                pipeline.hgetall(redis_keys.semantic_evidence(str(project.pk), name))
            found: Any = pipeline.exec()
    except Exception as error:
        raise unreachable(error) from error
    every, *own = (
        read_counts([part for pair in counters.items() for part in pair]) for counters in found
    )
    return KnownCounts(dict(zip(namespaces, own, strict=True)), every)


def standings(project: Project) -> dict[str, Standing]:
    """By mode, of the project's default namespace. Raises ``CacheUnreachableError``."""
    counts = live_counts(project, [project.namespace])
    return {mode.name: _standing(project, project.namespace, mode, counts) for mode in _modes()}


def _standing(project: Project, namespace: str, mode: Mode, counts: KnownCounts) -> Standing:
    """As the edge finds it."""
    return standing(
        counts.of(namespace), mode, project=counts.project, forced_open=project.semantic_opened
    )


def _modes() -> list[Mode]:
    return [mode for mode in MODES.values() if mode.threshold <= 1]


def _view(
    project: Project, name: str, counts: KnownCounts, models: list[ModelLine]
) -> NamespaceView:
    own = counts.of(name)
    lines = []
    for mode in _modes():
        found = _standing(project, name, mode, counts)
        lines.append(
            ModeLine(
                mode=mode,
                standing=found,
                needed=None if found.open else still_needed(own, mode, project=counts.project),
                chosen=mode.name == project.semantic_mode,
            )
        )
    return NamespaceView(
        namespace=name,
        default=name == project.namespace,
        modes=lines,
        bins=_bins(own),
        models=sorted(models, key=lambda line: (-line.checked, -line.served, line.model)),
    )


def _less(counts: Counts, stored: Counts) -> bool:
    return any(
        counts.get(number, (0, 0))[0] < checked or counts.get(number, (0, 0))[1] < wrong
        for number, (checked, wrong) in stored.items()
    )


def _bins(counts: Counts) -> list[BinLine]:
    lines = []
    checked = wrong = 0
    for number in range(len(EDGES) - 1, -1, -1):
        own, own_wrong = counts.get(number, (0, 0))
        checked, wrong = checked + own, wrong + own_wrong
        high = EDGES[number + 1] if number + 1 < len(EDGES) else 1.0
        bound = upper_bound(wrong, checked) if checked else None
        lines.append(BinLine(EDGES[number], high, own, own_wrong, bound))
    return lines
