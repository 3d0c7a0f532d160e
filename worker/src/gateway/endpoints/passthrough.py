"""Endpoints that are passed through: moderations, images, audio, files, stored objects.

Neither side is buffered, nothing is cached. They go to the project's default provider, those of
Groq's SDK to Groq, those of Anthropic's to Anthropic.
"""

import re
from typing import Any

from gateway.admission.request import AdmissionRequest
from gateway.core import errors
from gateway.core.http import Live, Response, declared_length
from gateway.endpoints import stored_objects
from gateway.pipeline.request_context import RequestContext
from gateway.providers import anthropic, upstream
from gateway.providers.base import Provider
from gateway.providers.redaction import Redaction
from gateway.providers.registry import PROVIDERS, Target, default
from gateway.providers.upstream import Outgoing

PREFIXES = (
    "/v1/moderations",
    "/v1/images/",
    "/v1/audio/",
    "/v1/files",
    "/v1/uploads",
    "/v1/batches",
    "/v1/responses/",
    "/v1/chat/completions/",
    "/v1/messages/batches",
)
METHODS = ("GET", "POST", "DELETE")
WITHOUT_OBJECTS = (
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/audio/speech",
    "/v1/responses/input_tokens",
    "/v1/responses/compact",
)
"""Paths that are allowed with the deployment's key, for JSON that names no stored object. Forms are
not read; they are allowed where ``Capabilities.forms`` says so. Everything else that a provider
stores belongs to all users of the account: one project would see, use and delete another's objects.
``SHARED_PROVIDER_FILES`` is for deployments of one customer."""
_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._:@=~-]+)+")
_WORD = re.compile(r"[a-z_]{1,24}\Z")
_LONGEST_ENDPOINT = 64
_BODY_HEADERS = ("content-type", "content-length", "content-encoding")


async def handle(context: RequestContext) -> Response:
    """Relay one request and its answer as they arrive."""
    request = context.caller.request
    path = context.caller.path
    _check_path(path, request.method)
    await context.authenticate(endpoint_name(path))
    provider = _provider(context, path)
    context.row.event.provider = provider.name
    context.row.bypass("this endpoint is passed through")
    own = stored_objects.own_account(context.record, context.host.settings, provider)
    inspected = not own and _needs_look(context, provider, path)
    await context.admit(AdmissionRequest())
    most = context.host.settings.max_body_bytes
    if declared_length(request) > most:
        raise errors.too_large(most)
    has_body = request.method == "POST"
    body: Any = request.stream(most) if has_body and not inspected else None
    if inspected:
        body = await context.json()
        if stored_objects.named(body) is not None:
            raise stored_objects.own_key_needed(provider)
    sent = ("accept", *_BODY_HEADERS) if has_body and not inspected else ("accept",)
    outgoing = Outgoing(
        path.removeprefix("/v1") + (f"?{request.query}" if request.query else ""),
        body,
        method=request.method,
        headers=[
            ("accept-encoding", "identity"),  # so that its length stays what the provider says
            *((name, value) for name in sent if (value := request.header(name)) is not None),
        ],
        repeatable=not has_body,
    )
    answer = await upstream.ask(context.upstream(), [Target(provider, "")], lambda _: outgoing)
    response = answer.response
    if response.status >= 400:
        return context.provider_error(answer, await answer.text())
    kept = [
        (name, response.headers[name])
        for name in ("content-length", "content-disposition")
        if name in response.headers and "content-encoding" not in response.headers
    ]
    source = context.host.platform.relay(response, idle_timeout=context.host.settings.timeouts.idle)
    content_type = response.headers.get("content-type", "application/octet-stream")
    context.row.finish(response.status)
    redact = Redaction(answer.secret) if context.host.platform.reads_streams else None
    live = Live(source, errors.stream_event, redact)
    return context.response(response.status, content_type, live, *kept, *answer.headers)


def _provider(context: RequestContext, path: str) -> Provider:
    """Who has ``path``: a provider that alone has it, Anthropic for its own callers, else the
    default provider.

    Raises ``NotFound`` for paths that Anthropic does not have: requests of its callers never go to
    another provider.
    """
    for provider in PROVIDERS.values():
        if _within(path, provider.capabilities.own_paths):
            return provider
    if context.caller.request.header("anthropic-version") is None:
        return default(context.record.project, context.caller.request.path)
    if not _within(path, anthropic.PROVIDER.capabilities.passed_through):
        raise errors.NotFound(f"Anthropic has no {path}.")
    return anthropic.PROVIDER


def endpoint_name(path: str) -> str:
    """The path as usage rows have it: words stay, the names of objects become ``{id}``."""
    words = [word if _WORD.match(word) else "{id}" for word in path.removeprefix("/v1/").split("/")]
    return "/".join(["/v1", *words])[:_LONGEST_ENDPOINT]


def _check_path(path: str, method: str) -> None:
    """Raises ``NotFound`` for a path that could leave those that are passed through.

    The provider's server, or the HTTP client, would resolve ``..`` and decode what is encoded.
    """
    if not _PATH.fullmatch(path) or not _within(path, PREFIXES):
        raise errors.NotFound(f"Unknown request URL: {method} {path}.")


def _within(path: str, prefixes: tuple[str, ...]) -> bool:
    return path.startswith(tuple(prefix.rstrip("/") + "/" for prefix in prefixes)) or path in (
        prefix for prefix in prefixes if not prefix.endswith("/")
    )


def _needs_look(context: RequestContext, provider: Provider, path: str) -> bool:
    """Whether a request with the deployment's key has to be read before it is passed on; False for
    a form that can name nothing. Raises ``ProviderNotConfigured``."""
    posted = context.caller.request.method == "POST"
    form = (
        (context.caller.request.header("content-type") or "")
        .lower()
        .startswith("multipart/form-data")
    )
    takes_form = path.removeprefix("/v1") in provider.capabilities.forms
    if not posted or not (takes_form or path in WITHOUT_OBJECTS) or (form and not takes_form):
        raise stored_objects.own_key_needed(provider, path)
    return not form
