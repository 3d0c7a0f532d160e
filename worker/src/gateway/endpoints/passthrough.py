"""Endpoints that are passed through: moderations, images, audio, files, stored objects.

Neither side is buffered, nothing is cached. They go to the project's default provider.
"""

from gateway import errors, upstream
from gateway.exchange import Exchange
from gateway.http import Live, Response
from gateway.limits import Lookup
from gateway.providers.registry import Target, by_provider
from gateway.upstream import Outgoing

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
_BODY_HEADERS = ("content-type", "content-length", "accept")


async def handle(x: Exchange) -> Response:
    """Relay one request and its answer as they arrive."""
    record = await x.authenticate()
    provider = by_provider(record.project.default_provider)
    x.event.provider = provider.name
    x.bypass("this endpoint is passed through")
    await x.admit(Lookup())
    request = x.request
    declared = request.header("content-length") or ""
    if declared.isdigit() and int(declared) > x.settings.max_body_bytes:
        raise errors.BodyTooLarge(
            f"The request body is over the limit of {x.settings.max_body_bytes:,} bytes."
        )
    has_body = request.method == "POST"
    path = x.endpoint.removeprefix("/v1") + (f"?{request.query}" if request.query else "")
    outgoing = Outgoing(
        path,
        request.stream() if has_body else None,
        method=request.method,
        headers=[
            (name, value) for name in _BODY_HEADERS if (value := request.header(name)) is not None
        ],
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
    return x.response(response.status, content_type, Live(source), *kept, *answer.headers)
