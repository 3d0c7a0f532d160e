"""The Worker's environment, read once into a frozen value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from shared import envelope

REQUIRED = (
    "SUPABASE_URL",
    "SUPABASE_KEY",
    "UPSTASH_REDIS_REST_URL",
    "UPSTASH_REDIS_REST_TOKEN",
    "API_KEY_PEPPER",
    "ENCRYPTION_KEYS",
)
NUMBERS: dict[str, float] = {
    "UPSTREAM_CONNECT_TIMEOUT_SECONDS": 5,
    "UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS": 600,
    "UPSTREAM_IDLE_TIMEOUT_SECONDS": 300,
    "UPSTREAM_TOTAL_TIMEOUT_SECONDS": 600,
    "STORE_TIMEOUT_MS": 200,
    "KEY_LOOKUP_TIMEOUT_MS": 2_000,
    "MAX_BODY_BYTES": 20_000_000,
    "LARGE_BODY_BYTES": 128_000,
    "LARGE_BODIES_BYTES": 400_000_000,
    "MAX_ANSWER_BYTES": 64 * 2**20,
    "MAX_CAPTURE_BYTES": 1_000_000,
    "SINGLE_FLIGHT_LEASE_SECONDS": 2.5,
    "SEMANTIC_EMBEDDER_TIMEOUT_MS": 300,
}
"""Optional numbers with their defaults; all must be greater than 0."""

OPTIONAL = (
    "API_KEY_PEPPER_SECOND",
    "SUPABASE_PUBLISHABLE_KEY",
    "REDIS_URL",
    "DATABASE_URL",
    "RELEASE",
    "HEALTH_TOKEN",
    "METRICS_TOKEN",
    "PROMETHEUS_MULTIPROC_DIR",
    "BYOK_PRIVATE_ADDRESSES",
    "SHARED_PROVIDER_FILES",
    "EDGE_PROCESSES",
    "BUDGETS_FAIL_CLOSED",
    "USAGE_SPOOL_DIR",
    "DASHBOARD_TICK_URL",
    "TICK_TOKEN",
    "DD_API_KEY",
    "DD_SITE",
    "DD_LOGS_URL",
    "SENTRY_DSN",
    "SENTRY_TRACES_SAMPLE_RATE",
    "SEMANTIC_EMBEDDER",
    "SEMANTIC_EMBEDDER_MODEL",
    "SEMANTIC_EMBEDDER_BASE_URL",
    "SEMANTIC_EMBEDDER_API_KEY",
)
"""Texts that may be absent; each switches something on or names something."""

_MOST_PROCESSES = 100_000
_DSN = re.compile(r"https?://[^@/\s]+@[^/\s]+/(.+/)?[0-9]+\Z")


class SettingsError(ValueError):
    """A variable is missing or malformed; the message names it and never shows its value."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. ``first_byte``: connecting and waiting for the headers, and then for the first event
    of a stream; ``idle``: the gap between later ones. ``total``: until a whole answer is there, or
    a stream has begun, over all attempts of a request. The official SDKs wait 600 by default.
    """

    connect: float
    first_byte: float
    idle: float
    total: float


@dataclass(frozen=True, slots=True)
class Telemetry:
    """Where log lines and reports go; an empty key or DSN switches its service off.

    ``traces_sample_rate``: the share of requests (0 to 1) that Sentry gets measurements of.
    """

    datadog_key: str = field(repr=False)
    datadog_url: str
    sentry_dsn: str = field(repr=False)
    traces_sample_rate: float


EMBEDDERS = ("workers-ai", "openai")
"""Cloudflare's binding, and every endpoint that speaks OpenAI's /embeddings."""


@dataclass(frozen=True, slots=True)
class Embedder:
    """An outside embedding for the semantic index. ``kind``: one of ``EMBEDDERS``.

    ``base_url`` and ``key`` are the endpoint's, empty with the binding. ``timeout``: seconds.
    """

    kind: str
    model: str
    base_url: str
    key: str = field(repr=False)
    timeout: float

    @property
    def name(self) -> str:
        """Tells its codes from all others': part of the hash of every partition that uses them."""
        return f"{self.kind} {self.base_url} {self.model}"


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the edge is configured with. Names of variables: ``.env.example``.

    ``supabase_api_key`` opens Supabase's gateway, ``supabase_key`` names the database role: on
    hosted Supabase they are two, the project's publishable key and a JWT.
    ``redis_tcp_url``: Redis in its own protocol, on hosts that can keep a connection; ``redis_url``
    and ``redis_token``, Upstash's REST API, are empty then.
    ``database_url``: the database itself, on hosts that can keep a connection; usage rows go there.
    ``api_key_peppers``: the first signs what Redis keeps; keys and signatures of each are taken.
    ``max_answer_bytes``: of an answer that is held whole, once it is decompressed.
    ``byok_private_addresses``: a project's own base URL may lie in the host's network.
    ``processes``: by how many the limits are divided while Redis is away; ``None``: they count
    themselves. ``budgets_fail_closed``: nothing is spent then that counts against a budget.
    ``metrics_folder``: what the edge's processes share, empty without ``metrics_token``'s page.
    ``usage_spool_dir``: where a process that ends leaves rows that nobody took; empty: nowhere.
    ``shared_provider_files``: every project may use the files of the deployment's provider account.
    """

    environment: str
    release: str
    supabase_url: str
    supabase_key: str = field(repr=False)
    supabase_api_key: str = field(repr=False)
    redis_url: str
    redis_tcp_url: str = field(repr=False)
    redis_token: str = field(repr=False)
    database_url: str = field(repr=False)
    api_key_peppers: tuple[bytes, ...] = field(repr=False)
    encryption_keys: Mapping[str, bytes] = field(repr=False)
    provider_base_urls: Mapping[str, str]
    provider_keys: Mapping[str, str] = field(repr=False)
    timeouts: Timeouts
    store_timeout: float
    key_lookup_timeout: float
    max_body_bytes: int
    large_body_bytes: int
    large_bodies_bytes: int
    max_answer_bytes: int
    max_capture_bytes: int
    lease_seconds: float
    byok_private_addresses: bool
    shared_provider_files: bool
    processes: int | None
    budgets_fail_closed: bool
    usage_spool_dir: str
    health_token: str = field(repr=False)
    metrics_token: str = field(repr=False)
    metrics_folder: str
    dashboard_tick_url: str
    tick_token: str = field(repr=False)
    telemetry: Telemetry
    embedder: Embedder | None

    def supabase_headers(self) -> list[tuple[str, str]]:
        """What every request to Supabase's REST API carries."""
        return [("apikey", self.supabase_api_key), ("authorization", f"Bearer {self.supabase_key}")]


def load(env: Mapping[str, str], providers: Mapping[str, str]) -> Settings:
    """Parse ``env``; ``providers`` maps each known provider's name to its default base URL.

    Raises ``SettingsError`` with the variable's name.
    """
    redis_tcp_url = env.get("REDIS_URL", "")
    return Settings(
        environment=env.get("ENVIRONMENT", "production"),
        release=env.get("RELEASE", ""),
        supabase_url=_url(env, "SUPABASE_URL"),
        supabase_key=_required(env, "SUPABASE_KEY"),
        supabase_api_key=env.get("SUPABASE_PUBLISHABLE_KEY") or _required(env, "SUPABASE_KEY"),
        redis_url="" if redis_tcp_url else _url(env, "UPSTASH_REDIS_REST_URL"),
        redis_tcp_url=redis_tcp_url,
        redis_token="" if redis_tcp_url else _required(env, "UPSTASH_REDIS_REST_TOKEN"),
        database_url=env.get("DATABASE_URL", ""),
        api_key_peppers=_peppers(env),
        encryption_keys=_encryption_keys(env),
        provider_base_urls={
            name: env.get(f"{name.upper()}_BASE_URL", default).rstrip("/")
            for name, default in providers.items()
        },
        provider_keys={
            name: env[variable]
            for name in providers
            if env.get(variable := f"{name.upper()}_API_KEY")
        },
        timeouts=Timeouts(
            connect=_number(env, "UPSTREAM_CONNECT_TIMEOUT_SECONDS"),
            first_byte=_number(env, "UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS"),
            idle=_number(env, "UPSTREAM_IDLE_TIMEOUT_SECONDS"),
            total=_number(env, "UPSTREAM_TOTAL_TIMEOUT_SECONDS"),
        ),
        store_timeout=_number(env, "STORE_TIMEOUT_MS") / 1000,
        key_lookup_timeout=_number(env, "KEY_LOOKUP_TIMEOUT_MS") / 1000,
        max_body_bytes=int(_number(env, "MAX_BODY_BYTES")),
        large_body_bytes=int(_number(env, "LARGE_BODY_BYTES")),
        large_bodies_bytes=int(_number(env, "LARGE_BODIES_BYTES")),
        max_answer_bytes=int(_number(env, "MAX_ANSWER_BYTES")),
        max_capture_bytes=int(_number(env, "MAX_CAPTURE_BYTES")),
        lease_seconds=_number(env, "SINGLE_FLIGHT_LEASE_SECONDS"),
        byok_private_addresses=_switch(env, "BYOK_PRIVATE_ADDRESSES"),
        shared_provider_files=_switch(env, "SHARED_PROVIDER_FILES"),
        processes=_processes(env),
        budgets_fail_closed=_switch(env, "BUDGETS_FAIL_CLOSED"),
        usage_spool_dir=env.get("USAGE_SPOOL_DIR", ""),
        health_token=env.get("HEALTH_TOKEN", ""),
        metrics_token=env.get("METRICS_TOKEN", ""),
        metrics_folder=_metrics_folder(env),
        dashboard_tick_url=_optional_url(env, "DASHBOARD_TICK_URL"),
        tick_token=env.get("TICK_TOKEN", ""),
        telemetry=_telemetry(env),
        embedder=_embedder(env),
    )


def _metrics_folder(env: Mapping[str, str]) -> str:
    """Where an edge's processes add up what they count: without it each told of itself alone."""
    folder = env.get("PROMETHEUS_MULTIPROC_DIR", "")
    if env.get("METRICS_TOKEN") and not folder:
        raise SettingsError("METRICS_TOKEN needs PROMETHEUS_MULTIPROC_DIR, which is not set")
    return folder


def _embedder(env: Mapping[str, str]) -> Embedder | None:
    """The outside embedder; ``None`` without one, which is the default."""
    kind = env.get("SEMANTIC_EMBEDDER", "")
    model = env.get("SEMANTIC_EMBEDDER_MODEL", "")
    key = env.get("SEMANTIC_EMBEDDER_API_KEY", "")
    base_url = env.get("SEMANTIC_EMBEDDER_BASE_URL", "").rstrip("/")
    timeout = _number(env, "SEMANTIC_EMBEDDER_TIMEOUT_MS") / 1000
    if not kind:
        return None
    if kind not in EMBEDDERS:
        raise SettingsError(f"SEMANTIC_EMBEDDER must be one of: {', '.join(EMBEDDERS)}")
    if not model:
        raise SettingsError("SEMANTIC_EMBEDDER_MODEL is not set")
    if kind == "openai" and not base_url.startswith(("https://", "http://")):
        raise SettingsError("SEMANTIC_EMBEDDER_BASE_URL must be an http(s) URL")
    return Embedder(kind, model, base_url, key, timeout)


def _telemetry(env: Mapping[str, str]) -> Telemetry:
    site = env.get("DD_SITE") or "datadoghq.com"
    rate = env.get("SENTRY_TRACES_SAMPLE_RATE") or "0"
    try:
        share = float(rate)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise SettingsError("SENTRY_TRACES_SAMPLE_RATE must be a number from 0 to 1")
    if env.get("SENTRY_DSN") and not _DSN.match(env["SENTRY_DSN"]):
        raise SettingsError("SENTRY_DSN must look like https://<key>@<host>/<project>")
    return Telemetry(
        datadog_key=env.get("DD_API_KEY", ""),
        datadog_url=env.get("DD_LOGS_URL") or f"https://http-intake.logs.{site}/api/v2/logs",
        sentry_dsn=env.get("SENTRY_DSN", ""),
        traces_sample_rate=share,
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _switch(env: Mapping[str, str], name: str) -> bool:
    value = env.get(name, "")
    if value not in ("", "0", "1"):
        raise SettingsError(f"{name} must be 0 or 1")
    return value == "1"


def _processes(env: Mapping[str, str]) -> int | None:
    text = env.get("EDGE_PROCESSES", "")
    if text and not (text.isascii() and text.isdigit() and 0 < int(text) <= _MOST_PROCESSES):
        raise SettingsError(f"EDGE_PROCESSES must be a number from 1 to {_MOST_PROCESSES:,}")
    return int(text) if text else None


def _url(env: Mapping[str, str], name: str) -> str:
    value = _required(env, name)
    if not value.startswith(("https://", "http://")):
        raise SettingsError(f"{name} must be an http(s) URL")
    return value.rstrip("/")


def _optional_url(env: Mapping[str, str], name: str) -> str:
    return _url(env, name) if env.get(name) else ""


def variables(providers: Iterable[str]) -> list[str]:
    """Every variable that ``load`` reads."""
    own = [f"{name.upper()}_{part}" for name in providers for part in ("BASE_URL", "API_KEY")]
    return ["ENVIRONMENT", *REQUIRED, *NUMBERS, *OPTIONAL, *own]


def _number(env: Mapping[str, str], name: str) -> float:
    text = env.get(name, "")
    if not text:
        return NUMBERS[name]
    try:
        value = float(text)
    except ValueError as error:
        raise SettingsError(f"{name} must be a number") from error
    if not 0 < value < float("inf"):
        raise SettingsError(f"{name} must be greater than 0")
    return value


def _peppers(env: Mapping[str, str]) -> tuple[bytes, ...]:
    peppers = (_required(env, "API_KEY_PEPPER"), env.get("API_KEY_PEPPER_SECOND", ""))
    return tuple(pepper.encode() for pepper in peppers if pepper)


def _encryption_keys(env: Mapping[str, str]) -> Mapping[str, bytes]:
    try:
        return envelope.parse_keys(_required(env, "ENCRYPTION_KEYS"))
    except envelope.EnvelopeError as error:
        raise SettingsError(f"ENCRYPTION_KEYS: {error}") from error
