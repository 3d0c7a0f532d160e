"""A provider's answer before its body was parsed. Rules: a body that leaves this module does not
contain the key that the provider was asked with; only this module decides whether a body is an
event stream.
"""

from dataclasses import dataclass, field

from gateway.core import errors, strict_json
from gateway.core.http import AnswerTooLarge, FetchFailed, Headers, UpstreamResponse
from gateway.core.log import log_event
from gateway.core.timing import Timing
from gateway.providers.base import Provider, Translation
from gateway.providers.redaction import redacted
from gateway.providers.registry import Target

_PASSED_HEADERS = ("retry-after", "retry-after-ms", "x-should-retry", "openai-processing-ms")
_EVENT_STREAM = "text/event-stream"
_EVENT_FIELDS = (b"data:", b"event:", b"id:", b"retry:", b":")


@dataclass(slots=True)
class Upstream:
    """A provider's answer whose headers are there.

    ``timing``: of the request it answers. ``secret``: the key it was asked with. ``headers``: those
    that the client gets.
    """

    target: Target
    response: UpstreamResponse
    timing: Timing
    secret: str = field(repr=False)
    translation: Translation | None = None
    _text: str | None = None

    @property
    def headers(self) -> Headers:
        """Headers of the provider that the client gets."""
        given = self.response.headers
        passed = [(name, given[name]) for name in _PASSED_HEADERS if name in given]
        request_id = given.get("x-request-id") or given.get("request-id")
        if request_id is not None:
            passed.append(("x-watchllm-upstream-request-id", request_id))
        return passed

    async def streams_events(self) -> bool:
        """True when the body is server-sent events: its media type says so, or it begins like one,
        for some servers stream under any media type. Raises ``GatewayError``.
        """
        declared = self.response.headers.get("content-type", "")
        if declared.partition(";")[0].strip().lower() == _EVENT_STREAM:
            return True
        try:
            begun = await self.response.begin()
        except FetchFailed as error:
            raise self._broken(error) from error
        return begun.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(_EVENT_FIELDS)

    async def text(self) -> str:
        """The whole body, without the key where the provider repeats it. Raises ``GatewayError``
        when the provider breaks off or sends too much."""
        if self._text is None:
            try:
                text = await self.response.text()
            except FetchFailed as error:
                raise self._broken(error) from error
            finally:
                self.timing.answered()
            self._text = redacted(text, self.secret)
        return self._text

    def _broken(self, error: FetchFailed) -> errors.GatewayError:
        is_good = self.response.status < 400
        return unreachable(self.target.provider, error, may_have_cost=is_good)


def unreachable(
    provider: Provider, error: FetchFailed, *, may_have_cost: bool = False
) -> errors.GatewayError:
    """The error for a provider that did not answer, or broke off. ``may_have_cost``: see
    ``GatewayError``."""
    log_event("upstream_failed", "warning", provider=provider.name, reason=str(error))
    if isinstance(error, AnswerTooLarge):
        return errors.UpstreamTooLarge(
            f"The provider '{provider.name}' sent an answer that is larger than this deployment "
            "accepts (MAX_ANSWER_BYTES).",
            may_have_cost=may_have_cost,
        )
    if error.timeout:
        return errors.UpstreamTimeout(
            f"The provider '{provider.name}' did not answer in time.", may_have_cost=may_have_cost
        )
    return errors.UpstreamUnreachable(
        f"The provider '{provider.name}' could not be reached.", may_have_cost=may_have_cost
    )


def error_text(answer: Upstream, text: str) -> str:
    """An error body in the caller's dialect."""
    if answer.translation is None:
        return text
    return answer.translation.error(text, answer.response.status)


def error_code(text: str) -> str | None:
    """The code, or else the type, in an error body; ``None`` where there is none to be read."""
    try:
        error = strict_json.answer(text)["error"]
        code = error.get("code") or error.get("type")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    name = str(code)[:100] if code else ""
    return name if name.isprintable() and name else None
