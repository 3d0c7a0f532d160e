"""What a provider is: capabilities as data, and how a request to it is built.

``OpenAICompatible`` serves every provider that speaks OpenAI's protocol; one with its own protocol
subclasses it and translates (see ``providers/anthropic``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from gateway.core.http import Headers
from gateway.formats.base import Json, member
from gateway.formats.endings import Endings
from gateway.providers.prompt_cache_rules import PromptCacheRules

CHAT = "/chat/completions"
COMPLETIONS = "/completions"
EMBEDDINGS = "/embeddings"
RESPONSES = "/responses"
MESSAGES = "/messages"
COUNT_TOKENS = "/messages/count_tokens"
MODELS = "/models"


def same_paths(*endpoints: str) -> dict[str, str]:
    """Endpoints that a provider has under the same path as we do."""
    return {endpoint: endpoint for endpoint in endpoints}


class StreamTranslation(Protocol):
    """A ``Transform`` that records what it could not pass on.

    ``lost``: names of what had no place in the caller's dialect and was left out so far.
    """

    lost: set[str]

    def __call__(self, chunk: bytes) -> bytes:
        """See ``Transform``."""


class Translation(Protocol):
    """Between a caller's dialect and a provider's, for one request and its answer.

    What the caller's dialect cannot express is left out and named in ``lost``. The caller gets the
    rest, and the answer is not stored.

    ``endpoint``: the provider's endpoint (a constant above) that serves the caller's.
    """

    endpoint: str

    def request(self, body: Json) -> Json:
        """The caller's request as the provider takes it. Raises ``InvalidRequest``."""

    def answer(self, answer: Json) -> Json:
        """The provider's whole answer in the caller's dialect. Raises ``ValueError``."""

    def lost(self, answer: Json) -> set[str]:
        """Names of what ``answer`` leaves out of the provider's whole answer."""

    def stream(self) -> StreamTranslation:
        """The provider's event stream in the caller's grammar, at any cut of its bytes.

        Events of the provider become events of the caller as they arrive, never held back.
        """

    def error(self, text: str, status: int = 500) -> str:
        """The provider's error body in the caller's envelope. ``status`` is used where the body
        does not name the kind of error."""


@dataclass(frozen=True, slots=True)
class LiveData:
    """What lets an answer depend on more than its request: on the web, on code that runs, on state
    that the provider keeps. Such requests are never cached.

    ``models``: name patterns (``fnmatch``) of models that look things up by themselves.
    ``fields``: request fields that ask for it, a dot before a member of an object.
    ``further_models``: request fields that list models which may answer in place of ``model``.
    ``source``: where the provider says so, and when that was read.
    """

    models: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    further_models: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """A provider as data.

    ``model_prefixes``: model names that are routed here without a prefix or rule.
    ``request_headers``: headers of the caller that change what the provider does. ``stream_usage``:
    known to take ``stream_options.include_usage``. ``forms``: paths whose multipart forms cannot
    name anything stored in the provider's account. ``strict_at``: path of a field of the request;
    where it is true, the gateway must not add fields to the request. ``passed_through``: paths that
    are passed through to this provider for callers that use its own SDK. ``usage_with_end``: its
    streams always tell usage, in the chunk that ends the last choice. ``usage_at``: path of the
    usage in its chunks, where some tell it elsewhere than OpenAI's. ``effort_models``: name
    patterns of chat models that take ``reasoning_effort``. ``reasoning_field``: the member of an
    assistant's message in which it wants its reasoning back. ``call_id_length``: ids of tool calls
    must be exactly so many letters and digits. ``live``: what makes its answers depend on more than
    the request. ``endings``: its finish reasons that OpenAI does not have. ``prompt_cache``: the
    rules of its prompt cache, where requests can mark what is kept. ``tells_cost``: its answers
    tell their cost in dollars. ``own_paths``: paths of ours that no other provider has.
    ``openai_defaults``: documents the parameter defaults of ``shared.request_fields.DEFAULTS``.
    ``paths``: our endpoint → the provider's path below its base URL, for those it has itself.
    ``translations``: our endpoint → a function that makes the ``Translation`` to another endpoint
    of the provider. The translation's module is imported when it is first needed.
    """

    name: str
    base_url: str
    paths: Mapping[str, str] = field(default_factory=lambda: same_paths(CHAT, EMBEDDINGS, MODELS))
    translations: Mapping[str, Callable[[], Translation]] = field(default_factory=dict)
    model_prefixes: tuple[str, ...] = ()
    request_headers: tuple[str, ...] = ()
    stream_usage: bool = False
    forms: tuple[str, ...] = ()
    strict_at: tuple[str, ...] = ()
    passed_through: tuple[str, ...] = ()
    usage_with_end: bool = False
    usage_at: tuple[str, ...] = ()
    effort_models: tuple[str, ...] = ()
    reasoning_field: str | None = None
    call_id_length: int | None = None
    tells_cost: bool = False
    own_paths: tuple[str, ...] = ()
    openai_defaults: bool = False
    live: LiveData = LiveData()
    endings: Endings = field(default_factory=dict)
    prompt_cache: PromptCacheRules | None = None

    def asks_usage(self, body: Json) -> bool:
        """Whether the gateway asks for the usage of the stream that answers ``body``: only where
        the provider is known to take that option, and the request does not forbid additions."""
        strict = bool(self.strict_at) and member(body, self.strict_at) is True
        return self.stream_usage and not strict


class Provider:
    """A provider that speaks OpenAI's protocol with a bearer token."""

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    @property
    def name(self) -> str:
        """The provider's name in routes, prefixes, headers and usage rows."""
        return self.capabilities.name

    def supports(self, endpoint: str) -> bool:
        """True when the provider serves ``endpoint`` (one of the constants above)."""
        capabilities = self.capabilities
        return endpoint in capabilities.paths or endpoint in capabilities.translations

    def url(self, base_url: str, endpoint: str) -> str:
        """Where a request for ``endpoint`` is sent; a path that is not among the constants above is
        used as it is."""
        return base_url + self.capabilities.paths.get(endpoint, endpoint)

    def translation(self, endpoint: str) -> Translation | None:
        """How this provider serves ``endpoint`` when it does not have it itself."""
        make = self.capabilities.translations.get(endpoint)
        return None if make is None else make()

    def prepared(self, endpoint: str, body: Json) -> Json:  # noqa: ARG002 (most take it as it is)
        """A request of the caller's for an endpoint that the provider has itself."""
        return body

    def headers(self, api_key: str) -> Headers:
        """The provider's authentication."""
        return [("authorization", f"Bearer {api_key}")]
