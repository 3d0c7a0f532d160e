"""One request's usage row: what is written into it, and how it is closed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from gateway.admission.accounts import Spent
from gateway.core import errors, strict_json
from gateway.core.log import log_event
from gateway.core.timing import Timing
from gateway.formats.base import Usage, count
from gateway.pipeline import traces
from gateway.pipeline.caller import Caller
from gateway.pipeline.host import Host
from gateway.providers.registry import PROVIDERS
from gateway.reporting import pricing, writer
from gateway.reporting.pending import Row
from gateway.reporting.pricing import Prices
from shared.usage_events import BYPASS, REFUSED, CacheDecision, CacheStatus, UsageEvent

_QUESTION_FIELDS = ("system", "instructions", "messages", "input", "prompt")
_LOGGED_CHARACTERS = 32_000


@dataclass(slots=True)
class UsageRow:
    """``logs_prompts``: whether the project keeps questions and answers. ``prices``: the operator's
    own."""

    event: UsageEvent
    logs_prompts: bool
    host: Host
    caller: Caller
    timing: Timing
    prices: Prices
    _closed: bool = False
    _finished: bool = False
    _clock_stopped: bool = False
    _when_finished: list[Callable[[], None]] = field(default_factory=list)

    def set_status(self, status: CacheStatus) -> None:
        """What the cache did for this request."""
        self.event.cache_status = status

    def bypass(self, why: str) -> None:
        """The cache takes no part; ``why`` goes into the row, and into the response of callers that
        ask for explanations."""
        self.set_status(BYPASS)
        self.event.decision = CacheDecision(bypass=why)

    def account_hit(self, provider: str, model: str, saved: Usage) -> None:
        """Put the original answer's tokens into the row, and its cost as saved."""
        saved = _believed(provider, saved)
        self._tokens(saved)
        self.event.cost_nanousd = self.event.prompt_cache_nanousd = 0
        self.event.saved_nanousd = pricing.cost(
            provider, model, saved, self.timing.started, self.prices
        )

    def account_answer(
        self,
        provider: str,
        model: str,
        used: Usage,
        *,
        completion: int,
        reserved: int,
        is_whole: bool = True,
    ) -> Spent:
        """Put tokens and cost of a provider's answer into the row. Returns what to charge.

        ``completion``: about how many tokens of the answer came. ``is_whole``: it came to its end;
        else ``used`` may be what the provider said at its beginning. Where the provider did not say
        what it used, the estimate counts (four characters of the request are a token), at least the
        ``reserved`` tokens are charged, and the row says that its numbers are estimated.
        """
        known = self._known(used, completion, is_whole=is_whole)
        spent = self._account(provider, model, known)
        return spent if known is used else replace(spent, tokens=max(spent.tokens, reserved))

    def _known(self, used: Usage, completion: int, *, is_whole: bool = True) -> Usage:
        """``used``, or the estimate of what it lacks."""
        told = used.completion or 0
        if used.prompt is not None and (is_whole or told >= completion):
            return used
        self.event.decision = self.event.decision or CacheDecision()
        self.event.decision.estimated = True
        prompt = self.caller.characters // 4 if used.prompt is None else used.prompt
        return replace(used, prompt=prompt, completion=max(told, completion))

    def _account(self, provider: str, model: str, used: Usage) -> Spent:
        used = _believed(provider, used)
        self._tokens(used)
        price = pricing.cost(provider, model, used, self.timing.started, self.prices)
        self.event.cost_nanousd, self.event.saved_nanousd = price, 0
        self.event.prompt_cache_nanousd = pricing.prompt_cache_saving(
            provider, model, used, self.timing.started, self.prices
        )
        return _spent(used, price)

    def so_far(self, provider: str, model: str, received: int) -> Row:
        """The row of a stream whose client has left, as if it ended here; the row is not closed."""
        used = Usage(prompt=self.caller.characters // 4, completion=received // 4)
        decision = replace(self.event.decision or CacheDecision(), estimated=True)
        return replace(
            self.event,
            error_code="client_disconnected",
            prompt_tokens=used.prompt,
            completion_tokens=used.completion,
            cost_nanousd=pricing.cost(provider, model, used, self.timing.started, self.prices),
            saved_nanousd=0,
            latency_ms=self.timing.elapsed_ms(),
            decision=decision,
        ).row()

    def _tokens(self, used: Usage) -> None:
        event = self.event
        event.prompt_tokens, event.completion_tokens = used.prompt, used.completion
        event.cached_tokens = used.cached
        event.cache_write_tokens = used.cache_write
        event.cache_write_hour_tokens = used.cache_write_hour

    def account_shadow(self, provider: str, model: str, used: Usage, *, completion: int) -> Spent:
        """The shadow request cost money: add it to cost, subtract it from savings. Returns what to
        charge. ``completion``: see ``account_answer``."""
        used = _believed(provider, self._known(used, completion))
        price = pricing.cost(provider, model, used, self.timing.started, self.prices)
        self.event.cost_nanousd = price
        if price is not None and self.event.saved_nanousd is not None:
            self.event.saved_nanousd = max(0, self.event.saved_nanousd - price)
        if self.event.decision is not None:
            self.event.decision.shadow = True
        return _spent(used, price)

    def account_parts(
        self, provider: str, model: str, *, tokens: int | None, paid: int | None
    ) -> Spent:
        """For an answer of which a part came from the cache (embeddings). Input tokens only, and
        ``None`` where they are unknown. Returns what to charge."""
        event = self.event
        event.prompt_tokens = count(tokens)
        saved = None if tokens is None or paid is None else tokens - paid
        at = self.timing.started
        event.cost_nanousd = pricing.cost(provider, model, Usage(prompt=paid), at, self.prices)
        event.saved_nanousd = pricing.cost(provider, model, Usage(prompt=saved), at, self.prices)
        return _spent(Usage(prompt=paid), event.cost_nanousd)

    def log_prompt(self, body: dict[str, Any]) -> None:
        """Keep the question in the row, where the project wants that."""
        if self.logs_prompts:
            asked = {name: body[name] for name in _QUESTION_FIELDS if name in body}
            self.event.prompt = strict_json.dumps(asked)[:_LOGGED_CHARACTERS]

    def log_response(self, text: str) -> None:
        """Keep the answer in the row, where the project wants that."""
        if self.logs_prompts:
            self.event.response = text[:_LOGGED_CHARACTERS]

    def first_byte_came(self) -> None:
        """Record when the first chunk of a stream came. Only the first call counts."""
        if self.event.ttfb_ms is None:
            self.event.ttfb_ms = self.timing.elapsed_ms()

    def stop_clock(self) -> None:
        """Record what the request took now; later work, a shadow check's too, is not part of it.
        Only the first call counts."""
        if not self._clock_stopped:
            self._clock_stopped = True
            self.event.latency_ms = self.timing.elapsed_ms()
            self.event.upstream_ms = self.timing.upstream_ms

    def when_finished(self, act: Callable[[], None]) -> None:
        """Have ``act`` called when the row is closed."""
        self._when_finished.append(act)

    def fail(self, error: errors.GatewayError) -> None:
        """Close the row of a request that ends in an error of ours. Without a provider asked it has
        cost nothing, and was refused unless the error says otherwise."""
        if self.timing.upstream_ms is None:
            self.event.cost_nanousd = self.event.saved_nanousd = 0
            if error.refuses:
                self.set_status(REFUSED)
        self.finish(error.status, error.code)

    def close(self, status: int, error_code: str | None = None) -> Row:
        """The row as it will be written; ``finish`` has that done. Only the first call counts."""
        if not self._closed:
            self._closed = True
            self.event.status = status
            self.event.error_code = error_code
            self.stop_clock()
        return self.event.row()

    def finish(
        self, status: int, error_code: str | None = None, *, journaled: bool = False
    ) -> None:
        """Close the row and have it written after the response.

        ``journaled``: Redis has it already.

        Each path through the pipeline calls this exactly once. A second call is a bug, which is
        logged and changes nothing.
        """
        if self._finished:
            log_event("row_finished_twice", "error", request_id=self.event.request_id)
            return
        self._finished = True
        for act in self._when_finished:
            act()
        event = self.event
        trace_id, parent_id = traces.ids(self.caller.request.header("traceparent"))
        row = self.close(status, error_code)
        log_event(
            "request",
            request_id=event.request_id,
            trace_id=trace_id,
            project_id=event.project_id,
            endpoint=event.endpoint,
            provider=event.provider,
            model=event.model,
            cache=event.cache_status,
            bypass=event.decision.bypass if event.decision else None,
            status=event.status,
            error_code=event.error_code,
            latency_ms=event.latency_ms,
            prompt_tokens=event.prompt_tokens,
            completion_tokens=event.completion_tokens,
        )
        platform, outbox = self.host.platform, self.host.runtime.outbox
        outbox.pending.add(row, platform.monotonic(), journaled=journaled)
        if outbox.when_finished is not None:
            outbox.when_finished(event)
        telemetry = self.host.settings.telemetry
        rate = telemetry.traces_sample_rate
        if rate and telemetry.sentry_dsn and random.random() < rate:  # noqa: S311
            measured = traces.measurements(
                event,
                self.timing.started,
                name=f"{self.caller.request.method} {event.endpoint}",
                request_id=self.caller.request_id,
                trace_id=trace_id or platform.request_id(),
                span_id=platform.request_id()[:16],
                parent_id=parent_id,
            )
            outbox.reports.events.append(measured)
        writer.start(platform, outbox)


def _believed(provider: str, used: Usage) -> Usage:
    """``used`` without the cost that the answer tells, unless its provider tells it in dollars."""
    known = PROVIDERS.get(provider)
    tells = known is not None and known.capabilities.tells_cost
    return used if tells or used.told_nanousd is None else replace(used, told_nanousd=None)


def _spent(used: Usage, price: int | None) -> Spent:
    """Unknown tokens and an unknown price count as 0."""
    return Spent((used.prompt or 0) + (used.completion or 0), price or 0)
