"""The environment, parsed once into a frozen value.

Every variable the dashboard reads is read here and nowhere else; ``variable_names`` lists them for
the test that holds ``.env.example`` and the code together.
"""

import math
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

from apps.projects.provider_addresses import ADDRESSES
from config import REPOSITORY
from shared import envelope

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_DATABASES = ("postgresql", "postgres", "sqlite")
LEGAL_PAGES = ("terms", "privacy", "contact", "status")
_LINK = re.compile(r"(https?://|mailto:)[^\s/]\S*")
_DOMAIN = re.compile(r"([a-z0-9-]+(\.[a-z0-9-]+)+)?")


class SettingError(ValueError):
    """A variable is missing or malformed; the message names it and never repeats its value."""


@dataclass(frozen=True, slots=True)
class Environment:
    """``redis_url`` is Upstash's REST address; empty means that the edge is not told of changes.

    ``social_login`` maps a configured log-in provider to its OAuth client id and secret.
    """

    debug: bool
    secret_key: str
    allowed_hosts: tuple[str, ...]
    behind_tls_proxy: bool
    database_url: str
    api_key_pepper: bytes
    api_key_pepper_second: bytes
    encryption_keys: Mapping[str, bytes]
    edge_base_url: str
    edge_api_enabled: bool
    supabase_url: str
    supabase_key: str
    supabase_api_key: str
    redis_url: str
    redis_token: str
    platform_providers: Mapping[str, tuple[str, str]]
    social_login: Mapping[str, tuple[str, str]]
    dashboard_base_url: str
    mail_from: str
    mailgun_api_key: str
    mailgun_domain: str
    mailgun_region: str
    mailgun_webhook_signing_key: str
    stripe_secret_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str
    stripe_trial_days: int
    stripe_proration: str
    stripe_promotion_codes: bool
    stripe_tax_ids: bool
    stripe_automatic_tax: bool
    stripe_reconcile: str
    billing_grace_days: int
    tick_token: str
    metrics_token: str
    trusted_proxies: int
    environment: str
    release: str
    sentry_dsn: str
    sentry_traces_sample_rate: float
    simple_analytics_domain: str
    legal_links: Mapping[str, str]

    def __repr__(self) -> str:
        """Names only: a settings dump must not print secrets."""
        return f"Environment({', '.join(field.name for field in fields(self))})"


class _Reader:
    def __init__(self, source: Mapping[str, str]) -> None:
        self._source = source
        self.names: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        """An empty variable counts as unset; without a default it is required."""
        self.names.append(name)
        value = self._source.get(name, "").strip() or default
        if value is None:
            raise SettingError(f"{name} is not set")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        value = self.text(name, str(default)).lower()
        if value not in _TRUE | _FALSE:
            raise SettingError(f"{name} must be true or false")
        return value in _TRUE

    def items(self, name: str, default: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in self.text(name, default).split(",") if item.strip())

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in allowed:
            raise SettingError(f"{name} must be one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: int) -> int:
        value = self.text(name, str(default))
        if not value.isdecimal():
            raise SettingError(f"{name} must be a whole number")
        return int(value)

    def database_url(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value.partition("://")[0] not in _DATABASES or "://" not in value:
            raise SettingError(f"{name} must begin with {', '.join(_DATABASES)}, and ://")
        return value

    def share(self, name: str) -> float:
        """From 0 to 1; 0 when it is not set."""
        try:
            value = float(self.text(name, "0"))
        except ValueError:
            value = math.nan
        if not 0 <= value <= 1:
            raise SettingError(f"{name} must be a number from 0 to 1")
        return value

    def legal_links(self) -> Mapping[str, str]:
        """Addresses of the operator's own pages by name; those that are set."""
        links = {name: self.text(f"{name.upper()}_URL", "") for name in LEGAL_PAGES}
        for name, url in links.items():
            if url and not _LINK.fullmatch(url):
                raise SettingError(
                    f"{name.upper()}_URL must begin with https://, http:// or mailto:"
                )
        return {name: url for name, url in links.items() if url}

    def encryption_keys(self, name: str) -> Mapping[str, bytes]:
        try:
            return envelope.parse_keys(self.text(name))
        except envelope.EnvelopeError as error:
            raise SettingError(f"{name}: {error}") from error

    def platform_providers(self) -> Mapping[str, tuple[str, str]]:
        """Key and base URL (empty: the provider's own) of each provider the platform pays for."""
        found = {}
        for provider in ADDRESSES:
            key = self.text(f"{provider.upper()}_API_KEY", "")
            base_url = self.text(f"{provider.upper()}_BASE_URL", "")
            if key:
                found[provider] = (key, base_url)
        return found

    def social_login(self, *providers: str) -> Mapping[str, tuple[str, str]]:
        """``<PROVIDER>_LOGIN_CLIENT_ID`` and ``…_SECRET``, both or neither."""
        found = {}
        for provider in providers:
            name = f"{provider.upper()}_LOGIN_CLIENT"
            client_id, secret = self.text(f"{name}_ID", ""), self.text(f"{name}_SECRET", "")
            if bool(client_id) != bool(secret):
                raise SettingError(f"{name}_ID and {name}_SECRET must be set together")
            if client_id:
                found[provider] = (client_id, secret)
        return found


def parse(source: Mapping[str, str]) -> Environment:
    """Raises ``SettingError`` naming the variable that is wrong."""
    return _parse(_Reader(source))


@cache
def current() -> Environment:
    """The process's own environment; raises ``SettingError`` as ``parse`` does."""
    return parse(os.environ)


def stand_ins() -> dict[str, str]:
    """Values for the variables that must be set, where none of them is used for anything."""
    return {
        "DJANGO_SECRET_KEY": secrets.token_hex(),
        "API_KEY_PEPPER": secrets.token_hex(),
        "ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
    }


def variable_names() -> tuple[str, ...]:
    """Every variable ``parse`` reads."""
    reader = _Reader(stand_ins())
    _parse(reader)
    return tuple(reader.names)


def _parse(read: _Reader) -> Environment:
    environment = Environment(
        debug=read.flag("DJANGO_DEBUG", default=False),
        secret_key=read.text("DJANGO_SECRET_KEY"),
        allowed_hosts=read.items("DJANGO_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]"),
        behind_tls_proxy=read.flag("DJANGO_BEHIND_TLS_PROXY", default=False),
        database_url=read.database_url(
            "DATABASE_URL", f"sqlite:///{REPOSITORY / '.watchllm' / 'dashboard.sqlite3'}"
        ),
        api_key_pepper=read.text("API_KEY_PEPPER").encode(),
        api_key_pepper_second=read.text("API_KEY_PEPPER_SECOND", "").encode(),
        encryption_keys=read.encryption_keys("ENCRYPTION_KEYS"),
        edge_base_url=read.text("EDGE_BASE_URL", "http://127.0.0.1:8787").rstrip("/"),
        edge_api_enabled=read.flag("EDGE_API_ENABLED", default=False),
        supabase_url=read.text("SUPABASE_URL", "").rstrip("/"),
        supabase_key=read.text("SUPABASE_KEY", ""),
        supabase_api_key=read.text("SUPABASE_PUBLISHABLE_KEY", ""),
        redis_url=read.text("UPSTASH_REDIS_REST_URL", "").rstrip("/"),
        redis_token=read.text("UPSTASH_REDIS_REST_TOKEN", ""),
        platform_providers=read.platform_providers(),
        social_login=read.social_login("github", "google"),
        dashboard_base_url=read.text("DASHBOARD_BASE_URL", "http://127.0.0.1:8000").rstrip("/"),
        mail_from=read.text("MAIL_FROM", "WatchLLM <hello@watchllm.localhost>"),
        mailgun_api_key=read.text("MAILGUN_API_KEY", ""),
        mailgun_domain=read.text("MAILGUN_DOMAIN", ""),
        mailgun_region=read.choice("MAILGUN_REGION", "us", ("us", "eu")),
        mailgun_webhook_signing_key=read.text("MAILGUN_WEBHOOK_SIGNING_KEY", ""),
        stripe_secret_key=read.text("STRIPE_SECRET_KEY", ""),
        stripe_webhook_secrets=read.items("STRIPE_WEBHOOK_SECRET", ""),
        stripe_api_base=read.text("STRIPE_API_BASE", "").rstrip("/"),
        stripe_trial_days=read.number("STRIPE_TRIAL_DAYS", 0),
        stripe_proration=read.choice(
            "STRIPE_PRORATION", "always_invoice", ("always_invoice", "create_prorations", "none")
        ),
        stripe_promotion_codes=read.flag("STRIPE_PROMOTION_CODES", default=True),
        stripe_tax_ids=read.flag("STRIPE_TAX_IDS", default=True),
        stripe_automatic_tax=read.flag("STRIPE_AUTOMATIC_TAX", default=False),
        stripe_reconcile=read.choice("STRIPE_RECONCILE", "mend", ("mend", "report", "off")),
        billing_grace_days=read.number("BILLING_GRACE_DAYS", 7),
        tick_token=read.text("TICK_TOKEN", ""),
        metrics_token=read.text("METRICS_TOKEN", ""),
        trusted_proxies=read.number("DJANGO_TRUSTED_PROXIES", 0),
        environment=read.text("ENVIRONMENT", "development"),
        release=read.text("RELEASE", ""),
        sentry_dsn=read.text("SENTRY_DSN", ""),
        sentry_traces_sample_rate=read.share("SENTRY_TRACES_SAMPLE_RATE"),
        simple_analytics_domain=read.text("SIMPLE_ANALYTICS_DOMAIN", "").lower(),
        legal_links=read.legal_links(),
    )
    if environment.edge_api_enabled and not environment.supabase_key:
        raise SettingError("SUPABASE_KEY must be set when EDGE_API_ENABLED is true")
    if environment.redis_url and not environment.redis_token:
        raise SettingError("UPSTASH_REDIS_REST_TOKEN must be set with UPSTASH_REDIS_REST_URL")
    if not _DOMAIN.fullmatch(environment.simple_analytics_domain):
        raise SettingError("SIMPLE_ANALYTICS_DOMAIN must be a domain name such as example.com")
    if environment.mailgun_api_key and not environment.mailgun_domain:
        raise SettingError("MAILGUN_DOMAIN must be set with MAILGUN_API_KEY")
    if environment.stripe_secret_key and not environment.stripe_webhook_secrets:
        raise SettingError("STRIPE_WEBHOOK_SECRET must be set with STRIPE_SECRET_KEY")
    return environment
