"""Sending a request on to a provider: its key, its URL, its faults."""

import json
from dataclasses import dataclass
from typing import Any

from gateway import errors, strict_json
from gateway.exchange import Exchange
from gateway.http import FetchFailed, Response, UpstreamResponse
from gateway.providers.base import Provider
from gateway.telemetry.log import log_event

_PASSED_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms")


@dataclass(slots=True)
class Upstream:
    """A provider's answer whose headers are there. ``headers``: those that the client gets."""

    response: UpstreamResponse
    headers: list[tuple[str, str]]

    @property
    def is_event_stream(self) -> bool:
        """True when the body is server-sent events."""
        return self.response.headers.get("content-type", "").startswith("text/event-stream")


async def send(
    x: Exchange,
    provider: Provider,
    endpoint: str,
    body: dict[str, Any] | None,
    method: str = "POST",
) -> Upstream:
    """Raises ``ProviderNotConfigured``, ``UpstreamUnreachable`` or ``UpstreamTimeout``."""
    settings = x.settings
    key = settings.provider_keys.get(provider.name)
    if key is None:
        raise errors.ProviderNotConfigured(
            f"No API key for the provider '{provider.name}' is configured for this project."
        )
    headers = [*provider.headers(key), ("accept", "text/event-stream, application/json")]
    payload = None
    if body is not None:
        headers.append(("content-type", "application/json"))
        payload = json.dumps(body, separators=(",", ":"))
    headers += _passed_on(x)
    began = x.platform.now()
    try:
        response = await x.platform.fetch(
            method,
            provider.url(settings.provider_base_urls[provider.name], endpoint),
            headers,
            payload,
            timeout=settings.timeouts.first_byte,
            connect_timeout=settings.timeouts.connect,
        )
    except FetchFailed as error:
        raise unreachable(provider, error) from error
    finally:
        x.event.upstream_ms = round((x.platform.now() - began) * 1000)
        x.mark("upstream", began)
    answer = response.headers
    passed = [(name, answer[name]) for name in _PASSED_HEADERS if name in answer]
    if "x-request-id" in answer:
        passed.append(("x-watchllm-upstream-request-id", answer["x-request-id"]))
    return Upstream(response, passed)


def unreachable(provider: Provider, error: FetchFailed) -> errors.GatewayError:
    """The error for a provider that did not answer, or broke off."""
    log_event("upstream_failed", "warning", provider=provider.name, reason=str(error))
    if error.timeout:
        return errors.UpstreamTimeout(f"The provider '{provider.name}' did not answer in time.")
    return errors.UpstreamUnreachable(f"The provider '{provider.name}' could not be reached.")


def provider_error(x: Exchange, answer: Upstream, text: str) -> Response:
    """The provider's own status and body, unchanged."""
    status = answer.response.status
    content_type = answer.response.headers.get("content-type", "application/json")
    response = x.response(status, content_type, text, *answer.headers)
    x.finish(status, _error_code(text) or f"upstream_{status}")
    return response


def _error_code(text: str) -> str | None:
    try:
        error = strict_json.answer(text)["error"]
        code = error.get("code") or error.get("type")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return str(code)[:100] if code else None


def _passed_on(x: Exchange) -> list[tuple[str, str]]:
    """Headers of the caller that the provider should see."""
    names = ("openai-beta", "anthropic-beta", "anthropic-version", "traceparent", "tracestate")
    return [(name, value) for name in names if (value := x.request.header(name)) is not None]
