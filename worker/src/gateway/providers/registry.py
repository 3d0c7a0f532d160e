"""Every provider, and the way from a model's name to one of them."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.providers import anthropic, compatible, groq, openai
from gateway.providers.base import Provider
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


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the provider, and the model as it knows it."""

    provider: Provider
    model: str
    fallbacks: tuple[str, ...] = ()


def resolve(model: str, project: Project) -> Target:
    """The project's rules first, then ``provider/model``, then known names, then its default."""
    for route in project.routes:
        if route.provider in PROVIDERS and fnmatchcase(model, route.match):
            return Target(PROVIDERS[route.provider], route.model or model, route.fallbacks)
    return _by_name(model) or Target(by_provider(project.default_provider), model)


def fallbacks(target: Target) -> list[Target]:
    """The targets to ask when ``target`` fails, in the project's order."""
    named = (_by_name(name) for name in target.fallbacks)
    return [fallback for fallback in named if fallback is not None]


def _by_name(model: str) -> Target | None:
    prefix, slash, rest = model.partition("/")
    if slash and rest and prefix in PROVIDERS:
        return Target(PROVIDERS[prefix], rest)
    for provider in PROVIDERS.values():
        if model.startswith(provider.capabilities.model_prefixes):
            return Target(provider, model)
    return None


def by_provider(name: str) -> Provider:
    """The provider of that name; OpenAI for a name that this release does not know."""
    return PROVIDERS.get(name, openai.PROVIDER)
