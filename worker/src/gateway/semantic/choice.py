"""The semantic tier: a stored answer of a prompt that means the same.

Only the text of the last user message is compared by meaning; everything else of the request must
match exactly (the partition of the index). Candidates come with the admission's one round trip; the
decision is ``shared.decision``'s. The threshold comes from the evidence of namespace and project.
See ADR 0101, ADR 0103 and ``docs/public/semantic-quality.md``. ``shared.decision`` is imported by
the first eligible request: its table and rules cost a cold start that most projects never need.
"""

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypedDict

from gateway.admission.request import Admission, IndexSearch
from gateway.core.platform import Platform
from gateway.formats.base import Json
from gateway.semantic.embedders import OutsideEmbedder
from gateway.semantic.index_position import IndexPosition, index_position
from shared import hashing, redis_keys
from shared.key_record import KeyRecord
from shared.usage_events import CacheDecision

if TYPE_CHECKING:
    from shared.decision import Encoded, Mode

CANDIDATES = 8
MOST_ENTRIES = 100_000
"""Of one partition; the oldest go first."""
_ID_HEX = 16
_REMEMBERED = 1_000


@dataclass(slots=True)
class Query:
    """One eligible prompt. ``prefix``: of its partition's keys in Redis.

    ``own_codes``: whether ``position`` comes from our own code; if not, from an outside embedder.
    """

    encoded: "Encoded"
    position: IndexPosition
    own_codes: bool
    prefix: str
    namespace: str
    evidence_key: str
    project_evidence_key: str
    mode: "Mode"
    forced_open: bool
    most_distance: int

    def search(self) -> IndexSearch:
        """What the admission needs to find candidates."""
        return IndexSearch(
            semantic_prefix=self.prefix,
            code=self.position.code,
            probes=self.position.probes,
            most_distance=self.most_distance,
            candidates=CANDIDATES,
            evidence=self.evidence_key,
            project_evidence=self.project_evidence_key,
        )


@dataclass(slots=True)
class Candidate:
    """A stored prompt with the decision on it. ``bin``: where evidence counts its probability."""

    exact_key: str
    text: str
    probability: float
    bin: int | None
    distance: int
    serve: bool
    reason: str
    guard: str | None = None


@dataclass(slots=True)
class SemanticChoice:
    """``best`` is the candidate to serve, or the nearest one that was not; ``None`` without any.

    ``threshold``: the least probability that the namespace serves now (over 1: closed). ``checks``:
    how many pairs its evidence counts.
    """

    best: Candidate | None
    threshold: float
    considered: int = 0
    checks: int = 0


@dataclass(frozen=True, slots=True)
class Ineligible:
    """Why a prompt is not compared by meaning."""

    reason: str | None


async def prepare(
    identity: Json,
    mode: str,
    key_parts: list[Any],
    record: KeyRecord,
    embedder: OutsideEmbedder | None,
) -> Query | Ineligible | None:
    """The query for a chat request's canonical ``identity``; ``None`` when more than text decides
    the answer.

    ``key_parts``: what else the exact key is made of (endpoint, provider, namespace, headers).
    """
    text = _question(identity) if mode != "off" else None
    if text is None:
        return None
    from shared.decision import MAX_DISTANCE, MODES

    reason, encoded, position = _read(text)
    if embedder is not None and encoded is not None:
        key_parts = [*key_parts[:1], embedder.settings.name, *key_parts[1:]]
        position = await embedder.locate(text)
        reason = "embedder"
    if encoded is None or position is None:
        return Ineligible(reason)
    earlier = identity["messages"][:-1]
    partition = hashing.digest("scope", *key_parts, {**identity, "messages": earlier})[:32]
    project = record.project_id
    namespace = str(key_parts[-2])
    return Query(
        encoded=encoded,
        position=position,
        own_codes=embedder is None,
        prefix=redis_keys.semantic_partition(project, partition),
        namespace=namespace,
        evidence_key=redis_keys.semantic_evidence(project, namespace),
        project_evidence_key=redis_keys.semantic_project_evidence(project),
        mode=MODES[mode],
        forced_open=record.project.semantic_opened,
        most_distance=MAX_DISTANCE,
    )


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> "tuple[str | None, Encoded | None, IndexPosition | None]":
    """Why ``text`` is not eligible, or its code and position. Remembered: cached questions repeat,
    and reading one costs more than all the rest of an exact hit's key."""
    from shared.decision import eligible, encode

    verdict = eligible(text)
    if not verdict.eligible:
        return verdict.reason, None, None
    encoded = encode(text)
    return None, encoded, index_position(encoded.code, encoded.bands())


def _question(identity: Json) -> str | None:
    """The last user message when nothing but short text decides the answer."""
    if any(name in identity for name in ("tools", "functions", "n", "logprobs", "modalities")):
        return None
    messages = identity.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else None
    if not isinstance(last, dict) or last.get("role") != "user" or set(last) != {"role", "content"}:
        return None
    return last["content"] if isinstance(last["content"], str) else None


async def choose(
    platform: Platform, data_key: bytes, query: Query, admission: Admission
) -> SemanticChoice:
    """Judge the candidates; the likeliest one that may be served wins."""
    from shared.decision import decide, evidence

    counts = evidence.read_counts(admission.evidence)
    threshold = evidence.standing(
        counts,
        query.mode,
        project=evidence.read_counts(admission.project_evidence),
        forced_open=query.forced_open,
    ).threshold
    best: Candidate | None = None
    for distance, record in admission.candidates:
        decrypted = await _open(platform, data_key, query, record)
        if decrypted is None:
            continue
        exact_key, text = decrypted
        # The pair model knows our own codes' distances, and no others.
        known = distance if query.own_codes else None
        # Decided with the mode's own threshold: candidates that the namespace's higher threshold
        # refuses still produce evidence.
        decision = decide(query.encoded, text, query.mode.threshold, distance=known)
        serve = decision.serve and decision.probability >= threshold
        candidate = Candidate(
            exact_key,
            text,
            decision.probability,
            evidence.bin_of(decision.probability),
            decision.distance,
            serve,
            decision.reason,
            decision.guard,
        )
        if best is None or (serve, candidate.probability) > (best.serve, best.probability):
            best = candidate
            if serve and decision.probability >= 1:
                break  # nothing can be likelier, and each record costs an unsealing
    checks = sum(checked for checked, _ in counts.values())
    return SemanticChoice(best, threshold, len(admission.candidates), checks)


class Filing(TypedDict):
    """Arguments of ``commit_indexed.lua``: where and how an entry is filed."""

    prefix: str
    code: str
    entry_id: str
    record: str
    most_entries: int


async def filing(
    platform: Platform, data_key: bytes, query: Query, exact_key: str, created_ms: int
) -> Filing:
    """Where the entry at ``exact_key`` is filed in the semantic index."""
    return {
        "prefix": query.prefix,
        "code": query.position.code,
        "entry_id": exact_key[:_ID_HEX],
        "record": f"{created_ms}:{exact_key}:{await _seal(platform, data_key, query, exact_key)}",
        "most_entries": MOST_ENTRIES,
    }


async def _seal(platform: Platform, data_key: bytes, query: Query, exact_key: str) -> str:
    aad = (query.prefix + exact_key).encode()
    sealed = await platform.seal(data_key, query.encoded.text.encode(), aad)
    return base64.b64encode(sealed).decode()


async def _open(
    platform: Platform, data_key: bytes, query: Query, record: str
) -> tuple[str, str] | None:
    try:
        _, exact_key, sealed = record.split(":", 2)
        aad = (query.prefix + exact_key).encode()
        return exact_key, (await platform.unseal(data_key, base64.b64decode(sealed), aad)).decode()
    except ValueError:
        return None


def explain(query: Query, choice: SemanticChoice) -> CacheDecision:
    """What the usage row keeps; with ``namespace`` and ``bin`` its outcome can be counted again."""
    explained = CacheDecision(
        mode=query.mode.name,
        namespace=query.namespace,
        threshold=choice.threshold,
        candidates=choice.considered,
    )
    best = choice.best
    if best is not None:
        explained.candidate = best.exact_key
        explained.distance = best.distance
        explained.probability = round(best.probability, 4)
        explained.bin = best.bin
        explained.served = best.serve
        explained.reason = best.reason
        explained.guard = best.guard
    return explained
