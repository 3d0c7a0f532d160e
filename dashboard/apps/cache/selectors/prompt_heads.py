"""How a project's prompts begin, by what the provider's prompt cache saved or cost (Redis), and,
where prompts may be logged, what they say there."""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from apps.cache.selectors.prompt_advice import Advice, advice
from apps.projects.cache_control import CacheUnreachableError, unreachable
from apps.projects.models import Project
from apps.projects.redis import redis_client, redis_configured
from apps.usage.models import UsageLog
from shared import redis_keys
from shared.prompt_cache.heads import Head, parse

_FIRST_CHARACTERS = 80
_AROUND = 24
_TEXT = re.compile(r'"(?:system|instructions|content|text)":\s*"((?:[^"\\]|\\.)+)')


@dataclass(frozen=True, slots=True)
class Difference:
    """Where the prompts of two requests differ: ``byte`` of their logged JSON, from 0, and the text
    around it."""

    byte: int
    before: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class HeadRow:
    """``first_words``: "" where prompts are not logged, or the log has it no longer."""

    head: Head
    last: datetime
    advice: Advice
    first_words: str = ""
    difference: Difference | None = None


def prompt_heads(project: Project, week: int) -> list[HeadRow]:
    """Those with most money first. One query, and none where prompts are not logged. Raises
    ``CacheUnreachableError``."""
    if not redis_configured():
        raise CacheUnreachableError("Redis is not configured")
    try:
        with redis_client() as redis:
            values = redis.hvals(redis_keys.prompt_heads(str(project.pk), week))
    except Exception as error:
        raise unreachable(error) from error
    heads = [*_readable(values)]
    heads.sort(key=lambda head: (-abs(head.saved_nanousd), -head.prompt))
    prompts = _prompts(project, heads) if project.log_prompts else {}
    return [_row(head, prompts) for head in heads]


def _readable(values: list[str]) -> Iterator[Head]:
    """Those that this release can read; another one may write more."""
    for value in values:
        with suppress(ValueError):
            yield parse(value)


def _prompts(project: Project, heads: list[Head]) -> dict[str, str]:
    ids = {one for head in heads for one in (head.request_id, head.other_id)}
    rows = UsageLog.objects.filter(request_id__in=ids, project=project, prompt__isnull=False)
    return {request: prompt or "" for request, prompt in rows.values_list("request_id", "prompt")}


def _row(head: Head, prompts: dict[str, str]) -> HeadRow:
    prompt = prompts.get(head.request_id, "")
    found = _TEXT.search(prompt)
    other = prompts.get(head.other_id, "")
    return HeadRow(
        head,
        datetime.fromtimestamp(head.last_ms / 1000, UTC),
        advice(head),
        found[1][:_FIRST_CHARACTERS] if found else "",
        difference(prompt, other) if prompt and other else None,
    )


def difference(one: str, other: str) -> Difference | None:
    """``None`` where the logged parts are equal: the tools are not logged."""
    pairs = enumerate(zip(one, other, strict=False))
    at = next((place for place, (mine, its) in pairs if mine != its), None)
    if at is None:
        return None
    return Difference(
        len(one[:at].encode()),
        one[max(0, at - _AROUND) : at],
        one[at : at + _AROUND],
        other[at : at + _AROUND],
    )
