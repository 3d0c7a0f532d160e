"""Every provider, and the way from a model's name to one of them."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from gateway.core.paths import tidy
from gateway.formats import endings
from gateway.formats.endings import Endings
from gateway.providers import anthropic, compatible, elsewhere, groq, openai
from gateway.providers.base import LiveData, Provider
from shared.key_record import Project

PROVIDERS: dict[str, Provider] = {
    provider.name: provider
    for provider in (
        openai.PROVIDER,
        anthropic.PROVIDER,
        groq.PROVIDER,
        *compatible.PROVIDERS,
    )
}
"""Adding a provider is one folder and one line here."""

DEFAULT_BASE_URLS: dict[str, str] = {
    name: provider.capabilities.base_url for name, provider in PROVIDERS.items()
}

LIVE: dict[str, LiveData] = {
    **{
        name: live
        for name, provider in PROVIDERS.items()
        if (live := provider.capabilities.live).source
    },
    **elsewhere.LIVE,
}
"""Provider → what of it must never be cached, also of providers that have no entry here."""

ENDINGS: Endings = {
    **elsewhere.ENDINGS,
    **{
        reason: meaning
        for provider in PROVIDERS.values()
        for reason, meaning in provider.capabilities.endings.items()
    },
    **endings.OPENAI,
}
"""Every finish reason that is known, for answers of every provider likewise."""

USAGE_PLACES = tuple(
    place for provider in PROVIDERS.values() if (place := provider.capabilities.usage_at)
)
"""Where a stream may tell usage beside OpenAI's place. Every provider's counts for every stream: an
address of a customer's own may be any of them."""


_GROQ_PATHS = ("/openai/v1/", "/v1/openai/v1/")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the provider, and the model by the provider's own name."""

    provider: Provider
    model: str
    fallbacks: tuple[str, ...] = ()


def resolve(model: str, project: Project, path: str = "") -> Target:
    """The project's rules first, then known names, then ``provider/model``, then the default.

    ``path``: the request's, as its caller wrote it.
    """
    for route in project.routes:
        if route.provider in PROVIDERS and fnmatchcase(model, route.match):
            return Target(PROVIDERS[route.provider], route.model or model, route.fallbacks)
    return _by_name(model) or Target(default(project, path), model)


def default(project: Project, path: str) -> Provider:
    """The provider of requests whose model name decides nothing: Groq for requests of Groq's SDK,
    which always asks for ``/openai/v1/…``, else the project's default provider."""
    if tidy(path).startswith(_GROQ_PATHS):
        return groq.PROVIDER
    return PROVIDERS.get(project.default_provider, openai.PROVIDER)


def fallbacks(target: Target) -> list[Target]:
    """The targets to ask when ``target`` fails, in the project's order."""
    named = (_by_name(name) for name in target.fallbacks)
    return [fallback for fallback in named if fallback is not None]


@lru_cache(maxsize=1024)
def _by_name(model: str) -> Target | None:
    """Known names come first, because some begin like a provider's prefix (``groq/compound``)."""
    for provider in PROVIDERS.values():
        if model.startswith(provider.capabilities.model_prefixes):
            return Target(provider, model)
    prefix, slash, rest = model.partition("/")
    if slash and rest and prefix in PROVIDERS:
        return Target(PROVIDERS[prefix], rest)
    return None
