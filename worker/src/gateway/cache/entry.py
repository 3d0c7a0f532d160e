"""One cache entry as it lies in Redis: ``<created ms>:<model>:<namespace>:<sealed, in base64>``.

The head stands outside the seal because Redis compares the time with the purge cutoffs and the
dashboard counts entries by model and namespace (``shared.entry_head``). The payload is one line of
JSON facts, a line feed, then the answer's body, so that a plain hit sends the body without parsing
it. Sealed by AES-256-GCM under the project's data key, with the Redis key and the head as
additional data: an entry copied to another key or tenant, or made to look younger, does not open.

A change of this layout raises the version in the name of the Redis key (``redis_keys.entry``), so
that releases do not read each other's entries. One that is read all the same is a miss, no error.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

from gateway.core.platform import Platform
from gateway.core.sealed import Opened
from gateway.formats.base import Usage


class EntryError(ValueError):
    """The stored value is damaged, or sealed for another key or project."""


@dataclass(slots=True)
class Entry:
    """``facts``: provider, model, tokens, cost … of the original answer. Times are unix ms.

    ``facts["labels"]`` names the members of ``body`` that are a caller's own (``formats.labels``).
    ``label``: the model and namespace asked for, as ``shared.entry_head.label`` writes them.
    ``forms``: what ``body`` was made into so far, by the form's name, for hits to come; shared by
    copies of the entry, and never changed.
    """

    created_ms: int
    label: str
    facts: dict[str, Any]
    body: str
    forms: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)


def data_key(master: bytes, project_id: str, salt: str) -> bytes:
    """The project's 32-byte cache key. Changing the salt makes all its entries unreadable."""
    return hmac.new(master, f"cache|{project_id}|{salt}".encode(), hashlib.sha256).digest()


async def seal(platform: Platform, key: bytes, redis_key: str, entry: Entry) -> str:
    """The value to store at ``redis_key``."""
    payload = json.dumps(entry.facts, separators=(",", ":")) + "\n" + entry.body
    head = f"{entry.created_ms}:{entry.label}"
    sealed = await platform.seal(key, payload.encode(), _aad(redis_key, head))
    return f"{head}:{base64.b64encode(sealed).decode()}"


async def unseal(platform: Platform, key: bytes, redis_key: str, value: str) -> Entry:
    """The inverse; ``value`` may be ``Opened``. Raises ``EntryError``."""
    try:
        if isinstance(value, Opened):
            created, model, namespace = value.split(":")
            payload = value.payload
        else:
            created, model, namespace, encoded = value.split(":", 3)
            aad = _aad(redis_key, f"{created}:{model}:{namespace}")
            payload = (await platform.unseal(key, base64.b64decode(encoded), aad)).decode()
        facts, _, body = payload.partition("\n")
        return Entry(int(created), f"{model}:{namespace}", json.loads(facts), body)
    except ValueError as error:
        raise EntryError("the entry does not open") from error


def _aad(redis_key: str, head: str) -> bytes:
    return f"{redis_key}\n{head}".encode()


def facts(provider: str, model: str, usage: Usage, answered_ms: int) -> dict[str, Any]:
    """What an entry remembers of its original answer, for the accounts of later hits."""
    return {
        "answered_ms": answered_ms,
        "provider": provider,
        "model": model,
        "usage": [
            usage.prompt,
            usage.completion,
            usage.cached,
            usage.cache_write,
            usage.cache_write_hour,
            usage.other,
            usage.service_tier,
            usage.told_nanousd,
        ],
    }


@dataclass(frozen=True, slots=True)
class AnswerFacts:
    """What ``facts`` keeps of a generation's answer. Times are unix ms."""

    answered_ms: int
    provider: str
    model: str
    usage: Usage


def read_facts(facts: dict[str, Any]) -> AnswerFacts:
    """The inverse of ``facts``. Raises ``KeyError`` or ``TypeError`` for another layout."""
    usage = Usage(*facts["usage"])
    return AnswerFacts(facts["answered_ms"], facts["provider"], facts["model"], usage)
