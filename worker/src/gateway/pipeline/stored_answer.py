"""A stored answer as a request wants it: opened, with its own labels, replayed as a stream."""

import json
from dataclasses import dataclass
from typing import Any

from gateway.cache.entry import AnswerFacts, Entry, read_facts
from gateway.cache.project_cache import ProjectCache
from gateway.core import strict_json
from gateway.core.log import log_event
from gateway.formats import labels
from gateway.formats.base import MALFORMED
from gateway.formats.stream_usage import wants_stream_usage
from gateway.pipeline.generation_request import GenerationRequest

_PARSED, _FACTS = "parsed", "facts"


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """A stored answer, and its body as this request wants it."""

    entry: Entry
    facts: AnswerFacts
    body: str | bytes


async def open_stored(
    cache: ProjectCache, generation: GenerationRequest, exact_key: str, value: str
) -> StoredAnswer | None:
    """``None`` when the stored value does not open, or has no form that this request takes."""
    stored = await cache.unseal(exact_key, value)
    return None if stored is None else as_asked(generation, stored)


def as_asked(generation: GenerationRequest, stored: Entry) -> StoredAnswer | None:
    """``stored`` as ``generation`` wants it; ``None`` when it has no such form."""
    try:
        facts = stored.forms.get(_FACTS)
        if facts is None:
            facts = stored.forms[_FACTS] = read_facts(stored.facts)
        body = _body(generation, stored)
    except MALFORMED as error:
        log_event("entry_of_another_layout", "error", reason=f"{type(error).__name__}: {error}")
        return None
    return None if body is None else StoredAnswer(stored, facts, body)


def _body(generation: GenerationRequest, stored: Entry) -> str | bytes | None:
    """The answer with the labels of ``generation``, in its form; ``None``: it has no such form."""
    if not generation.stream and stored.facts.get("labels") == []:
        return stored.body
    answer = stored.forms.get(_PARSED)
    if answer is None:
        answer = stored.forms[_PARSED] = json.loads(stored.body)
    own = labels.own(answer, generation.body)
    if generation.stream:
        return _stream(generation, stored) if own is answer else replayed(generation, own)
    own = labels.shown(own)
    return stored.body if own is answer else strict_json.dumps(own)


def _stream(generation: GenerationRequest, stored: Entry) -> bytes | None:
    """``stored`` replayed without labels of a caller's own, so that it is the same for the next."""
    with_end = generation.target.provider.capabilities.usage_with_end
    form = f"stream {with_end} {wants_stream_usage(generation.body)}"
    stream: bytes | None = stored.forms.get(form)
    if stream is None:
        stream = replayed(generation, stored.forms[_PARSED])
        if stream is not None:
            stored.forms[form] = stream
    return stream


def replayed(generation: GenerationRequest, answer: Any) -> bytes | None:
    """``answer`` as a stream; ``None`` when a provider gave it a shape that no stream has."""
    try:
        with_end = generation.target.provider.capabilities.usage_with_end
        return generation.format.replay(answer, generation.body, usage_with_end=with_end)
    except MALFORMED as error:
        log_event("answer_not_replayable", "warning", reason=f"{type(error).__name__}: {error}")
        return None
