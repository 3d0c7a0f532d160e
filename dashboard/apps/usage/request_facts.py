"""What a request's page shows beside its verdict: the headers of its response, its bodies."""

import json
import re

from apps.ui.templatetags.ui import exact_usd
from apps.ui.values import told
from apps.usage.models import UsageLog
from shared import usage_events

LOGGED_ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/responses", "/v1/messages")
"""Whose prompts and answers the edge keeps where a project wants it."""

_ROW_ID = re.compile(r"(.+)\.[0-9a-f]{12}")
_MOST_LARGER = 8
"""Times that indentation may lengthen a body, which deep nesting does with the square of depth."""


def sent_headers(log: UsageLog) -> list[tuple[str, str]]:
    """Those of WatchLLM's headers that were surely sent, as the row still knows them.

    What a stream costs is known only after its headers; the cost of a semantic hit that was checked
    later is not what was told; an error tells no money, and no provider where it is the edge's own.
    A refused request's header says what the cache had done before, which its row does not.
    """
    headers = [("x-request-id", _told_id(log.request_id))]
    if log.cache_status != usage_events.REFUSED:
        headers.insert(0, ("x-watchllm-cache", log.cache_status))
    if log.status >= 400:
        return headers
    if log.provider:
        headers.append(("x-watchllm-provider", log.provider))
    streamed_live = log.stream and log.cache_status not in usage_events.HITS
    if streamed_live or (log.decision or {}).get("shadow"):
        return headers
    money = {"x-watchllm-cost-usd": log.cost_nanousd, "x-watchllm-saved-usd": log.saved_nanousd}
    for name, nanousd in money.items():
        if nanousd is not None:
            headers.append((name, exact_usd(nanousd)))
    return headers


def _told_id(row_id: str) -> str:
    """A caller's own id is told as it was; a row's has an end besides, for callers reuse theirs."""
    own = _ROW_ID.fullmatch(row_id)
    return own[1] if own else row_id


def why_no_bodies(log: UsageLog, *, logging: bool) -> str:
    """Why the row has neither prompt nor answer. ``logging``: whether its project logs them now."""
    if log.endpoint not in LOGGED_ENDPOINTS:
        return "Prompts and answers of this endpoint are never kept."
    if log.status >= 400 and not log.cache_key:
        return "Not kept: the request was refused before its prompt was read."
    if logging:
        return "Not kept: logging was off when the request came, or its texts were erased since."
    return "Not kept: this project logs no prompts and answers. Its settings can turn that on."


def readable(body: str | None) -> str:
    """A logged body, indented where it is JSON; one that was cut off stays as it is."""
    if not body:
        return ""
    room = _MOST_LARGER * len(body) + 1_000
    parts = []
    try:
        for part in json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(body)):
            parts.append(part)
            room -= len(part)
            if room < 0:
                return body
    except (ValueError, RecursionError):
        return body
    return "".join(parts)


def decision_facts(log: UsageLog) -> list[tuple[str, str]]:
    """The semantic decision's values as people write them."""
    return [(name, told(value)) for name, value in (log.decision or {}).items()]
