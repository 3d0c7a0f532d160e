"""Every provider, and the way from a model's name to one of them."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from gateway.providers import groq, openai
from gateway.providers.base import Provider
from shared.key_record import Project

PROVIDERS: dict[str, Provider] = {
    module.PROVIDER.name: module.PROVIDER
    for module in (
        openai,
        groq,
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
    return _by_name(model) or Target(_default(project), model)


def _by_name(model: str) -> Target | None:
    prefix, slash, rest = model.partition("/")
    if slash and rest and prefix in PROVIDERS:
        return Target(PROVIDERS[prefix], rest)
    for provider in PROVIDERS.values():
        if model.startswith(provider.capabilities.model_prefixes):
            return Target(provider, model)
    return None


def _default(project: Project) -> Provider:
    return PROVIDERS.get(project.default_provider, openai.PROVIDER)
