import hashlib
import json
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import accumulate, chain
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone

from apps.projects.models import ApiKey, Project
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from shared import pricing, usage_events
from shared.decision.evidence import bin_of

_BATCH = 5_000
# endpoint, provider, model, share of the traffic
_TRAFFIC = (
    ("/v1/chat/completions", "openai", "gpt-4o-mini", 46),
    ("/v1/chat/completions", "openai", "gpt-4o", 14),
    ("/v1/chat/completions", "openai", "gpt-5-mini", 9),
    ("/v1/messages", "anthropic", "claude-haiku-4-5", 11),
    ("/v1/chat/completions", "groq", "llama-3.3-70b-versatile", 6),
    ("/v1/embeddings", "openai", "text-embedding-3-small", 14),
)
# status, share, typical latency in ms
_VERDICTS = (
    (usage_events.HIT, 38, 8),
    (usage_events.HIT_SEMANTIC, 7, 14),
    (usage_events.HIT_COALESCED, 3, 420),
    (usage_events.MISS, 48, 900),
    (usage_events.BYPASS, 4, 950),
    (usage_events.REFUSED, 1, 3),
)
_REFUSALS = ((429, "rate_limit_exceeded"), (400, "invalid_request"))
# Of semantic hits: checked against the provider; and of those, found to be wrong.
_CHECKED, _WRONG = 0.15, 0.004
_ERRORS = ((429, "rate_limited"), (502, "upstream_error"), (504, "upstream_timeout"))
# Requests per hour of the day (UTC), as an office's traffic goes.
_HOURS = (3, 2, 2, 2, 2, 3, 5, 8, 12, 15, 16, 16, 14, 15, 16, 16, 15, 13, 10, 8, 7, 6, 5, 4)


class Command(BaseCommand):
    """For development and benchmarks. Rows are random and repeatable (``--seed``); their ids start
    with ``gen-``. On PostgreSQL they go in by COPY, elsewhere by batches of inserts.
    """

    help = "Fills the usage log of a project with made-up traffic and adds it to the hourly sums."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="slug or id of the project; it must have an API key")
        parser.add_argument("--rows", type=int, default=20_000)
        parser.add_argument("--days", type=int, default=30, help="up to now")
        parser.add_argument("--seed", type=int, default=1)

    def handle(
        self, *args: Any, project: str, rows: int, days: int, seed: int, **options: Any
    ) -> None:
        keys = list(ApiKey.objects.filter(project=_project(project), revoked_at=None))
        if not keys:
            raise CommandError("The project has no API key: create one first.")
        made = _rows(random.Random(seed), keys, rows, days, timezone.now())  # noqa: S311
        if connection.vendor == "postgresql":
            _copy(made)
        else:
            _insert(made)
        self.stdout.write(f"made {rows} rows, counted {usage_rollup()} log ids")


def _project(name: str) -> Project:
    try:
        found = Project.objects.filter(pk=uuid.UUID(name))
    except ValueError:
        found = Project.objects.filter(slug=name)
    if len(found) != 1:
        raise CommandError(f"{len(found)} projects are called {name!r}: give an id.")
    return found[0]


def _rows(
    dice: random.Random, keys: list[ApiKey], count: int, days: int, now: datetime
) -> Iterator[dict[str, Any]]:
    kinds = list(accumulate(share for *_, share in _TRAFFIC))
    verdicts = list(accumulate(share for _, share, _ in _VERDICTS))
    tenants = [(str(key.pk), str(key.project_id), str(key.project.organization_id)) for key in keys]
    run = f"gen-{uuid.UUID(int=dice.getrandbits(128))}"
    hours = [now - timedelta(hours=hour) for hour in range(days * 24, 0, -1)]
    weights = list(accumulate(_HOURS[hour.hour] for hour in hours))
    for position, hour in enumerate(sorted(dice.choices(hours, cum_weights=weights, k=count))):
        endpoint, provider, model, _ = dice.choices(_TRAFFIC, cum_weights=kinds)[0]
        status, _, typical = dice.choices(_VERDICTS, cum_weights=verdicts)[0]
        if status == usage_events.HIT_SEMANTIC and endpoint == "/v1/embeddings":
            status = usage_events.HIT
        refused = status == usage_events.REFUSED
        asked = status in (usage_events.MISS, usage_events.BYPASS)
        failed = refused or (asked and dice.random() < 0.015)
        faults = _REFUSALS if refused else _ERRORS
        code, error = dice.choice(faults) if failed else (200, None)
        prompt = int(dice.lognormvariate(6, 1)) + 1
        completion = 0 if endpoint == "/v1/embeddings" or failed else int(prompt * dice.random())
        price = pricing.cost_nanousd(
            provider,
            model,
            at=hour.timestamp(),
            prompt_tokens=prompt,
            completion_tokens=completion,
        )
        hit = status in usage_events.HITS
        cache_key = _answer(dice, model) if completion else None
        semantic = status == usage_events.HIT_SEMANTIC and cache_key is not None
        latency = max(1, int(typical * dice.lognormvariate(0, 0.45)))
        key_id, project_id, organization_id = tenants[position % len(tenants)]
        yield {
            "request_id": f"{run}-{position}",
            "ts": hour + timedelta(seconds=dice.random() * 3600),
            "project_id": project_id,
            "organization_id": organization_id,
            "api_key_id": key_id,
            "endpoint": endpoint,
            "provider": provider,
            "model": model,
            "stream": dice.random() < 0.5,
            "cache_status": status,
            "cache_key": cache_key,
            "similarity": 0.9 + dice.random() / 10 if status == usage_events.HIT_SEMANTIC else None,
            "decision": _decision(dice, cache_key) if semantic else None,
            "prompt_tokens": None if failed else prompt,
            "completion_tokens": None if failed else completion,
            "cost_nanousd": 0 if hit or failed else price,
            "saved_nanousd": price if hit else 0,
            "latency_ms": latency,
            "upstream_ms": max(0, latency - 6) if asked else None,
            "ttfb_ms": latency // 3 if asked else None,
            "status": code,
            "error_code": error,
            "labels": _labels(dice, position),
        }


def _answer(dice: random.Random, model: str) -> str:
    """The key of one of many answers, of which few are asked for often."""
    return hashlib.sha256(f"{model} {int(dice.paretovariate(0.6))}".encode()).hexdigest()


def _labels(dice: random.Random, position: int) -> dict[str, str]:
    """A few users ask for most; an agent's session is some requests in a row."""
    user = f"user-{int(dice.paretovariate(0.7)) % 100_000}"
    labels = {"user": user, "app": dice.choice(("Support bot", "Search", "Nightly report"))}
    if position // 12 % 4 == 0:
        labels["session"] = str(uuid.uuid5(uuid.NAMESPACE_OID, str(position // 12)))
    return labels


def _decision(dice: random.Random, cache_key: str | None) -> dict[str, Any]:
    """What the edge notes on a semantic hit."""
    probability = round(1 - dice.random() ** 2 * 0.3, 4)
    decision = {
        "mode": "strict",
        "namespace": "default",
        "threshold": 0.7,
        "candidates": 1,
        "candidate": cache_key,
        "distance": dice.randrange(4, 50),
        "probability": probability,
        "bin": bin_of(probability),
        "served": True,
        "reason": "probable",
        "guard": None,
    }
    if dice.random() < _CHECKED:
        decision |= {"agreed": dice.random() >= _WRONG, "shadow": True}
    return decision


def _insert(rows: Iterator[dict[str, Any]]) -> None:
    batch: list[UsageLog] = []
    for row in rows:
        batch.append(UsageLog(**row))
        if len(batch) == _BATCH:
            UsageLog.objects.bulk_create(batch)
            batch = []
    UsageLog.objects.bulk_create(batch)


def _copy(rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    columns = ", ".join(first)
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY usage_logs ({columns}) FROM STDIN") as copy,
    ):
        for row in chain([first], rows):
            texts = {name: row[name] and json.dumps(row[name]) for name in ("decision", "labels")}
            copy.write_row(tuple({**row, **texts}.values()))
