"""The Worker's environment, read once into a frozen value."""

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
    "UPSTREAM_FIRST_BYTE_TIMEOUT_SECONDS": 120,
    "UPSTREAM_IDLE_TIMEOUT_SECONDS": 60,
    "STORE_TIMEOUT_MS": 250,
    "KEY_LOOKUP_TIMEOUT_MS": 2_000,
    "MAX_BODY_BYTES": 10_000_000,
    "MAX_CAPTURE_BYTES": 1_000_000,
    "SINGLE_FLIGHT_LEASE_SECONDS": 30,
}
"""Optional numbers with their defaults; all must be greater than 0."""


class SettingsError(ValueError):
    """A variable is missing or malformed; the message names it and never shows its value."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds. ``first_byte`` covers connecting and waiting; ``idle`` the gap between chunks."""

    connect: float
    first_byte: float
    idle: float


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything the edge is configured with. Names of variables: ``.env.example``."""

    environment: str
    supabase_url: str
    supabase_key: str = field(repr=False)
    redis_url: str
    redis_token: str = field(repr=False)
    api_key_pepper: bytes = field(repr=False)
    encryption_keys: Mapping[str, bytes] = field(repr=False)
    provider_base_urls: Mapping[str, str]
    provider_keys: Mapping[str, str] = field(repr=False)
    timeouts: Timeouts
    store_timeout: float
    key_lookup_timeout: float
    max_body_bytes: int
    max_capture_bytes: int
    lease_seconds: float


def load(env: Mapping[str, str], providers: Mapping[str, str]) -> Settings:
    """Parse ``env``; ``providers`` maps each known provider's name to its default base URL.

    Raises ``SettingsError`` with the variable's name.
    """
    return Settings(
        environment=env.get("ENVIRONMENT", "production"),
        supabase_url=_url(env, "SUPABASE_URL"),
        supabase_key=_required(env, "SUPABASE_KEY"),
        redis_url=_url(env, "UPSTASH_REDIS_REST_URL"),
        redis_token=_required(env, "UPSTASH_REDIS_REST_TOKEN"),
        api_key_pepper=_required(env, "API_KEY_PEPPER").encode(),
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
        ),
        store_timeout=_number(env, "STORE_TIMEOUT_MS") / 1000,
        key_lookup_timeout=_number(env, "KEY_LOOKUP_TIMEOUT_MS") / 1000,
        max_body_bytes=int(_number(env, "MAX_BODY_BYTES")),
        max_capture_bytes=int(_number(env, "MAX_CAPTURE_BYTES")),
        lease_seconds=_number(env, "SINGLE_FLIGHT_LEASE_SECONDS"),
    )


def _required(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set")
    return value


def _url(env: Mapping[str, str], name: str) -> str:
    value = _required(env, name)
    if not value.startswith(("https://", "http://")):
        raise SettingsError(f"{name} must be an http(s) URL")
    return value.rstrip("/")


def variables(providers: Iterable[str]) -> list[str]:
    """Every variable that ``load`` reads."""
    own = [f"{name.upper()}_{part}" for name in providers for part in ("BASE_URL", "API_KEY")]
    return ["ENVIRONMENT", *REQUIRED, *NUMBERS, *own]


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


def _encryption_keys(env: Mapping[str, str]) -> Mapping[str, bytes]:
    try:
        return envelope.parse_keys(_required(env, "ENCRYPTION_KEYS"))
    except envelope.EnvelopeError as error:
        raise SettingsError(f"ENCRYPTION_KEYS: {error}") from error
