"""Optional outside embedders for the semantic index; off unless the deployment names one.

An outside embedding changes which stored prompts are looked at, never which are served: guards,
pair model and evidence judge every candidate as before, with our own code's distance (ADR 0102).
It costs a network call before the look-up of each eligible prompt that this process has not seen
lately. A call that fails or takes too long means no semantic hit for that request, no more.
"""

import json
from dataclasses import dataclass

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import Platform, json_headers
from gateway.core.settings import Embedder
from gateway.core.timing import Timing
from gateway.semantic.embedder_memory import EmbedderMemory
from gateway.semantic.index_position import IndexPosition, index_position

_REMEMBERED = 1_000
_TEXT_REFUSED = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class OutsideEmbedder:
    """The deployment's embedder, as one request uses it."""

    platform: Platform
    timing: Timing
    memory: EmbedderMemory
    settings: Embedder

    async def locate(self, text: str) -> IndexPosition | None:
        """The index position of a prompt; ``None`` when there is none in time."""
        from shared.embedding import code_of_vector, probed

        memory, embedder = self.memory, self.settings
        known = memory.positions.get(text)
        if known is not None:
            return known
        began = self.platform.monotonic()
        if not memory.breaker.try_acquire(began):
            return None
        try:
            code, margins = code_of_vector(await _vector(self.platform, embedder, text))
        except (FetchFailed, ValueError, KeyError, IndexError, TypeError) as error:
            if not isinstance(error, _TextRefused):
                memory.breaker.failed(self.platform.monotonic())
            reason = str(error) if isinstance(error, FetchFailed) else type(error).__name__
            log_event("embedder_failed", "warning", kind=embedder.kind, reason=reason)
            return None
        memory.breaker.succeeded()
        self.timing.mark("embed", began)
        position = index_position(code, probed(code, margins))
        if len(memory.positions) >= _REMEMBERED:
            memory.positions.clear()
        memory.positions[text] = position
        return position


class _TextRefused(FetchFailed):
    """The embedder does not take this text; it may well take others."""


async def _vector(platform: Platform, embedder: Embedder, text: str) -> list[float]:
    if embedder.kind == "workers-ai":
        inputs = {"text": [text]}
        answer = await platform.run_model(embedder.model, inputs, timeout=embedder.timeout)
        vector = answer["data"][0]
    else:
        body = {"model": embedder.model, "input": text, "encoding_format": "float"}
        key = [("authorization", f"Bearer {embedder.key}")] if embedder.key else []
        status, said = await platform.call(
            "POST",
            f"{embedder.base_url}/embeddings",
            json_headers(*key),
            json.dumps(body),
            timeout=embedder.timeout,
        )
        if status in _TEXT_REFUSED:
            raise _TextRefused(f"the embedder answered with {status}")
        if status != 200:
            raise FetchFailed(f"the embedder answered with {status}")
        vector = json.loads(said)["data"][0]["embedding"]
    return [float(value) for value in vector]
