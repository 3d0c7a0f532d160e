"""An embedder, in both dialects that the gateway can ask: OpenAI's and Workers AI's.

    with EmbeddingsDouble() as embedder:
        embedder.base_url, embedder.key       # OpenAI-compatible: POST {base_url}/embeddings
        embedder.url                          # Workers AI: POST {url}/ai/run/{model}
        embedder.asked                        # every text that was embedded, oldest first
        embedder.answer_with([1.0, 2.0])      # this vector for every text, right or not

Texts that share their long words get the same vector: the sum of these words' own.
"""

import json
import random
from typing import Any

from aiohttp import web

from tests.doubles.server import Double

MODEL = "embedder-small"
WORKERS_AI_MODEL = "@cf/baai/bge-base-en-v1.5"
_WIDTH = 768


class EmbeddingsDouble(Double):
    """Answers with the services' statuses and error bodies."""

    key = "embedder-key"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._answer: list[Any] | None = None

    @property
    def base_url(self) -> str:
        """With the version path, as every provider's."""
        return f"{self.url}/v1"

    def answer_with(self, vector: list[Any] | None) -> None:
        """This vector for every text; ``None``: the text's own again."""
        self._answer = vector

    async def respond(self, request: web.Request, body: bytes) -> web.StreamResponse:
        """Route, check, embed."""
        if request.method != "POST" or request.content_type != "application/json":
            return web.json_response({"error": {"message": "Not allowed"}}, status=405)
        sent = json.loads(body)
        if request.path == "/v1/embeddings":
            return self._openai(request, sent)
        if request.path == f"/ai/run/{WORKERS_AI_MODEL}":
            return self._workers_ai(sent)
        wrong = {"code": 7000, "message": "No route for that URI"}
        return web.json_response({"success": False, "errors": [wrong]}, status=400)

    def _openai(self, request: web.Request, sent: dict[str, Any]) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.key}":
            error = {"message": "Incorrect API key provided.", "code": "invalid_api_key"}
            return web.json_response({"error": error}, status=401)
        if sent.get("model") != MODEL or set(sent) - {"model", "input", "encoding_format"}:
            error = {"message": "The model does not exist.", "code": "model_not_found"}
            return web.json_response({"error": error}, status=404)
        assert isinstance(sent["input"], str)
        assert sent["encoding_format"] == "float"
        item = {"object": "embedding", "index": 0, "embedding": self._embed(sent["input"])}
        return web.json_response({"object": "list", "data": [item], "model": MODEL})

    def _workers_ai(self, sent: dict[str, Any]) -> web.Response:
        assert set(sent) == {"text"}
        assert all(isinstance(text, str) for text in sent["text"])
        data = [self._embed(text) for text in sent["text"]]
        result = {"shape": [len(data), _WIDTH], "data": data, "pooling": "mean"}
        return web.json_response({"result": result, "success": True, "errors": []})

    def _embed(self, text: str) -> list[Any]:
        self.asked.append(text)
        if self._answer is not None:
            return self._answer
        words = [_word(word) for word in text.lower().strip("?").split() if len(word) > 3]
        return [sum(values) for values in zip(*words, strict=True)]


def _word(word: str) -> list[float]:
    chance = random.Random(word)
    return [chance.gauss(0, 1) for _ in range(_WIDTH)]
