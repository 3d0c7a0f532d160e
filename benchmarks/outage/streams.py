"""Streams that are open while their edge is told to end."""

import json
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Semaphore

import httpx

from tests.doubles.openai_api import Behaviour, OpenAIDouble
from tests.worker.edge import Edge

_MODEL = "gpt-4.1"
_EVENTS = 40
"""More than a stream of the provider has."""


class OpenStreams:
    """``whole`` of ``opened`` streams came to their end, once `finish` has returned."""

    def __init__(self) -> None:
        self.opened = self.whole = 0
        self._begun = Semaphore(0)
        self._pool: ThreadPoolExecutor | None = None
        self._reading: list[Future[bool]] = []

    def open(self, provider: OpenAIDouble, edge: Edge, count: int) -> None:
        """Open so many, each of which has had its first event when this returns."""
        provider.behave(_MODEL, Behaviour("step"))
        self._pool = ThreadPoolExecutor(count)
        tenant = edge.tenant()
        self.opened = count
        self._reading = [
            self._pool.submit(self._read, edge.base_url, tenant.key, number)
            for number in range(count)
        ]
        for _ in range(count):
            provider.step()
        for _ in range(count):
            self._begun.acquire(timeout=60)

    def finish(self, provider: OpenAIDouble) -> None:
        """Let the provider send the rest."""
        for _ in range(self.opened * _EVENTS):
            provider.step()
        self.whole = sum(future.result() for future in self._reading)
        provider.behave_well()
        if self._pool is not None:
            self._pool.shutdown()

    def _read(self, url: str, key: str, number: int) -> bool:
        body = {
            "model": _MODEL,
            "stream": True,
            "messages": [{"role": "user", "content": f"stream {number}"}],
        }
        headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
        text = ""
        told = False
        try:
            with httpx.stream(
                "POST",
                f"{url}/v1/chat/completions",
                content=json.dumps(body),
                headers=headers,
                timeout=60,
            ) as answer:
                for chunk in answer.iter_text():
                    text += chunk
                    if not told:
                        told = True
                        self._begun.release()
        except httpx.HTTPError:
            return False
        finally:
            if not told:
                self._begun.release()
        return text.endswith("data: [DONE]\n\n")
