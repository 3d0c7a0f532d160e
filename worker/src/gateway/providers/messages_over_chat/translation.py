"""The ``Translation`` that lets Anthropic's clients use the models of other providers."""

from gateway.core import strict_json
from gateway.formats.base import Json
from gateway.providers.base import CHAT, Capabilities, StreamTranslation
from gateway.providers.messages_over_chat import answer, request
from gateway.providers.messages_over_chat.calls import CallLabels
from gateway.providers.messages_over_chat.stream import MessageEvents
from gateway.providers.registry import ENDINGS, USAGE_PLACES


class MessagesOverChat:
    """A ``Translation``. ``limit``: the provider's name for the completion's greatest length. It
    remembers which names the request had shortened."""

    endpoint = CHAT

    def __init__(self, capabilities: Capabilities, *, limit: str) -> None:
        self._capabilities = capabilities
        self._limit = limit
        self._labels = CallLabels()

    def request(self, body: Json) -> Json:
        """See ``Translation``."""
        self._labels = CallLabels(self._capabilities.call_id_length)
        return request.translate(body, self._capabilities, self._labels, limit=self._limit)

    def answer(self, answer_body: Json) -> Json:
        """See ``Translation``."""
        return answer.message(
            answer_body, ENDINGS, provider=self._capabilities.name, names=self._labels.names
        )

    def lost(self, answer_body: Json) -> set[str]:
        """See ``Translation``."""
        choice = answer_body["choices"][0]
        said, reason = choice["message"], choice["finish_reason"]
        return answer.lost(said) | answer.unusable(said) | answer.unknown(reason, ENDINGS)

    def stream(self) -> StreamTranslation:
        """See ``Translation``."""
        return MessageEvents(
            USAGE_PLACES, ENDINGS, provider=self._capabilities.name, names=self._labels.names
        )

    def error(self, text: str, status: int = 500) -> str:
        """See ``Translation``."""
        try:
            envelope = strict_json.answer(text)
        except ValueError:
            envelope = None
        return strict_json.dumps(answer.error(envelope, status))
