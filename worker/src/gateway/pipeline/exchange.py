"""One request on its way through the gateway: its context, its usage row, its response headers."""

import json
import random
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.admission import limits
from gateway.admission.auth import KeyResolver, check_usable, presented_key
from gateway.admission.request import Admission, AdmissionRequest
from gateway.core import errors, strict_json
from gateway.core.http import FetchFailed, Headers, Request, Response, declared_length
from gateway.core.log import log_event
from gateway.core.platform import Platform
from gateway.core.timing import Timing
from gateway.formats.base import Usage, count
from gateway.pipeline import traces
from gateway.pipeline.runtime import Runtime
from gateway.providers.context import UpstreamContext
from gateway.providers.upstream_answer import Upstream, error_code, error_text
from gateway.redis.store import Store
from gateway.reporting import usage, writer
from shared.key_record import KeyRecord
from shared.usage_events import BYPASS, HITS, CacheDecision, CacheStatus, UsageEvent

if TYPE_CHECKING:
    from gateway.semantic.embedders import OutsideEmbedder

_QUESTION_FIELDS = ("system", "instructions", "messages", "input", "prompt")
_LOGGED_CHARACTERS = 32_000
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,100}\Z")


class RecordChanged(Exception):
    """Project settings changed during the request: run the handler again with the new record."""


class Exchange:
    """Made by the app for each request; endpoints and the pipeline work on it."""

    record: KeyRecord
    event: UsageEvent

    def __init__(
        self,
        runtime: Runtime,
        platform: Platform,
        request: Request,
        endpoint: str,
        deployment: str | None = None,
    ) -> None:
        """``deployment``: the model, where the path names it."""
        settings = runtime.settings
        self.runtime = runtime
        self.settings = settings
        self.platform = platform
        self.request = request
        self.endpoint = endpoint
        self.deployment = deployment
        self.timing = Timing(platform)
        self.headers: Headers = []
        self.characters = 0
        # Ours alone: the row's id, and this request's name as a single-flight leader.
        self.token = platform.request_id()
        self.request_id = self._row_id = self.token
        self._body: dict[str, Any] | None = None
        self._is_second = False
        self._finished = False
        self._clock_stopped = False
        self._when_finished: list[Callable[[], None]] = []
        self.store = Store(
            platform,
            settings.redis_url,
            settings.redis_token,
            timeout=settings.store_timeout,
            breaker=runtime.redis,
            probes=True,
        )
        self._keys = KeyResolver(platform, self.store, settings, runtime.keys, runtime.supabase)

    def second_attempt(self, endpoint: str) -> "Exchange":
        """The same request from its beginning, after ``RecordChanged``.

        Ids, timing and the body that was read are kept; record, row and headers are made anew.
        """
        second = Exchange(self.runtime, self.platform, self.request, endpoint, self.deployment)
        second.token, second.request_id = self.token, self.request_id
        second._row_id = self._row_id
        second.timing = self.timing
        second._body, second.characters = self._body, self.characters
        second._is_second = True
        return second

    def take_request_id(self) -> None:
        """Answer to the caller's own id, if it sent one. Raises ``InvalidHeader``.

        Callers may reuse ids; row ids are unique, so part of our own id is appended.
        """
        given = self.request.header("x-watchllm-request-id")
        if given is None:
            return
        if not _REQUEST_ID.match(given):
            raise errors.InvalidHeader(
                "x-watchllm-request-id takes 1 to 100 letters, digits or . _ : -",
                param="x-watchllm-request-id",
            )
        self.request_id, self._row_id = given, f"{given}.{self._row_id[:12]}"

    async def authenticate(self) -> KeyRecord:
        """Find the key's record; from here on every outcome makes a usage row."""
        self._key_hash, self.record = await self._keys.authenticate(presented_key(self.request))
        self.event = UsageEvent(
            request_id=self._row_id,
            ts=datetime.fromtimestamp(self.timing.started, UTC).isoformat(),
            project_id=self.record.project_id,
            organization_id=self.record.organization_id,
            api_key_id=self.record.key_id,
            endpoint=self.endpoint,
        )
        self.timing.mark("auth", self.timing.began)
        return self.record

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ``InvalidJson`` or ``BodyTooLarge``."""
        if self._body is not None:
            return self._body
        large = self.settings.large_body_bytes
        coded = self.request.header("content-encoding") is not None
        if coded or declared_length(self.request, unknown=large) >= large:
            self.runtime.refusals.check(self.record.key_id, self.platform.monotonic())
        text = await self.request.text(self.settings.max_body_bytes)
        self.characters = len(text)
        try:
            body = strict_json.request(text)
        except ValueError as error:
            raise errors.InvalidJson(
                f"We could not parse the JSON body of your request: {error}"
            ) from error
        if not isinstance(body, dict):
            raise errors.InvalidJson("The JSON body of your request must be an object.")
        if self.deployment is not None:
            body["model"] = self.deployment
        self._body = body
        return body

    async def admit(self, request: AdmissionRequest) -> Admission:
        """Limits and look-up. A record that Redis calls outdated is read again first.

        Raises the limit's error. If a cached answer is still possible, returns it in ``refusal``
        instead. Raises ``RecordChanged`` (at most once) if settings or provider keys differ from
        those from which ``request`` was made.
        """
        began = self.platform.monotonic()
        try:
            admission = await self._admit(request)
        except limits.RecordOutdated:
            before = self.record
            await self._renew_record()
            if not self._is_second and _differ(before, self.record):
                raise RecordChanged from None
            try:
                admission = await self._admit(request)
            except limits.RecordOutdated:
                # Supabase has not caught up with what Redis was told, or cannot be asked.
                estimate, now = self.runtime.estimate, self.platform.now()
                admission = limits.admit_locally(
                    self.record, request, estimate, now, why=limits.RECORD_BEHIND
                )
        self.headers += admission.headers
        self.timing.mark("store", began)
        if not request.may_find and not request.no_upstream:
            admission.check_upstream()
        return admission

    async def _admit(self, request: AdmissionRequest) -> Admission:
        try:
            return await limits.admit(
                self.store, self.record, request, self.runtime.estimate, self.platform.now()
            )
        except (errors.RateLimited, errors.QuotaExceeded) as refusal:
            now = self.platform.monotonic()
            self.runtime.refusals.remember(self.record.key_id, refusal, now)
            raise

    async def _renew_record(self) -> None:
        try:
            record = await self._keys.newest(self._key_hash)
        except FetchFailed as error:
            log_event("key_refresh_failed", "warning", reason=str(error))
            await self._keys.check_refused(self._key_hash)
            return
        if record is None:
            raise errors.AuthenticationError("This API key no longer exists.")
        check_usable(record, self.platform.now())
        self.record = record

    def most_stored_bytes(self) -> int:
        """Longer answers are passed on and not stored."""
        return min(self.settings.max_capture_bytes, self.record.project.max_body_bytes)

    def account(self, provider: str, model: str, spent: Usage) -> None:
        """Put tokens and money of the answer into the row and the headers."""
        event = self.event
        event.prompt_tokens, event.completion_tokens = spent.prompt, spent.completion
        event.cached_tokens = spent.cached
        price = usage.cost(provider, model, spent, self.timing.started)
        if event.cache_status in HITS:
            event.cost_nanousd, event.saved_nanousd = 0, price
        else:
            event.cost_nanousd, event.saved_nanousd = price, 0

    def account_estimate(self, provider: str, model: str, received: int) -> None:
        """For a provider that worked and told no usage, because its stream did not end well.

        Four characters count as a token; ``received``: characters of the answer. The row says that
        its numbers are estimated.
        """
        spent = Usage(prompt=self.characters // 4, completion=received // 4)
        self.account(provider, model, spent)
        self.event.decision = self.event.decision or CacheDecision()
        self.event.decision.estimated = True

    def account_shadow(self, provider: str, model: str, spent: Usage) -> None:
        """The shadow request cost money: add it to cost, subtract it from savings."""
        price = usage.cost(provider, model, spent, self.timing.started)
        self.event.cost_nanousd = price
        if price is not None and self.event.saved_nanousd is not None:
            self.event.saved_nanousd = max(0, self.event.saved_nanousd - price)
        if self.event.decision is not None:
            self.event.decision.shadow = True

    def account_parts(
        self, provider: str, model: str, *, tokens: int | None, paid: int | None
    ) -> None:
        """For an answer of which a part came from the cache (embeddings). Input tokens only, and
        ``None`` where they are unknown."""
        event = self.event
        event.prompt_tokens = count(tokens)
        saved = None if tokens is None or paid is None else tokens - paid
        at = self.timing.started
        event.cost_nanousd = usage.cost(provider, model, Usage(prompt=paid), at)
        event.saved_nanousd = usage.cost(provider, model, Usage(prompt=saved), at)

    def response(
        self, status: int, content_type: str, body: Any, *extra: tuple[str, str]
    ) -> Response:
        """A response with the headers every answer carries."""
        event = self.event
        headers: Headers = [("content-type", content_type), *extra, *self.headers]
        headers.append(("x-watchllm-cache", event.cache_status))
        if event.provider:
            headers.append(("x-watchllm-provider", event.provider))
        if event.cost_nanousd is not None:
            headers.append(("x-watchllm-cost-usd", usage.dollars(event.cost_nanousd)))
        if event.decision is not None and self.request.header("x-watchllm-explain") is not None:
            told = replace(event.decision, matched=None)
            headers.append(("x-watchllm-decision", json.dumps(told.dump())))
        if event.saved_nanousd is not None:
            headers.append(("x-watchllm-saved-usd", usage.dollars(event.saved_nanousd)))
        return Response(status, headers, body)

    def seal_headers(self, response: Response) -> Response:
        """The last touch before the host takes over: request id and timing."""
        self.timing.mark("total", self.timing.began)
        response.headers.append(("x-request-id", self.request_id))
        version = self.request.header("anthropic-version")
        if errors.dialect(self.endpoint, version) == "anthropic":
            response.headers.append(("request-id", self.request_id))  # what Anthropic's SDKs read
        response.headers.append(("server-timing", self.timing.header()))
        return response

    def when_finished(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when the row is closed."""
        self._when_finished.append(act)

    def finish(self, status: int, error_code: str | None = None) -> None:
        """Close the row and have it written after the response. Only the first call counts."""
        if self._finished:
            return
        self._finished = True
        for act in self._when_finished:
            act()
        event = self.event
        trace_id, parent_id = traces.ids(self.request.header("traceparent"))
        event.status = status
        event.error_code = error_code
        self.stop_clock()
        log_event(
            "request",
            request_id=event.request_id,
            trace_id=trace_id,
            project_id=event.project_id,
            endpoint=event.endpoint,
            provider=event.provider,
            model=event.model,
            cache=event.cache_status,
            status=status,
            error_code=error_code,
            latency_ms=event.latency_ms,
            prompt_tokens=event.prompt_tokens,
            completion_tokens=event.completion_tokens,
        )
        runtime = self.runtime
        runtime.outbox.pending.add(event.row())
        rate = self.settings.telemetry.traces_sample_rate
        if rate and self.settings.telemetry.sentry_dsn and random.random() < rate:  # noqa: S311
            measured = traces.measurements(
                event,
                self.timing.started,
                name=f"{self.request.method} {event.endpoint}",
                request_id=self.request_id,
                trace_id=trace_id or self.platform.request_id(),
                span_id=self.platform.request_id()[:16],
                parent_id=parent_id,
            )
            runtime.outbox.reports.events.append(measured)
        writer.start(self.platform, runtime.outbox)

    def log_prompt(self, body: dict[str, Any]) -> None:
        """Keep the question in the row, where the project wants that."""
        if self.record.project.log_prompts:
            asked = {name: body[name] for name in _QUESTION_FIELDS if name in body}
            self.event.prompt = strict_json.dumps(asked)[:_LOGGED_CHARACTERS]

    def log_response(self, text: str) -> None:
        """Keep the answer in the row, where the project wants that."""
        if self.record.project.log_prompts:
            self.event.response = text[:_LOGGED_CHARACTERS]

    def stop_clock(self) -> None:
        """Record what the request took now; later work, a shadow check's too, is not part of it.
        Only the first call counts."""
        if not self._clock_stopped:
            self._clock_stopped = True
            self.event.latency_ms = self.timing.elapsed_ms()
            self.event.upstream_ms = self.timing.upstream_ms

    def upstream(self) -> UpstreamContext:
        """This request as what asks providers takes it."""
        return UpstreamContext(
            self.platform,
            self.settings,
            self.runtime.providers,
            self.timing,
            self.record,
            self.request,
            self.endpoint,
        )

    def outside_embedder(self) -> "OutsideEmbedder | None":
        """The deployment's embedder, where it has one."""
        embedder, memory = self.settings.embedder, self.runtime.embedder
        if embedder is None:
            return None
        from gateway.semantic.embedders import OutsideEmbedder  # few deployments have one

        return OutsideEmbedder(self.platform, self.timing, memory, embedder)

    def data_key(self) -> bytes:
        """The key under which the project's entries are sealed."""
        return self.runtime.data_key(self.record)

    def provider_error(self, answer: Upstream, text: str) -> Response:
        """The provider's own status and body; only its dialect may change."""
        status = answer.response.status
        content_type = answer.response.headers.get("content-type", "application/json")
        text = error_text(answer, text)
        response = self.response(status, content_type, text, *answer.headers)
        self.finish(status, error_code(text) or f"upstream_{status}")
        return response

    def set_status(self, status: CacheStatus) -> None:
        """What the cache did for this request."""
        self.event.cache_status = status

    def bypass(self, why: str) -> None:
        """The cache takes no part; ``why`` is told in the row, and to who asks for explanations."""
        self.set_status(BYPASS)
        self.event.decision = CacheDecision(bypass=why)


def _differ(one: KeyRecord, other: KeyRecord) -> bool:
    """In what policy, key and provider come from. Limits are read when they are applied."""
    return (one.project, one.credentials) != (other.project, other.credentials)
