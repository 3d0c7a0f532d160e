"""The answer of ``rpc/resolve_api_key``: everything the edge knows about an API key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.pricing import Rates


class KeyRecordError(ValueError):
    """The database answered something that is not a key record."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``None`` means unlimited. ``overage``: ``stop``, or ``cache_only`` past the quota.

    ``concurrent_streams``: of the project, at the provider; streams from the cache do not count.
    """

    slug: str
    monthly_requests: int | None
    requests_per_minute: int | None
    tokens_per_minute: int | None
    overage: str
    concurrent_streams: int | None = None


@dataclass(frozen=True, slots=True)
class KeyLimits:
    """Limits of this key alone, beside its plan's."""

    requests_per_minute: int | None
    tokens_per_minute: int | None
    monthly_budget_nanousd: int | None


MOST_FALLBACKS = 5
"""The most further targets of one routing rule; the edge ignores those beyond."""


@dataclass(frozen=True, slots=True)
class Route:
    """A project's routing rule: models matching the glob go to ``provider`` (as ``model``)."""

    match: str
    provider: str
    model: str | None
    fallbacks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelLimits:
    """Limits of each value of one label: requests a minute, and US dollars a ``day`` or ``month``.

    ``most_values``: so many values of a period have limits of their own; all further ones share one
    account.
    """

    label: str
    requests_per_minute: int | None
    budget_nanousd: int | None
    period: str
    most_values: int


@dataclass(frozen=True, slots=True)
class Project:
    """A project's settings as the edge applies them.

    ``semantic_allowed``: the operator's switch; off, no request gets an answer by meaning.
    ``semantic_opened``: its owner has semantic hits served before there is evidence for them.
    ``semantic_check_share``: of semantic hits, the share (0 to 1) that is checked against the
    provider; ``None``: as the evidence needs it. ``plain_user_labels``: usage rows keep the ids of
    its users as they came, not pseudonyms.
    ``prompt_cache``: ``auto``: the edge places markers for the providers' prompt caches; ``tune``:
    it also changes the lifetimes of the caller's; ``off``.
    """

    slug: str
    cache_enabled: bool
    ttl_seconds: int
    embeddings_ttl_seconds: int
    max_temperature: float | None
    max_body_bytes: int
    namespace: str
    semantic_mode: str
    cache_on_disconnect: bool
    default_provider: str
    log_prompts: bool
    data_key_salt: str
    monthly_budget_nanousd: int | None
    routes: tuple[Route, ...]
    semantic_allowed: bool = True
    semantic_opened: bool = False
    semantic_check_share: float | None = None
    plain_user_labels: bool = False
    prompt_cache: str = "off"
    label_limits: LabelLimits | None = None


@dataclass(frozen=True, slots=True)
class Credential:
    """A provider key of the project's own, sealed (``shared.envelope``)."""

    id: str
    provider: str
    envelope: str
    priority: int
    base_url: str | None


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """``expires_at`` is unix seconds; ``revision`` grows with every change to the record.

    ``prices``: by provider and model (lower case), where the operator has set a price of their own.
    """

    key_id: str
    project_id: str
    organization_id: str
    revision: int
    status: str
    expires_at: float | None
    plan: Plan
    key_limits: KeyLimits
    project: Project
    credentials: tuple[Credential, ...]
    prices: Mapping[tuple[str, str], Rates] = field(default_factory=dict)


def parse(data: dict[str, Any]) -> KeyRecord:
    """Raises ``KeyRecordError`` naming what is missing or of the wrong shape.

    What this release does not know is ignored: the database is upgraded before the edges.
    """
    try:
        project = data["project"]
        routes = tuple(
            Route(r["match"], r["provider"], r.get("model"), tuple(r.get("fallbacks") or ()))
            for r in project["routes"]
        )
        limits = project.get("label_limits")
        label_limits = LabelLimits(**_known(LabelLimits, limits)) if limits else None
        credentials = sorted(
            (Credential(**_known(Credential, item)) for item in data["credentials"]),
            key=lambda c: c.priority,
        )
        return KeyRecord(
            key_id=data["key_id"],
            project_id=data["project_id"],
            organization_id=data["organization_id"],
            revision=int(data["revision"]),
            status=data["status"],
            expires_at=data["expires_at"],
            plan=Plan(**_known(Plan, data["plan"])),
            key_limits=KeyLimits(**_known(KeyLimits, data["key_limits"])),
            project=Project(
                **{**_known(Project, project), "routes": routes, "label_limits": label_limits}
            ),
            credentials=tuple(credentials),
            prices={
                (item["provider"], item["model"].lower()): Rates(**_known(Rates, item))
                for item in data.get("prices") or ()
            },
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KeyRecordError(f"malformed key record: {type(error).__name__}: {error}") from error


def _known(part: type, data: dict[str, Any]) -> dict[str, Any]:
    names = part.__dataclass_fields__  # type: ignore[attr-defined]
    return {name: value for name, value in data.items() if name in names}
