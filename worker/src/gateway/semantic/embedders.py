"""Optional embedders of others for the semantic index; off unless the deployment names one.

An outside embedding changes which stored prompts are looked at, never which are served: guards,
pair model and evidence judge every candidate as before, with our own code's distance (ADR 0102).
It costs a network call before the look-up of each eligible prompt that this process has not seen
lately. A call that fails or takes too long means no semantic hit for that request, no more.
"""

import json

from gateway.core.http import FetchFailed
from gateway.core.log import log_event
from gateway.core.platform import json_headers
from gateway.core.settings import Embedder
from gateway.pipeline.exchange import Exchange
from gateway.semantic.place import Place, place_of

_REMEMBERED = 1_000
_TEXT_REFUSED = frozenset({400, 413, 422})


async def locate(x: Exchange, embedder: Embedder, text: str) -> Place | None:
    """The place of a prompt by an outside embedding; ``None`` when there is none in time."""
    from shared.embedding import code_of_vector, probed

    known = x.runtime.places.get(text)
    if known is not None:
        return known
    now = x.platform.monotonic()
    if not x.runtime.embedder.allows(now):
        return None
    try:
        code, margins = code_of_vector(await _vector(x, embedder, text))
    except (FetchFailed, ValueError, KeyError, IndexError, TypeError) as error:
        if not isinstance(error, _TextRefused):
            x.runtime.embedder.failed(x.platform.monotonic())
        reason = str(error) if isinstance(error, FetchFailed) else type(error).__name__
        log_event("embedder_failed", "warning", kind=embedder.kind, reason=reason)
        return None
    x.runtime.embedder.succeeded()
    x.mark("embed", now)
    place = place_of(code, probed(code, margins))
    if len(x.runtime.places) >= _REMEMBERED:
        x.runtime.places.clear()
    x.runtime.places[text] = place
    return place


class _TextRefused(FetchFailed):
    """The embedder does not take this text; it may well take others."""


async def _vector(x: Exchange, embedder: Embedder, text: str) -> list[float]:
    if embedder.kind == "workers-ai":
        inputs = {"text": [text]}
        answer = await x.platform.run_model(embedder.model, inputs, timeout=embedder.timeout)
        vector = answer["data"][0]
    else:
        body = {"model": embedder.model, "input": text, "encoding_format": "float"}
        key = [("authorization", f"Bearer {embedder.key}")] if embedder.key else []
        status, said = await x.platform.call(
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
