"""Asking providers: keys by priority, retries before the first byte, fallbacks, breakers.

Rules: every attempt begins in ``_send``, which checks the request's remaining time and whether its
client is still there. The constants below bound the attempts of a request, whatever a project has
configured.
"""

import asyncio
import json
import random
import re
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.core import errors
from gateway.core.http import (
    AddressRefused,
    FetchFailed,
    Headers,
    NotConnected,
    Unsendable,
    UpstreamResponse,
)
from gateway.core.log import log_event
from gateway.formats.base import Json
from gateway.providers.base import Provider, Translation
from gateway.providers.context import UpstreamContext
from gateway.providers.credentials import ProviderKey, keys_for
from gateway.providers.registry import Target
from gateway.providers.upstream_answer import Upstream, unreachable
from shared.key_record import MOST_FALLBACKS

RETRIES = 1
"""Further attempts with the same key of the same provider."""
MOST_KEYS = 5
"""A project's keys for one provider that a request tries."""
_LONGEST_PAUSE = 1.0
_LOOKS_EVERY = 1.0
"""Seconds between two checks whether the client of a waiting request is still there."""
_RETRIED = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_KEY_REFUSED = frozenset({401, 403, 429})
_NOT_IMPLEMENTED = 501
"""Says that there is no such endpoint. It does not count as a failure of the provider."""
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?\Z")
_MALFORMED_REQUEST = (400, 422)
"""What servers answer to a field that they do not know; those made with FastAPI 422."""
_ADDED_FIELDS = ("stream_options", "include_usage", "prompt_cache", "cache_control")


@dataclass(slots=True)
class Outgoing:
    """A request as one target gets it. ``body`` is JSON, a stream of the host's, or nothing.

    ``plain``: the body without what the gateway has added to it, where it has: the question for the
    stream's usage, markers for a prompt cache; for a provider that refuses them. ``prefix``: the
    hash of what its prompt begins with, where one of several equal keys is to be chosen by it.
    """

    endpoint: str
    body: Any = None
    method: str = "POST"
    headers: Headers = field(default_factory=list)
    translation: Translation | None = None
    repeatable: bool = True
    plain: Json | None = None
    prefix: str = ""


async def ask(
    context: UpstreamContext, targets: Sequence[Target], prepare: Callable[[Target], Outgoing]
) -> Upstream:
    """The first good answer of ``targets``, else the last one's failure.

    An answer with an error status is returned as it is, when no other target is left. Raises a
    ``GatewayError`` when there is no answer at all.
    """
    failure: errors.GatewayError | None = None
    answer: Upstream | None = None
    targets = targets[: 1 + MOST_FALLBACKS]
    for position, target in enumerate(targets):
        last = position == len(targets) - 1
        try:
            answer = await _ask_target(context, target, prepare(target))
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


async def _ask_target(context: UpstreamContext, target: Target, outgoing: Outgoing) -> Upstream:
    provider = target.provider
    breaker = context.memory.breaker(
        context.record.project_id, provider.name, context.endpoint, target.model
    )
    if not breaker.try_acquire(context.platform.monotonic()):
        raise errors.ProviderUnavailable(
            f"The provider '{provider.name}' is failing and not being asked for a moment.",
            headers=[("retry-after", "5")],
        )
    keys = (await keys_for(context, provider, outgoing.prefix))[:MOST_KEYS]
    retries_left = RETRIES if outgoing.repeatable else 0
    position = 0
    usage = _UsageQuestion(context, target, outgoing)
    while True:
        key = keys[position]
        try:
            response = await _send(context, provider, key, outgoing, usage.body(key))
        except FetchFailed as error:
            sent = not isinstance(error, AddressRefused | Unsendable)
            if sent:
                breaker.failed(context.platform.monotonic())
            if not retries_left or not sent or error.timeout or error.answered:
                raise _failure(provider, error) from error
            retries_left -= 1
            await context.platform.sleep(_jitter(None) or 0)
            continue
        status = response.status
        if status >= 500 and status != _NOT_IMPLEMENTED:
            breaker.failed(context.platform.monotonic())
        else:
            breaker.succeeded()
        answer = Upstream(target, response, context.timing, key.secret, outgoing.translation)
        if await usage.refused(answer):
            continue
        pause = _jitter(response) if status in _RETRIED else None
        if outgoing.repeatable and status in _KEY_REFUSED and position + 1 < len(keys):
            context.memory.key_was_refused(key.id, context.platform.monotonic())
            position += 1
            pause = 0
        elif retries_left and pause is not None:
            retries_left -= 1
        else:
            return answer
        await response.close()
        await context.platform.sleep(pause)


class _UsageQuestion:
    """Whether the gateway adds the option that asks for a stream's usage: until a provider refuses
    it."""

    def __init__(self, context: UpstreamContext, target: Target, outgoing: Outgoing) -> None:
        self._context = context
        self._target = target
        self._outgoing = outgoing
        self._server = ("", "", "", "")
        self._asked = outgoing.plain is not None

    def body(self, key: ProviderKey) -> Any:
        """What to send with ``key``."""
        project, target = self._context.record.project_id, self._target
        self._server = (project, target.provider.name, key.base_url, target.model)
        self._asked = self._asked and not self._context.memory.refuses_usage(self._server)
        plain = self._outgoing.plain
        return self._outgoing.body if self._asked or plain is None else plain

    async def refused(self, answer: Upstream) -> bool:
        """Whether ``answer`` refuses the option, so that the request is sent again without it. The
        refusal is remembered only when the request succeeds without the option: it may have had
        another cause.
        """
        status = answer.response.status
        if not self._asked:
            if status < 400 and self._outgoing.plain is not None:
                self._context.memory.usage_was_refused(self._server)
            return False
        if status not in _MALFORMED_REQUEST:
            return False
        text = await answer.text()
        self._asked = not any(name in text for name in _ADDED_FIELDS)
        return not self._asked


async def _send(
    context: UpstreamContext, provider: Provider, key: ProviderKey, outgoing: Outgoing, body: Any
) -> UpstreamResponse:
    """One attempt. Raises ``FetchFailed``, or a ``GatewayError`` where no attempt must follow."""
    if context.request.client_left():
        raise _left()
    timeouts = context.settings.timeouts
    time_left = timeouts.total - context.timing.elapsed_ms() / 1000
    if time_left <= 0:
        raise errors.UpstreamTimeout("No provider answered this request in time.")
    # What the caller says (Anthropic's API version, for one) replaces the provider's default.
    headers = list(
        dict(
            [*provider.headers(key.secret), *outgoing.headers, *_passed_on(context, provider)]
        ).items()
    )
    if isinstance(body, dict):
        headers.append(("content-type", "application/json"))
        body = json.dumps(body, separators=(",", ":"))
    began = context.timing.asks()
    try:
        fetching = context.platform.fetch(
            outgoing.method,
            provider.url(key.base_url, outgoing.endpoint),
            headers,
            body,
            timeout=min(timeouts.first_byte, time_left),
            connect_timeout=timeouts.connect,
            public_only=key.public_only,
        )
        if context.record.project.cache_on_disconnect:
            response = await fetching
        else:
            response = await _unless_left(context, fetching)
    finally:
        context.timing.answered()
        context.timing.mark("upstream", began)
    if response.status < 200:
        # An interim response, or a switch to a protocol that nobody asked for.
        await response.close()
        raise FetchFailed(f"status {response.status} is no answer", answered=True)
    return response


def _failure(provider: Provider, error: FetchFailed) -> errors.GatewayError:
    if isinstance(error, AddressRefused):
        return errors.ProviderNotConfigured(
            f"The base URL of this project's key for '{provider.name}' is not on the public "
            "internet."
        )
    # A connection that broke without an answer is retried above: it counts as not asked.
    waited = error.timeout and not isinstance(error, NotConnected)
    return unreachable(provider, error, may_have_cost=waited or error.answered)


async def _unless_left(
    context: UpstreamContext, fetching: Coroutine[Any, Any, UpstreamResponse]
) -> UpstreamResponse:
    """The result of ``fetching``. Raises ``ClientLeft``, and stops it, soon after the client has
    left."""
    waiting = True

    async def look(limit: asyncio.Timeout) -> None:
        while waiting and not context.request.client_left():
            await context.platform.sleep(_LOOKS_EVERY)
        if waiting:
            limit.reschedule(0.0)

    try:
        async with asyncio.timeout(None) as limit:
            context.platform.wait_until(look(limit))
            try:
                return await fetching
            finally:
                waiting = False
    except TimeoutError as error:
        raise _left(may_have_cost=True) from error


def _left(*, may_have_cost: bool = False) -> errors.ClientLeft:
    return errors.ClientLeft(
        "The client left before its provider had answered.", may_have_cost=may_have_cost
    )


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


def _passed_on(context: UpstreamContext, provider: Provider) -> Headers:
    """Headers of the caller that the provider gets."""
    names = ("traceparent", "tracestate", *provider.capabilities.request_headers)
    return [(name, value) for name in names if (value := context.request.header(name)) is not None]
