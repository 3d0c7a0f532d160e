"""A stored answer carries the labels of the caller who gets it, not those of the caller whose
request was answered first.

Labels are the request fields that are no part of the cache key (``shared.request_fields.IGNORED``).
Providers repeat some of them in their answers.
"""

from typing import Any

from gateway.formats.base import Json
from shared.request_fields import IGNORED

RAW_INPUTS = "watchllm_raw_inputs"
"""A member of stored answers that no client sees: index of a content block → the text of its input
as it was first streamed, where writing the parsed input again would give another text."""
END_COUNTS = "watchllm_end_counts"
"""A member of stored answers that no client sees: the names of the counts that came with the end of
the first stream, where they were not all of them. Clients that add up counts see the difference."""
_HIDDEN = frozenset({RAW_INPUTS, END_COUNTS})
_AS_STORED = frozenset({"store"})
"""Part of the key where its value matters, so a stored answer tells it rightly."""
_STANDARD_TIERS = ("default", "standard", "on_demand", "auto")


def found(answer: Json) -> list[str]:
    """Members of ``answer`` that a later caller must not get as they are."""
    usage = answer.get("usage")
    names = [name for name in answer if name in IGNORED or name in _HIDDEN]
    return [*names, "usage"] if isinstance(usage, dict) and "service_tier" in usage else names


def own(answer: Json, request: Json) -> Json:
    """``answer`` with the labels of ``request``; the same object when nothing has to change."""
    changes: Json = {}
    for name in found(answer):
        if name == "usage":
            changes[name] = {**answer[name], "service_tier": _tier(answer[name], {})}
        elif name == "service_tier":
            changes[name] = _tier(answer, request)
        elif name in _HIDDEN or (name in _AS_STORED and request.get(name) is None):
            continue
        else:
            changes[name] = _label(answer[name], request.get(name))
    if all(answer[name] == value for name, value in changes.items()):
        return answer
    return {**answer, **changes}


def shown(answer: Json) -> Json:
    """``answer`` without the members that only replays need."""
    if _HIDDEN.isdisjoint(answer):
        return answer
    return {name: value for name, value in answer.items() if name not in _HIDDEN}


def _label(stored: Any, given: Any) -> Any:
    """The caller's value, or what a provider answers where the request has none."""
    if given is not None:
        return given
    return {} if isinstance(stored, dict) else None


def _tier(stored: Json, request: Json) -> Any:
    """The tier that the caller asked for; the standard one where it asked for none."""
    asked = request.get("service_tier")
    if asked not in (None, "auto", "standard_only"):
        return asked
    tier = stored["service_tier"]
    if tier is None or tier in _STANDARD_TIERS:
        return tier
    return "standard" if "input_tokens" in stored else "default"
