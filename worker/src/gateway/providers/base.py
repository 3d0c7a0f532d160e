"""What a provider is: capabilities as data, and how a request to it is built.

``OpenAICompatible`` serves every provider that speaks OpenAI's protocol; one with its own protocol
subclasses it and translates (see ``providers/anthropic``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.http import Headers

CHAT = "/chat/completions"
COMPLETIONS = "/completions"
EMBEDDINGS = "/embeddings"
RESPONSES = "/responses"
MESSAGES = "/messages"
MODELS = "/models"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A provider as data.

    ``model_prefixes``: model names that are routed here without a prefix or rule.
    ``stream_usage``: takes ``stream_options.include_usage``.
    ``openai_defaults``: documents the parameter defaults of ``shared.request_fields.DEFAULTS``.
    ``paths``: our endpoint → the provider's path below its base URL.
    """

    name: str
    base_url: str
    paths: Mapping[str, str] = field(
        default_factory=lambda: {path: path for path in (CHAT, EMBEDDINGS, MODELS)}
    )
    model_prefixes: tuple[str, ...] = ()
    stream_usage: bool = True
    openai_defaults: bool = False


class Provider:
    """A provider that speaks OpenAI's protocol with a bearer token."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    @property
    def name(self) -> str:
        """The provider's name in routes, prefixes, headers and usage rows."""
        return self.capabilities.name

    def supports(self, endpoint: str) -> bool:
        """True when the provider has ``endpoint`` (one of the constants above)."""
        return endpoint in self.capabilities.paths

    def url(self, base_url: str, endpoint: str) -> str:
        """Where a request for ``endpoint`` is sent."""
        return base_url + self.capabilities.paths[endpoint]

    def headers(self, api_key: str) -> Headers:
        """The provider's authentication."""
        return [("authorization", f"Bearer {api_key}")]
