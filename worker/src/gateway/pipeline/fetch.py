"""A provider's answer: asked for, passed on, captured, stored after the response."""

from typing import Any

from gateway.admission.accounts import NOTHING_SPENT, Spent
from gateway.admission.stream_slot import StreamSlot
from gateway.core import errors, strict_json
from gateway.core.http import FetchFailed, Live, Response, chain
from gateway.core.keep_alive import KeepAlive
from gateway.core.log import log_event
from gateway.formats.base import MALFORMED, Usage
from gateway.pipeline.abandoned import AbandonedStream
from gateway.pipeline.capture import Capture, CapturedStream, log_untranslated
from gateway.pipeline.generation_request import GenerationRequest, asks_usage, outgoing
from gateway.pipeline.post_response import PostResponse, ProviderAnswer
from gateway.pipeline.request_context import RequestContext
from gateway.pipeline.stored_answer import replayed
from gateway.providers import upstream
from gateway.providers.redaction import Redaction
from gateway.providers.registry import USAGE_PLACES, Target, fallbacks
from gateway.providers.upstream_answer import Upstream
from gateway.redis.store import StoreUnavailable

EVENT_STREAM = "text/event-stream; charset=utf-8"
JSON = "application/json"
_LONGEST_ANSWER = 128_000
"""Tokens of the longest answers of today's models: a request may allow any number."""


async def fetch_answer(
    context: RequestContext,
    generation: GenerationRequest,
    after: PostResponse,
    slot: StreamSlot,
    *,
    takes_slot: bool,
) -> Response:
    """The provider's answer; ``after`` gives up what this request holds, whatever happens.

    ``takes_slot``: the request was a follower, which has no slot before it asks itself.
    """
    if after.lead is not None:
        after.lead.asks()
    try:
        if takes_slot:
            await slot.take()
        context.row.when_finished(slot.end)
        slot.keep(in_redis=after.held.local is None)
        return await _ask(context, generation, after, slot)
    except BaseException as error:
        # Release on any error: no follower may wait a whole lease for an answer that will not come.
        unknown = isinstance(error, errors.GatewayError) and error.may_have_cost
        after.release(_account_unknown(context, generation, after) if unknown else NOTHING_SPENT)
        raise


async def _ask(
    context: RequestContext, generation: GenerationRequest, after: PostResponse, slot: StreamSlot
) -> Response:
    targets = [generation.target, *fallbacks(generation.target)]
    answer = await upstream.ask(
        context.upstream(), targets, lambda target: outgoing(generation, target)
    )
    _account_target(context, answer.target)
    if generation.stream and answer.response.status == 200 and await answer.streams_events():
        return _stream(context, generation, answer, after, slot)
    text = await answer.text()
    if answer.response.status != 200:
        after.release()
        return context.provider_error(answer, text)
    return _whole(context, generation, answer, text, after)


def _account_unknown(
    context: RequestContext, generation: GenerationRequest, after: PostResponse
) -> Spent:
    """For a provider that may have worked on an answer which never came: all that the request
    allowed is charged."""
    event = context.row.event
    return context.row.account_answer(
        event.provider or "",
        event.model or "",
        Usage(),
        completion=min(generation.most_completion, _LONGEST_ANSWER),
        reserved=after.held.estimated_tokens,
    )


def _account_target(context: RequestContext, target: Target) -> None:
    context.row.event.provider, context.row.event.model = target.provider.name, target.model


def _whole(
    context: RequestContext,
    generation: GenerationRequest,
    answer: Upstream,
    text: str,
    after: PostResponse,
) -> Response:
    """An answer that came in one piece."""
    lost: set[str] = set()
    try:
        parsed = strict_json.answer(text)
        if answer.translation is not None:
            lost = answer.translation.lost(parsed)
            parsed = answer.translation.answer(parsed)
            text = strict_json.dumps(parsed)
    except MALFORMED:
        parsed = None
    if not isinstance(parsed, dict):
        raise errors.UpstreamUnreachable(
            "The provider's answer is not a JSON object, or was broken off.", may_have_cost=True
        )
    target = answer.target
    used = generation.format.usage(parsed)
    spent = context.row.account_answer(
        target.provider.name,
        target.model,
        used,
        completion=len(text) // 4,
        reserved=after.held.estimated_tokens,
    )
    context.row.log_response(text)
    complete = _storable(generation, parsed)
    if lost:
        log_untranslated(context.caller.request_id, lost)
    storable = complete and not lost and len(text) <= context.most_stored_bytes()
    body: str | bytes = text
    content_type = JSON
    if generation.stream and complete and (as_stream := replayed(generation, parsed)) is not None:
        # Some compatible servers answer a streaming request with one JSON object.
        body, content_type = as_stream, EVENT_STREAM
    response = context.response(200, content_type, body, *answer.headers)
    context.row.stop_clock()
    answered = ProviderAnswer(
        target, context.host.platform.monotonic(), parsed if storable else None, text
    )
    _learn_prefixes(context, generation, target, used)
    context.host.platform.wait_until(_commit(context, generation, after, answered, spent))
    return response


def _storable(generation: GenerationRequest, answer: Any) -> bool:
    """Whether ``answer`` is complete and good. An answer whose shape is not its format's is not."""
    try:
        return generation.format.storable(answer, generation.body)
    except MALFORMED:
        return False


def _learn_prefixes(
    context: RequestContext, generation: GenerationRequest, target: Target, used: Usage
) -> None:
    """Record the prompt's prefixes, at the same time as the commit and without waiting for it: the
    conversation's next turn may come at once."""
    caching, host = generation.prompt_caching, context.host
    if caching is None or target is not generation.target:
        return
    from gateway.prompt_cache.request import Answered

    row, project = context.row.event, context.record.project_id
    answered = Answered(
        row.request_id, context.record.key_id, target.model, row.prompt_cache_nanousd
    )

    async def learn() -> None:
        try:
            await caching.write_back(host.store, project, used)
            await caching.count_head(host.store, project, used, answered)
        except StoreUnavailable as error:
            log_event("prefixes_not_learned", "warning", reason=str(error))

    host.platform.wait_until(learn())


async def _commit(
    context: RequestContext,
    generation: GenerationRequest,
    after: PostResponse,
    answered: ProviderAnswer,
    spent: Spent,
    *,
    error_code: str | None = None,
) -> None:
    """Store first: followers wait for it. Then what the answer teaches, then the row's delivery."""
    try:
        await after.commit(answered, spent, context.row.close(200, error_code))
        if answered.body is not None and generation.choice and generation.query:
            from gateway.pipeline.learning import Learning

            decision = context.row.event.decision
            lessons = Learning(after.cache, generation, generation.query, decision)
            await lessons.from_miss(generation.choice, answered.body)
    finally:
        context.row.finish(200, error_code, journaled=after.row_kept)


def _stream(
    context: RequestContext,
    generation: GenerationRequest,
    answer: Upstream,
    after: PostResponse,
    slot: StreamSlot,
) -> Response:
    """Pass the stream through as it arrives; a copy of it is assembled after the response."""
    target = answer.target
    timeouts = context.host.settings.timeouts
    source, copy = context.host.platform.split(
        answer.response, first_timeout=timeouts.first_byte, idle_timeout=timeouts.idle
    )

    async def commit(captured: CapturedStream) -> None:
        abandoned.is_over = True
        context.timing.answered()
        spent = context.row.account_answer(
            target.provider.name,
            target.model,
            captured.usage,
            is_whole=captured.ended,
            completion=captured.characters // 4,
            reserved=after.held.estimated_tokens,
        )
        _learn_prefixes(context, generation, target, captured.usage)
        context.row.log_response(strict_json.dumps(captured.answer) if captured.answer else "")
        context.row.stop_clock()
        answered = ProviderAnswer(target, captured.answered_at, captured.answer)
        await _commit(context, generation, after, answered, spent, error_code=captured.error_code)

    # Translations keep state, so client and copy have one each.
    translate = answer.translation.stream if answer.translation else None
    assembler = generation.format.assembler(generation.body, usage_at=USAGE_PLACES)
    capture = Capture(
        context.host.platform,
        context.row,
        copy,
        assembler,
        translate=translate and translate(),
        slot=slot,
        secret=answer.secret,
        limit=context.most_stored_bytes(),
        outlives_client=context.record.project.cache_on_disconnect,
    )
    abandoned = AbandonedStream(
        context.host.platform, context.journal(), context.row, target, copy, capture.received
    )

    async def read_to_its_end() -> None:
        try:
            await capture.run(commit)
        finally:
            abandoned.is_over = True

    context.host.platform.wait_until(read_to_its_end())
    context.host.platform.wait_until(abandoned.watch())
    # A translated stream always ends with its usage.
    has_usage = translate is not None or asks_usage(generation, target)
    watch = generation.format.client_filter(generation.body, stream_usage=has_usage)
    transform = chain(translate and translate(), watch)
    if transform is not None or context.host.platform.reads_streams:
        transform = chain(Redaction(answer.secret), transform)
    dialect = errors.dialect(context.caller.path)

    def broken(failure: FetchFailed) -> bytes:
        number = watch.next_number if watch else 0
        return errors.stream_event(failure, dialect, number)

    body = Live(source, broken, transform, KeepAlive(dialect))
    return context.response(200, EVENT_STREAM, body, *answer.headers)
