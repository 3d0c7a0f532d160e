"""The ``Translation`` that lets Anthropic's clients use the models of other providers."""

from gateway.core import strict_json
from gateway.formats.base import Json
from gateway.providers.base import CHAT, Capabilities, StreamTranslation
from gateway.providers.messages_over_chat import answer, request
from gateway.providers.messages_over_chat.stream import MessageEvents
from gateway.providers.registry import ENDINGS, USAGE_PLACES


class MessagesOverChat:
    """A ``Translation``. ``limit``: the provider's name for the completion's greatest length."""

    endpoint = CHAT

    def __init__(self, capabilities: Capabilities, *, limit: str) -> None:
        self._capabilities = capabilities
        self._limit = limit

    def request(self, body: Json) -> Json:
        """See ``Translation``."""
        return request.translate(body, self._capabilities, limit=self._limit)

    def answer(self, answer_body: Json) -> Json:
        """See ``Translation``."""
        return answer.message(answer_body, ENDINGS)

    def lost(self, answer_body: Json) -> set[str]:
        """See ``Translation``."""
        choice = answer_body["choices"][0]
        said, reason = choice["message"], choice["finish_reason"]
        return answer.lost(said) | answer.unusable(said) | answer.unknown(reason, ENDINGS)

    def stream(self) -> StreamTranslation:
        """See ``Translation``."""
        return MessageEvents(USAGE_PLACES, ENDINGS)

    def error(self, text: str, status: int = 500) -> str:
        """See ``Translation``."""
        try:
            envelope = strict_json.answer(text)
        except ValueError:
            envelope = None
        return strict_json.dumps(answer.error(envelope, status))
