"""Asking providers: keys by priority, retries before the first byte, fallbacks, breakers."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.core import errors, strict_json
from gateway.core.http import (
    AddressRefused,
    AnswerTooLarge,
    FetchFailed,
    Headers,
    Response,
    Unsendable,
    UpstreamResponse,
)
from gateway.core.log import log_event
from gateway.pipeline.exchange import Exchange
from gateway.providers.base import Provider, Translation
from gateway.providers.credentials import ProviderKey, keys_for
from gateway.providers.registry import Target

RETRIES = 1
"""Further attempts with the same key of the same provider."""
_LONGEST_PAUSE = 1.0
_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_KEY_REFUSED = frozenset({401, 403, 429})
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z")
_PASSED_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms")


@dataclass(slots=True)
class Upstream:
    """A provider's answer whose headers are there. ``headers``: those that the client gets."""

    target: Target
    response: UpstreamResponse
    headers: Headers
    translation: Translation | None = None

    @property
    def is_event_stream(self) -> bool:
        """True when the body is server-sent events."""
        return self.response.headers.get("content-type", "").startswith("text/event-stream")

    async def text(self) -> str:
        """The whole body. Raises ``GatewayError`` when the provider breaks off."""
        try:
            return await self.response.text()
        except FetchFailed as error:
            raise unreachable(self.target.provider, error) from error


@dataclass(slots=True)
class Outgoing:
    """A request as one target gets it. ``body`` is JSON, a stream of the host's, or nothing."""

    endpoint: str
    body: Any = None
    method: str = "POST"
    headers: Headers = field(default_factory=list)
    translation: Translation | None = None
    repeatable: bool = True


async def ask(
    x: Exchange, targets: Sequence[Target], prepare: Callable[[Target], Outgoing]
) -> Upstream:
    """The first good answer of ``targets``, else the last one's failure.

    An answer with an error status is returned as it is, when no other target is left. Raises a
    ``GatewayError`` when there is no answer at all.
    """
    failure: errors.GatewayError | None = None
    answer: Upstream | None = None
    for position, target in enumerate(targets):
        last = position == len(targets) - 1
        try:
            answer = await _ask_target(x, target, prepare(target))
        except errors.GatewayError as error:
            failure = error
            if last or not _worth_a_fallback(error):
                raise
            continue
        if last or answer.response.status not in _RETRIED:
            return answer
        log_event(
            "fallback", "warning", provider=target.provider.name, status=answer.response.status
        )
        await answer.response.close()
    raise failure or errors.InternalError("No target to ask.")


def _worth_a_fallback(error: errors.GatewayError) -> bool:
    return error.status >= 500 or isinstance(error, errors.ProviderNotConfigured)


async def _ask_target(x: Exchange, target: Target, outgoing: Outgoing) -> Upstream:
    provider = target.provider
    breaker = x.runtime.provider_breaker(x.record, provider.name)
    if not breaker.allows(x.platform.now()):
        raise errors.ProviderUnavailable(
            f"The provider '{provider.name}' is failing and not being asked for a moment.",
            headers=[("retry-after", "5")],
        )
    keys = await keys_for(x, provider)
    retries_left = RETRIES if outgoing.repeatable else 0
    position = 0
    while True:
        try:
            response = await _send(x, provider, keys[position], outgoing)
        except AddressRefused as error:
            raise errors.ProviderNotConfigured(
                f"The base URL of this project's key for '{provider.name}' is not on the public "
                "internet."
            ) from error
        except Unsendable as error:
            raise unreachable(provider, error) from error
        except FetchFailed as error:
            breaker.failed(x.platform.now())
            if retries_left and not error.timeout and not error.answered:
                retries_left -= 1
                await x.platform.sleep(_jitter(None) or 0)
                continue
            raise unreachable(provider, error) from error
        status = response.status
        if status >= 500:
            breaker.failed(x.platform.now())
        else:
            breaker.succeeded()
        pause = _jitter(response) if status in _RETRIED else None
        if outgoing.repeatable and status in _KEY_REFUSED and position + 1 < len(keys):
            position += 1
        elif retries_left and pause is not None:
            retries_left -= 1
            await response.close()
            await x.platform.sleep(pause)
            continue
        else:
            return Upstream(target, response, _passed_back(response), outgoing.translation)
        await response.close()


async def _send(
    x: Exchange, provider: Provider, key: ProviderKey, outgoing: Outgoing
) -> UpstreamResponse:
    timeouts = x.settings.timeouts
    body = outgoing.body
    # What the caller says (Anthropic's API version, for one) replaces the provider's default.
    headers = list(
        dict([*provider.headers(key.secret), *outgoing.headers, *_passed_on(x, provider)]).items()
    )
    if isinstance(body, dict):
        headers.append(("content-type", "application/json"))
        body = json.dumps(body, separators=(",", ":"))
    began = x.platform.now()
    try:
        response = await x.platform.fetch(
            outgoing.method,
            provider.url(key.base_url, outgoing.endpoint),
            headers,
            body,
            timeout=timeouts.first_byte,
            connect_timeout=timeouts.connect,
            public_only=key.public_only,
        )
    finally:
        x.event.upstream_ms = round((x.platform.now() - began) * 1000)
        x.mark("upstream", began)
    if response.status < 200:
        # An interim response, or a switch to a protocol that nobody asked for.
        await response.close()
        raise FetchFailed(f"status {response.status} is no answer", answered=True)
    return response


def _jitter(response: UpstreamResponse | None) -> float | None:
    """Seconds to pause before another attempt; ``None`` when the provider asks for too long."""
    asked = 0.0
    if response is not None:
        given = response.headers.get("retry-after")
        if given is not None:
            asked = float(given) if _SECONDS.match(given) else _LONGEST_PAUSE + 1
    if asked > _LONGEST_PAUSE:
        return None
    return asked + random.uniform(0.05, 0.25)  # noqa: S311 (spreads retries; nothing secret)


def unreachable(provider: Provider, error: FetchFailed) -> errors.GatewayError:
    """The error for a provider that did not answer, or broke off."""
    log_event("upstream_failed", "warning", provider=provider.name, reason=str(error))
    if isinstance(error, AnswerTooLarge):
        return errors.UpstreamTooLarge(
            f"The provider '{provider.name}' sent an answer that is larger than this deployment "
            "accepts (MAX_ANSWER_BYTES)."
        )
    if error.timeout:
        return errors.UpstreamTimeout(f"The provider '{provider.name}' did not answer in time.")
    return errors.UpstreamUnreachable(f"The provider '{provider.name}' could not be reached.")


def provider_error(x: Exchange, answer: Upstream, text: str) -> Response:
    """The provider's own status and body; only its dialect may change."""
    status = answer.response.status
    content_type = answer.response.headers.get("content-type", "application/json")
    if answer.translation is not None:
        text = answer.translation.error(text, status)
    response = x.response(status, content_type, text, *answer.headers)
    x.finish(status, _error_code(text) or f"upstream_{status}")
    return response


def _error_code(text: str) -> str | None:
    try:
        error = strict_json.answer(text)["error"]
        code = error.get("code") or error.get("type")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    name = str(code)[:100] if code else ""
    return name if name.isprintable() and name else None


def _passed_back(response: UpstreamResponse) -> Headers:
    """Headers of the provider that the client gets."""
    answer = response.headers
    passed = [(name, answer[name]) for name in _PASSED_HEADERS if name in answer]
    request_id = answer.get("x-request-id") or answer.get("request-id")
    if request_id is not None:
        passed.append(("x-watchllm-upstream-request-id", request_id))
    return passed


def _passed_on(x: Exchange, provider: Provider) -> Headers:
    """Headers of the caller that the provider gets."""
    names = ("traceparent", "tracestate", *provider.capabilities.request_headers)
    return [(name, value) for name in names if (value := x.request.header(name)) is not None]
