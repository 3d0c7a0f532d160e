"""Endpoints that are passed through: moderations, images, audio, files, stored objects.

Neither side is buffered, nothing is cached. They go to the project's default provider, those of
Groq's SDK to Groq.
"""

import re

from gateway.admission.limits import Lookup
from gateway.core import errors
from gateway.core.http import Live, Response, declared_length
from gateway.pipeline.exchange import Exchange
from gateway.providers import upstream
from gateway.providers.base import Provider
from gateway.providers.registry import Target, default
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
)
METHODS = ("GET", "POST", "DELETE")
OWN_ACCOUNT = ("/v1/files", "/v1/uploads", "/v1/batches")
"""What a provider lists for everybody who uses the same account: with the deployment's key, one
project would see, use and delete another's. ``SHARED_PROVIDER_FILES`` is for deployments of one
customer."""
_PATH = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._:@=~-]+)+")
_WORD = re.compile(r"[a-z_]{1,24}\Z")
_LONGEST_ENDPOINT = 64
_BODY_HEADERS = ("content-type", "content-length", "content-encoding")


async def handle(x: Exchange) -> Response:
    """Relay one request and its answer as they arrive."""
    request = x.request
    path = x.endpoint
    _check_path(path, request.method)
    x.endpoint = endpoint_name(path)
    record = await x.authenticate()
    provider = default(record.project, request.path)
    x.event.provider = provider.name
    x.bypass("this endpoint is passed through")
    if _within(path, OWN_ACCOUNT) and not _own_account(x, provider):
        raise errors.ProviderNotConfigured(
            f"{path} needs a key of your own for the provider '{provider.name}': in the account of "
            "this deployment's key, files and batches are everybody's."
        )
    await x.admit(Lookup())
    if declared_length(request) > x.settings.max_body_bytes:
        raise errors.BodyTooLarge(
            f"The request body is over the limit of {x.settings.max_body_bytes:,} bytes."
        )
    has_body = request.method == "POST"
    sent = ("accept", *_BODY_HEADERS) if has_body else ("accept",)
    outgoing = Outgoing(
        path.removeprefix("/v1") + (f"?{request.query}" if request.query else ""),
        request.stream() if has_body else None,
        method=request.method,
        headers=[(name, value) for name in sent if (value := request.header(name)) is not None],
        repeatable=not has_body,
    )
    answer = await upstream.ask(x, [Target(provider, "")], lambda _: outgoing)
    response = answer.response
    kept = [
        (name, response.headers[name])
        for name in ("content-length", "content-disposition")
        if name in response.headers and "content-encoding" not in response.headers
    ]
    source = x.platform.relay(response, idle_timeout=x.settings.timeouts.idle)
    content_type = response.headers.get("content-type", "application/octet-stream")
    x.finish(response.status, f"upstream_{response.status}" if response.status >= 400 else None)
    return x.response(
        response.status, content_type, Live(source, errors.stream_event), *kept, *answer.headers
    )


def endpoint_name(path: str) -> str:
    """The path as usage rows have it: words stay, the names of objects become ``{id}``."""
    words = [word if _WORD.match(word) else "{id}" for word in path.removeprefix("/v1/").split("/")]
    return "/".join(["/v1", *words])[:_LONGEST_ENDPOINT]


def _check_path(path: str, method: str) -> None:
    """No way out of what is passed through. Raises ``NotFound``.

    The provider's server, or the HTTP client, would resolve ``..`` and decode what is encoded.
    """
    if not _PATH.fullmatch(path) or not _within(path, PREFIXES):
        raise errors.NotFound(f"Unknown request URL: {method} {path}.")


def _within(path: str, prefixes: tuple[str, ...]) -> bool:
    return path.startswith(tuple(prefix.rstrip("/") + "/" for prefix in prefixes)) or path in (
        prefix for prefix in prefixes if not prefix.endswith("/")
    )


def _own_account(x: Exchange, provider: Provider) -> bool:
    return x.settings.shared_provider_files or any(
        credential.provider == provider.name for credential in x.record.credentials
    )
