"""Routes, and the one place where errors become responses."""

from collections.abc import Awaitable, Callable
from importlib import import_module

from gateway.core import cors, errors
from gateway.core.http import Request, Response
from gateway.core.log import log_event
from gateway.core.paths import azure, tidy
from gateway.core.platform import Platform
from gateway.core.timing import Timing
from gateway.endpoints import chat_completions, passthrough
from gateway.pipeline.caller import Caller
from gateway.pipeline.host import host_of
from gateway.pipeline.request_context import RecordChanged, RequestContext
from gateway.pipeline.runtime import Runtime
from gateway.reporting import sentry

Handler = Callable[[RequestContext], Awaitable[Response]]


def _endpoint(module: str, name: str = "handle") -> Handler:
    """The handler ``name`` of ``endpoints/<module>.py``, imported by its first request.

    Most isolates serve one or two endpoints: a cold start does not wait for the others.
    """

    async def handle(context: RequestContext) -> Response:
        handler: Handler = getattr(import_module(f"gateway.endpoints.{module}"), name)
        return await handler(context)

    return handle


ROUTES: dict[str, dict[str, Handler]] = {
    "/": {"GET": _endpoint("welcome")},
    "/v1/chat/completions": {"POST": chat_completions.handle},
    "/v1/completions": {"POST": _endpoint("completions")},
    "/v1/responses": {"POST": _endpoint("responses")},
    "/v1/messages": {"POST": _endpoint("messages", "create")},
    "/v1/messages/count_tokens": {"POST": _endpoint("messages", "count_tokens")},
    "/v1/embeddings": {"POST": _endpoint("embeddings")},
    "/v1/models": {"GET": _endpoint("models")},
    "/v1/models/{model}": {"GET": _endpoint("models", "retrieve")},
    "/v1/cache/purge": {"POST": _endpoint("cache", "purge")},
    "/v1/cache/feedback": {"POST": _endpoint("cache", "feedback")},
    "/v1/cache/stats": {"GET": _endpoint("cache", "stats")},
    "/health": {"GET": _endpoint("health")},
    "/health/detailed": {"GET": _endpoint("health", "detailed")},
}


_ONE_MODEL = "/v1/models/"
UNVERSIONED = frozenset(path for path in ROUTES if not path.startswith("/v1/"))


async def handle(runtime: Runtime, platform: Platform, request: Request) -> Response:
    """Answer one request. Never raises."""
    if request.method == "OPTIONS":
        return cors.preflight(request)
    path, deployment = canonical(request.path)
    dialect = errors.dialect(path, request.header("anthropic-version"))
    context: RequestContext | None = None
    try:
        caller = Caller(platform.request_id(), request, path, deployment)
        context = RequestContext(host_of(runtime, platform), caller, Timing(platform))
        caller.take_request_id()
        handler = _route(request, path)
        try:
            response = await handler(context)
        except RecordChanged:
            context = context.second_attempt()
            response = await handler(context)
    except errors.GatewayError as error:
        response = _failed(context, error, dialect)
    except Exception as error:  # noqa: BLE001 (the last line of defence answers 500, and reports)
        log_event("unhandled", "error", path=request.path, error=f"{type(error).__name__}: {error}")
        failure = errors.InternalError("The gateway failed to handle this request.")
        response = _failed(context, failure, dialect)
        _report(runtime, platform, request, context, error)
    if context is not None:
        context.seal_headers(response)
    return cors.allow(request, response)


def canonical(path: str) -> tuple[str, str | None]:
    """The path as ``ROUTES`` has it, and the model where the path names one as Azure's do.

    ``/v1/…`` once, whether the caller's base URL ended in ``/v1`` or not: OpenAI's SDKs expect it
    in the base URL, Anthropic's add it themselves, Groq's adds ``/openai/v1``, and callers mix
    these up.
    """
    if path in ROUTES:  # as nearly every caller writes it
        return path, None
    path = tidy(path)
    while path.startswith(("/v1/v1/", "/v1/openai/v1/", "/openai/v1/")):
        path = path.removeprefix("/v1").removeprefix("/openai")
    path, deployment = azure(path)
    full = f"/v1{path}"
    if full in ROUTES or full.startswith((_ONE_MODEL, *passthrough.PREFIXES)):
        return full, deployment
    bare = path.removeprefix("/v1") or "/"
    return (bare if bare in UNVERSIONED else path), deployment


def _route(request: Request, path: str) -> Handler:
    methods = ROUTES.get(path)
    if path.startswith(_ONE_MODEL) and path != _ONE_MODEL:
        methods = ROUTES["/v1/models/{model}"]  # names with a slash, as "groq/llama", included
    elif methods is None and path.startswith(passthrough.PREFIXES):
        methods = dict.fromkeys(passthrough.METHODS, passthrough.handle)
    if methods is None:
        raise errors.NotFound(
            f"Unknown request URL: {request.method} {request.path}. "
            "Please check the URL for typos, or see the docs for the endpoints WatchLLM serves."
        )
    if (request.header("upgrade") or "").lower() == "websocket":
        raise errors.WebSocketRefused(
            f"{request.path} is not served as a WebSocket; use HTTP with server-sent events.",
            headers=[("upgrade", "HTTP/1.1")],
        )
    # HEAD is a GET whose body the host does not send (RFC 9110, 9.3.2): what monitors ask with.
    handler = methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        allowed = ", ".join(methods)
        raise errors.MethodNotAllowed(
            f"Not allowed to {request.method} on {request.path} (use {allowed}).",
            headers=[("allow", allowed)],
        )
    return handler


def _report(
    runtime: Runtime,
    platform: Platform,
    request: Request,
    context: RequestContext | None,
    error: Exception,
) -> None:
    if not runtime.settings.telemetry.sentry_dsn:
        return
    tags = {"method": request.method, "path": request.path}
    if context is not None:
        tags["request_id"] = context.caller.request_id
    platform.wait_until(
        sentry.report(platform, runtime.settings, runtime.outbox.reports, error, tags)
    )


def _failed(context: RequestContext | None, error: errors.GatewayError, dialect: str) -> Response:
    response = errors.response(error, dialect)
    if context is not None and hasattr(context, "row"):
        known = {name for name, _ in response.headers}
        response.headers += [item for item in context.headers if item[0] not in known]
        response.headers.append(("x-watchllm-cache", context.row.event.cache_status))
        context.row.fail(error)
    return response
