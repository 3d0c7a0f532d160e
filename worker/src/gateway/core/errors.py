"""The gateway's own errors: one tree, one place that turns an error into a response.

``code`` values are stable and documented in ``docs/public/errors.md`` (a test compares). What a
provider answered with an error status is not here: it is passed on as it came.
"""

import json
from collections.abc import Sequence
from typing import ClassVar

from gateway.core.http import ClientStalled, FetchFailed, Response

_LONGEST_MESSAGE = 2_000
_LONGEST_PARAM = 200


class GatewayError(Exception):
    """Base of the tree. ``status``, ``code`` and ``kind`` (OpenAI's ``type``) are per class.

    ``refuses``: a request that ends in it before a provider was asked was refused by us, which is
    the verdict of its usage row. ``may_have_cost``: a provider was asked and may have worked on the
    request; its answer, and so what it used, is unknown.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    kind: ClassVar[str] = "api_error"
    anthropic_kind: ClassVar[str] = "api_error"
    refuses: ClassVar[bool] = True

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        headers: Sequence[tuple[str, str]] = (),
        may_have_cost: bool = False,
    ) -> None:
        super().__init__(message)
        self.may_have_cost = may_have_cost
        # Both may quote what the caller sent, of any length.
        self.message = message[:_LONGEST_MESSAGE]
        self.param = param and param[:_LONGEST_PARAM]
        self.headers = tuple(headers)


class InternalError(GatewayError):
    """A bug of ours; the message never carries its details."""


class InvalidRequest(GatewayError):
    """The request cannot be understood."""

    status = 400
    code = "invalid_request"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class InvalidJson(InvalidRequest):
    """The body is not a JSON object."""

    code = "invalid_json"


class InvalidHeader(InvalidRequest):
    """A control header has a value that it does not take."""

    code = "invalid_header"


class AuthenticationError(GatewayError):
    """No usable API key."""

    status = 401
    code = "invalid_api_key"
    kind = "invalid_request_error"
    anthropic_kind = "authentication_error"


class KeyRevoked(AuthenticationError):
    """The key was revoked."""

    code = "api_key_revoked"


class KeyExpired(AuthenticationError):
    """The key's expiry date has passed."""

    code = "api_key_expired"


class ProjectSuspended(GatewayError):
    """The project is archived, or its organization disabled."""

    status = 403
    code = "project_suspended"
    kind = "permission_error"
    anthropic_kind = "permission_error"


class NotFound(GatewayError):
    """No such route."""

    status = 404
    code = "unknown_url"
    kind = "invalid_request_error"
    anthropic_kind = "not_found_error"


class UnknownModel(GatewayError):
    """The provider that the name leads to has no such model."""

    status = 404
    code = "model_not_found"
    kind = "invalid_request_error"
    anthropic_kind = "not_found_error"


class UnknownHit(GatewayError):
    """Feedback on a request that was no semantic hit, or has its verdict."""

    status = 404
    code = "unknown_request"
    kind = "invalid_request_error"
    anthropic_kind = "not_found_error"


class MethodNotAllowed(GatewayError):
    """The route exists, but not for this method; ``Allow`` is among the headers."""

    status = 405
    code = "method_not_allowed"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class BodyTooLarge(GatewayError):
    """The body is over the deployment's limit."""

    status = 413
    code = "request_too_large"
    kind = "invalid_request_error"
    anthropic_kind = "request_too_large"


def too_large(limit: int) -> BodyTooLarge:
    """The error for a body over ``limit`` bytes."""
    return BodyTooLarge(f"The request body is over the limit of {limit:,} bytes.")


class UnsupportedEncoding(GatewayError):
    """The body has a ``content-encoding`` that is not decoded here; ``accept-encoding`` is among
    the headers."""

    status = 415
    code = "unsupported_encoding"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class RateLimited(GatewayError):
    """Too many requests in the last minute; ``retry-after`` is among the headers."""

    status = 429
    code = "rate_limit_exceeded"
    kind = "requests"
    anthropic_kind = "rate_limit_error"


class TokensLimited(GatewayError):
    """Too many tokens in the last minute; ``retry-after`` is among the headers."""

    status = 429
    code = "rate_limit_exceeded"
    kind = "tokens"
    anthropic_kind = "rate_limit_error"


class StreamsLimited(GatewayError):
    """As many streams are open as the plan allows; ``retry-after`` is among the headers."""

    status = 429
    code = "concurrent_streams_exceeded"
    kind = "requests"
    anthropic_kind = "rate_limit_error"


class BudgetExceeded(GatewayError):
    """The month's budget in US dollars is spent."""

    status = 429
    code = "budget_exceeded"
    kind = "insufficient_quota"
    anthropic_kind = "rate_limit_error"


class LabelRateLimited(GatewayError):
    """Too many requests in the last minute of one value of the label that the project limits;
    ``retry-after`` is among the headers. Not a ``RateLimited``: the key is not at its limit."""

    status = 429
    code = "label_rate_limit_exceeded"
    kind = "requests"
    anthropic_kind = "rate_limit_error"


class LabelBudgetExceeded(GatewayError):
    """The budget of one value of the label that the project limits is spent."""

    status = 429
    code = "label_budget_exceeded"
    kind = "insufficient_quota"
    anthropic_kind = "rate_limit_error"


class QuotaExceeded(GatewayError):
    """The plan's requests for this month are used up."""

    status = 429
    code = "quota_exceeded"
    kind = "insufficient_quota"
    anthropic_kind = "rate_limit_error"


class KeyCheckUnavailable(GatewayError):
    """The key is not known here and cannot be looked up now."""

    status = 503
    code = "key_check_unavailable"
    kind = "server_error"
    anthropic_kind = "overloaded_error"


class BudgetUnknown(GatewayError):
    """Redis does not answer, and this deployment spends nothing that it cannot count."""

    status = 503
    code = "budget_unavailable"
    kind = "server_error"
    anthropic_kind = "overloaded_error"


class StoreAway(GatewayError):
    """The request is about the cache itself, and Redis does not answer."""

    status = 503
    code = "cache_unavailable"
    kind = "server_error"
    anthropic_kind = "overloaded_error"


class ProcessAway(GatewayError):
    """The process that serves large requests ended. Only the CPython host has one."""

    status = 503
    code = "process_unavailable"
    kind = "server_error"
    anthropic_kind = "overloaded_error"


class ProviderNotConfigured(GatewayError):
    """Neither the project nor the deployment has a key for the provider."""

    status = 424
    code = "provider_not_configured"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class ProviderUnavailable(GatewayError):
    """The provider failed many times in a row and is not being asked for some seconds."""

    status = 503
    code = "provider_unavailable"
    kind = "server_error"
    anthropic_kind = "overloaded_error"


class ClientLeft(GatewayError):
    """The client closed its connection, so that nothing more is tried for it. Only the request log
    shows it."""

    status = 499
    code = "client_disconnected"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"
    refuses = False


class UpstreamUnreachable(GatewayError):
    """The provider could not be reached or broke the connection."""

    status = 502
    code = "upstream_unreachable"
    kind = "server_error"
    anthropic_kind = "api_error"


class UpstreamTooLarge(GatewayError):
    """The provider's answer is larger than what is held in memory for one request."""

    status = 502
    code = "upstream_too_large"
    kind = "server_error"
    anthropic_kind = "api_error"


class UpstreamTimeout(GatewayError):
    """The provider did not begin to answer in time."""

    status = 504
    code = "upstream_timeout"
    kind = "server_error"
    anthropic_kind = "api_error"


class StreamNotRead(GatewayError):
    """The caller left its stream unread for as long as a provider may be silent. The client learns
    it from an event within the stream, because the status has already been sent."""

    status = 504
    code = "stream_not_read"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class WebSocketRefused(GatewayError):
    """The client wants a WebSocket where only plain HTTP is served; it asks again without."""

    status = 426
    code = "websocket_not_served"
    kind = "invalid_request_error"
    anthropic_kind = "invalid_request_error"


class NotCached(GatewayError):
    """``x-watchllm-cache: only`` and nothing in the cache. The row is a miss and no refusal: the
    caller asked for this outcome."""

    status = 504
    code = "cache_miss"
    kind = "invalid_request_error"
    anthropic_kind = "not_found_error"
    refuses = False


def openai_envelope(error: GatewayError) -> str:
    """OpenAI's error body."""
    return json.dumps(
        {
            "error": {
                "message": error.message,
                "type": error.kind,
                "param": error.param,
                "code": error.code,
            }
        }
    )


def anthropic_envelope(error: GatewayError) -> str:
    """Anthropic's error body, with our stable code beside it."""
    return json.dumps(
        {
            "type": "error",
            "error": {"type": error.anthropic_kind, "message": error.message, "code": error.code},
        }
    )


def responses_event(error: GatewayError, number: int) -> str:
    """OpenAI's ``error`` event of the Responses API."""
    return json.dumps(
        {
            "type": "error",
            "code": error.code,
            "message": error.message,
            "param": error.param,
            "sequence_number": number,
        }
    )


def response(error: GatewayError, dialect: str = "openai") -> Response:
    """The HTTP response for an error in the caller's dialect."""
    body = anthropic_envelope(error) if dialect == "anthropic" else openai_envelope(error)
    headers = [("content-type", "application/json"), *error.headers]
    return Response(error.status, headers, body)


_OPENAI_ALONE = frozenset({"/v1/chat/completions", "/v1/completions", "/v1/embeddings"})
"""Paths that Anthropic does not have. A caller that sends ``anthropic-version`` there still speaks
OpenAI's dialect."""


def dialect(path: str, anthropic_version: str | None = None) -> str:
    """Whose errors a caller of ``path`` reads: ``anthropic``'s, ``openai``'s, or ``responses`` for
    those of OpenAI's whose streams have error events of their own.

    ``anthropic_version``: the request's header, which tells on paths that both have."""
    if path.startswith("/v1/messages"):
        return "anthropic"
    if path == "/v1/responses":
        return "responses"
    return "openai" if anthropic_version is None or path in _OPENAI_ALONE else "anthropic"


def stream_event(failure: FetchFailed, dialect: str = "openai", number: int = 0) -> bytes:
    """The event that ends a broken stream. The status has already been sent; the SDKs turn an error
    event into an exception. Begins with a blank line, because the stream may have broken in the
    middle of an event.

    ``number``: the event's place in its stream, for the dialects that count."""
    error: GatewayError
    if isinstance(failure, ClientStalled):
        error = StreamNotRead("The stream was left unread for too long, and has ended.")
    else:
        kind = UpstreamTimeout if failure.timeout else UpstreamUnreachable
        error = kind("The provider broke off the stream.")
    if dialect == "anthropic":
        return f"\n\nevent: error\ndata: {anthropic_envelope(error)}\n\n".encode()
    if dialect == "responses":
        return f"\n\nevent: error\ndata: {responses_event(error, number)}\n\n".encode()
    return f"\n\ndata: {openai_envelope(error)}\n\n".encode()


def all_codes(root: type[GatewayError] = GatewayError) -> dict[str, int]:
    """Every code with its status, for the documentation's test."""
    found = {root.code: root.status}
    for sub in root.__subclasses__():
        found |= all_codes(sub)
    return found
