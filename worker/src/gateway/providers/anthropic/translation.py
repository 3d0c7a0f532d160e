"""``Translation``s that let OpenAI's clients use Anthropic's models."""

from gateway.core import strict_json
from gateway.formats.base import Json
from gateway.providers.anthropic import answer, request
from gateway.providers.anthropic.stream import ChatChunks
from gateway.providers.base import MESSAGES, MODELS, StreamTranslation


class ChatOverMessages:
    """Chat completions served by "Create a Message"."""

    endpoint = MESSAGES

    def request(self, body: Json) -> Json:
        """See ``Translation``."""
        return request.translate(body)

    def answer(self, answer_body: Json) -> Json:
        """See ``Translation``."""
        return answer.completion(answer_body)

    def lost(self, answer_body: Json) -> set[str]:
        """See ``Translation``."""
        return answer.lost(answer_body)

    def stream(self) -> StreamTranslation:
        """See ``Translation``."""
        return ChatChunks()

    def error(self, text: str, status: int = 500) -> str:  # noqa: ARG002 (its envelope says all)
        """See ``Translation``."""
        return _error(text)


class ModelList:
    """Anthropic's model list in OpenAI's shape. Nothing in it is streamed."""

    endpoint = MODELS

    def request(self, body: Json) -> Json:
        """See ``Translation``."""
        return body

    def answer(self, answer_body: Json) -> Json:
        """See ``Translation``."""
        return answer.models(answer_body)

    def lost(self, answer_body: Json) -> set[str]:  # noqa: ARG002 (a list is never stored)
        """See ``Translation``."""
        return set()

    def stream(self) -> StreamTranslation:
        """See ``Translation``."""
        raise NotImplementedError("model lists are not streamed")

    def error(self, text: str, status: int = 500) -> str:  # noqa: ARG002 (its envelope says all)
        """See ``Translation``."""
        return _error(text)


def _error(text: str) -> str:
    try:
        envelope = strict_json.answer(text)
    except ValueError:
        envelope = None
    return strict_json.dumps(answer.error(envelope))
