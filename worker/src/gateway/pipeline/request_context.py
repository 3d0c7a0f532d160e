"""The context of one request: its host, caller, timing, key record, usage row, response headers.

Endpoints and the order of steps in ``serve`` take it whole. Every step below them takes the values
that it needs.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.admission import booking, limits
from gateway.admission.accounts import LabelAccount, label_account
from gateway.admission.auth import KeyResolver, check_usable, presented_key
from gateway.admission.request import Admission, AdmissionRequest, Held
from gateway.cache.project_cache import ProjectCache
from gateway.core import errors
from gateway.core.http import FetchFailed, Headers, Response
from gateway.core.log import log_event
from gateway.core.sealed import Sealed
from gateway.core.timing import Timing
from gateway.pipeline.caller import Caller
from gateway.pipeline.generation_request import GenerationRequest
from gateway.pipeline.host import Host
from gateway.pipeline.post_response import PostResponse
from gateway.pipeline.usage_row import UsageRow
from gateway.providers.context import UpstreamContext
from gateway.providers.upstream_answer import Upstream, error_code, error_text
from gateway.reporting import pricing
from gateway.reporting.journal import Journal
from shared.key_record import KeyRecord
from shared.labels import BODY_FIELDS, HEADERS
from shared.usage_events import UsageEvent

if TYPE_CHECKING:
    from gateway.semantic.embedders import OutsideEmbedder


class RecordChanged(Exception):
    """Project settings changed during the request: run the handler again with the new record."""


class RequestContext:
    """Made by the app for each request. ``record`` and ``row`` are there once ``authenticate`` has
    returned."""

    record: KeyRecord
    row: UsageRow

    def __init__(
        self, host: Host, caller: Caller, timing: Timing, *, is_second: bool = False
    ) -> None:
        self.host = host
        self.caller = caller
        self.timing = timing
        self.headers: Headers = []
        self._is_second = is_second
        runtime = host.runtime
        self._keys = KeyResolver(
            host.platform, host.store, host.settings, runtime.keys, runtime.supabase
        )

    def second_attempt(self) -> "RequestContext":
        """The same request from its beginning, after ``RecordChanged``.

        Ids, timing and the body that was read are kept; record, row and headers are made anew.
        """
        return RequestContext(self.host, self.caller, self.timing, is_second=True)

    async def authenticate(self, endpoint: str | None = None) -> KeyRecord:
        """Find the key's record; from here on every outcome makes a usage row.

        ``endpoint``: the row's name for it, where that is not the path.
        """
        key = presented_key(self.caller.request)
        self._key_hash, self.record = await self._keys.authenticate(key)
        event = UsageEvent(
            request_id=self.caller.row_id,
            ts=datetime.fromtimestamp(self.timing.started, UTC).isoformat(),
            project_id=self.record.project_id,
            organization_id=self.record.organization_id,
            api_key_id=self.record.key_id,
            endpoint=endpoint or self.caller.path,
        )
        logs_prompts = self.record.project.log_prompts
        self.row = UsageRow(
            event, logs_prompts, self.host, self.caller, self.timing, self.record.prices
        )
        self.timing.mark("auth", self.timing.began)
        self._label_by_headers()
        return self.record

    async def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ``InvalidJson`` or ``BodyTooLarge``."""
        host = self.host
        if self.caller.body_may_have(host.settings.large_body_bytes):
            host.runtime.refusals.check(self.record.key_id, host.platform.monotonic())
        body = await self.caller.json(host.settings.max_body_bytes)
        if any(body.get(name) for name in BODY_FIELDS):
            from gateway.pipeline import labels  # most requests have none

            # What the caller says in our header has the last word.
            self.row.event.labels = {
                **labels.of_body(body, self.record.project),
                **(self.row.event.labels or {}),
            } or None
        return body

    def _label_by_headers(self) -> None:
        """Raises ``InvalidHeader`` for labels that cannot be read."""
        request = self.caller.request
        if any(request.header(name) is not None for name in HEADERS):
            from gateway.pipeline import labels

            self.row.event.labels = labels.of_headers(request) or None

    async def admit(self, request: AdmissionRequest) -> Admission:
        """Limits and look-up. A record that Redis calls outdated is read again first.

        Raises the limit's error. If a cached answer is still possible, returns it in ``upstream``
        instead. Raises ``RecordChanged`` (at most once) if settings or provider keys differ from
        those from which ``request`` was made.
        """
        began = self.host.platform.monotonic()
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
                host = self.host
                admission = limits.admit_locally(
                    host.platform,
                    self.record,
                    request,
                    host.runtime.limits,
                    label=self._limited_label(request),
                    why=limits.RECORD_BEHIND,
                )
        self.headers += admission.headers
        self.timing.mark("store", began)
        if not request.may_find and request.asks_provider:
            admission.check_upstream()
        return admission

    async def _admit(self, request: AdmissionRequest) -> Admission:
        host, local = self.host, self.host.runtime.limits
        store = host.store
        if len(request.entries) == 1:
            key = host.runtime.data_key(self.record)
            store = store.opening(Sealed(request.entries[0], key, limits.ENTRY))
        try:
            label = self._limited_label(request)
            admission = await limits.admit(
                host.platform, store, self.record, request, local, label=label
            )
        except (errors.RateLimited, errors.QuotaExceeded) as refusal:
            now = host.platform.monotonic()
            host.runtime.refusals.remember(self.record.key_id, refusal, now)
            raise
        if not admission.degraded:
            local.processes.beat(host.platform, host.store)
            booking.start(host.platform, host.store, local, host.runtime.bookings)
        return admission

    def label_account(self) -> LabelAccount | None:
        """Where this request's value of the limited label counts, if its project limits one."""
        return label_account(self.record, self.row.event.labels, self.timing.started)

    def _limited_label(self, request: AdmissionRequest) -> LabelAccount | None:
        """What can never cost anything does not count against a label's value."""
        return None if request.no_upstream else self.label_account()

    async def _renew_record(self) -> None:
        try:
            record = await self._keys.newest(self._key_hash)
        except FetchFailed as error:
            log_event("key_refresh_failed", "warning", reason=str(error))
            await self._keys.check_refused(self._key_hash)
            return
        if record is None:
            raise errors.AuthenticationError("This API key no longer exists.")
        check_usable(record, self.host.platform.now())
        self.record = record
        self.row.logs_prompts, self.row.prices = record.project.log_prompts, record.prices

    def most_stored_bytes(self) -> int:
        """Longer answers are passed on and not stored."""
        return min(self.host.settings.max_capture_bytes, self.record.project.max_body_bytes)

    def response(
        self, status: int, content_type: str, body: Any, *extra: tuple[str, str]
    ) -> Response:
        """A response with the headers every answer carries."""
        event = self.row.event
        headers: Headers = [("content-type", content_type), *extra, *self.headers]
        headers.append(("x-watchllm-cache", event.cache_status))
        if event.provider:
            headers.append(("x-watchllm-provider", event.provider))
        is_estimated = event.decision is not None and event.decision.estimated
        if event.cost_nanousd is not None and not is_estimated:
            headers.append(("x-watchllm-cost-usd", pricing.dollars(event.cost_nanousd)))
        asks_why = self.caller.request.header("x-watchllm-explain") is not None
        if event.decision is not None and asks_why:
            told = replace(event.decision, matched=None)
            headers.append(("x-watchllm-decision", json.dumps(told.dump())))
        if event.saved_nanousd is not None:
            headers.append(("x-watchllm-saved-usd", pricing.dollars(event.saved_nanousd)))
        return Response(status, headers, body)

    def provider_error(self, answer: Upstream, text: str) -> Response:
        """The provider's own status and body; only its dialect may change."""
        status = answer.response.status
        content_type = answer.response.headers.get("content-type", "application/json")
        text = error_text(answer, text)
        response = self.response(status, content_type, text, *answer.headers)
        self.row.finish(status, error_code(text) or f"upstream_{status}")
        return response

    def seal_headers(self, response: Response) -> Response:
        """Add request id and timing, last of all."""
        caller = self.caller
        self.timing.mark("total", self.timing.began)
        response.headers.append(("x-request-id", caller.request_id))
        version = caller.request.header("anthropic-version")
        if errors.dialect(caller.path, version) == "anthropic":
            response.headers.append(("request-id", caller.request_id))  # Anthropic's SDKs read it
        response.headers.append(("server-timing", self.timing.header()))
        return response

    def upstream(self) -> UpstreamContext:
        """The values that asking a provider needs."""
        host = self.host
        return UpstreamContext(
            host.platform,
            host.settings,
            host.runtime.providers,
            self.timing,
            self.record,
            self.caller.request,
            self.row.event.endpoint,
        )

    def outside_embedder(self) -> "OutsideEmbedder | None":
        """The deployment's embedder, where it has one."""
        return self.host.outside_embedder(self.timing)

    def cache(self) -> ProjectCache:
        """The project's entries."""
        host, record = self.host, self.record
        key = host.runtime.data_key(record)
        return ProjectCache(host.platform, host.store, record.project_id, key)

    def post_response(
        self, generation: GenerationRequest, held: Held, created_ms: int, *, may_write: bool = False
    ) -> PostResponse:
        """What is to be done after the response to ``generation``."""
        return PostResponse(
            self.cache(),
            self.record,
            self.host.runtime.limits,
            self.journal(),
            generation,
            held,
            self.label_account(),
            self.timing.started,
            created_ms,
            may_write,
        )

    def journal(self) -> Journal:
        """Where rows are kept until the database has them."""
        return Journal(self.host.platform, self.host.runtime.outbox)


def _differ(one: KeyRecord, other: KeyRecord) -> bool:
    """Whether the settings differ from which policy, cache key and provider were derived. Changed
    limits need no second attempt: they are read when they are applied."""
    return (one.project, one.credentials) != (other.project, other.credentials)
