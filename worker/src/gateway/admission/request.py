"""What a request asks of the admission, what it holds afterwards, and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gateway.admission.refusal import CacheOnly, MayAsk, UpstreamAccess, not_cached
from gateway.core.http import Headers


@dataclass(frozen=True, slots=True)
class IndexSearch:
    """What to look for in the semantic index: the arguments of ``admit.lua`` of the same names."""

    semantic_prefix: str = ""
    code: str = ""
    probes: str = ""
    most_distance: int = 0
    candidates: int = 0
    evidence: str = ""
    project_evidence: str = ""


NO_SEMANTICS = IndexSearch()


@dataclass(frozen=True, slots=True)
class LocalHold:
    """What a request holds of this process's own shares, having been admitted without Redis.

    ``tokens``: reserved as in ``Held``. ``costs``: expected costs by the name of their meter;
    ``label_cost``: the same at the account ``label`` of a label's value.
    """

    tokens: int = 0
    costs: tuple[tuple[str, int], ...] = ()
    label: str = ""
    label_cost: int = 0


@dataclass(frozen=True, slots=True)
class Held:
    """What a request holds until its post-response; each is empty or 0 where it holds none.

    ``lock_token``: with which it leads a single flight. ``slot``: its name among the project's open
    streams. ``tokens``: reserved from the tokens a minute until the answer tells its real ones.
    ``local``: what it holds in this process alone; Redis knows of none of it.
    """

    lock_token: str = ""
    slot: str = ""
    tokens: int = 0
    local: LocalHold | None = None

    @property
    def estimated_tokens(self) -> int:
        """What is reserved, wherever that is."""
        return self.tokens if self.local is None else self.local.tokens

    def without_lock(self) -> "Held":
        """The same, after another request came to hold the lock."""
        return replace(self, lock_token="")


NOTHING_HELD = Held()


@dataclass(frozen=True, slots=True)
class AdmissionRequest:
    """What to look for: entry names in Redis, and what may be served.

    ``wants``: what this request takes if it goes to the provider: the lock (where it competes for
    it), a slot, tokens. ``slot_ms``: for how long the slot is held unless its lease is renewed.
    ``no_upstream``: never calls the provider: token, budget and stream checks are skipped.
    ``only_if_cached``: the same, and it ends in ``NotCached`` where the cache has no answer.
    ``is_charged``: its cost is charged after the response.
    ``semantic``: what ``semantic.choice`` asks the index for. ``prompt_state`` and
    ``prompt_fields``: what ``prompt_cache`` reads where the provider is to be asked.
    """

    entries: Sequence[str] = ()
    model: str = ""
    namespace: str = ""
    max_age_ms: int = -1
    lock: str = ""
    lease_ms: int = 0
    wants: Held = NOTHING_HELD
    no_upstream: bool = False
    only_if_cached: bool = False
    is_charged: bool = False
    slot_ms: int = 0
    semantic: IndexSearch = NO_SEMANTICS
    prompt_state: str = ""
    prompt_fields: Sequence[str] = ()

    @property
    def may_find(self) -> bool:
        """Whether the cache is asked for something."""
        return bool(self.entries) or self.semantic is not NO_SEMANTICS

    @property
    def asks_provider(self) -> bool:
        """Whether it goes to the provider when the cache has no answer."""
        return not self.no_upstream and not self.only_if_cached

    def cache_only(self) -> CacheOnly | None:
        """What keeps it from the provider by its caller's own wish."""
        return CacheOnly(not_cached()) if self.only_if_cached else None


@dataclass(slots=True)
class Admission:
    """The answer to ``admit``. ``entries`` are in the order asked, ``None`` where there is none.

    ``upstream``: whether the provider may be asked where the cache has no answer. ``degraded``: why
    Redis was not asked; empty where it was; ``local``: what the request holds of this process's
    shares then. ``candidates``: records near in meaning with their distance, nearest first;
    ``evidence``: the namespace's counters, as alternating names and values; ``project_evidence``:
    those of all the project's namespaces.
    ``prompt_values``: of the prompt fields, in their order.
    """

    now_ms: int
    entries: list[str | None]
    upstream: UpstreamAccess = MayAsk()  # noqa: RUF009 (it is frozen)
    degraded: str = ""
    local: LocalHold | None = None
    candidates: list[tuple[int, str]] = field(default_factory=list)
    evidence: list[str] = field(default_factory=list)
    project_evidence: list[str] = field(default_factory=list)
    prompt_values: list[str | None] = field(default_factory=list)
    headers: Headers = field(default_factory=list)

    def held(self, wants: Held) -> Held:
        """What a request holds now that wanted ``wants``."""
        return wants if self.local is None else Held(slot=wants.slot, local=self.local)

    def check_upstream(self) -> None:
        """Raises the error that keeps this request from the provider."""
        if isinstance(self.upstream, CacheOnly):
            raise self.upstream.error

    @property
    def lease_left_ms(self) -> int:
        """See ``MayAsk``; 0 where the provider must not be asked."""
        return self.upstream.lease_left_ms if isinstance(self.upstream, MayAsk) else 0
