"""The soak's clients: a seeded mix of requests to both edges, and what each of them was answered.

Every prompt names its tenant and a nonce, which the provider repeats: an answer that does not
repeat both is somebody else's. A client whose connection is refused tries the other edge, as a
load balancer would; one whose connection breaks does not, for its request may have been served.
"""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from benchmarks.soak.provider import SLOW_MODEL
from benchmarks.soak.tenants import WEIGHTS

_KNOWN = 30
_MOST_OPEN = 300
_PATIENCE = aiohttp.ClientTimeout(total=120, connect=10)
_CHAT, _RESPONSES, _EMBEDDINGS = "/v1/chat/completions", "/v1/responses", "/v1/embeddings"
_OK = frozenset({200})
_LIMITED = frozenset({200, 429})


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of request. ``weight``: its share; ``expected``: statuses that are right."""

    name: str
    weight: int
    path: str = _CHAT
    known: bool = False
    stream: bool = False
    model: str = "gpt-4o-mini"
    expected: frozenset[int] = _OK
    herd: int = 1
    leaves: bool = False
    body: dict[str, Any] = field(default_factory=dict)


KINDS = (
    Kind("hit", 40, known=True),
    Kind("hit streamed", 12, known=True, stream=True),
    Kind("miss", 14),
    Kind("miss streamed", 8, stream=True),
    Kind("responses", 4, path=_RESPONSES, model="gpt-4o"),
    Kind("embeddings known", 6, path=_EMBEDDINGS, known=True, model="text-embedding-3-small"),
    Kind("embeddings new", 3, path=_EMBEDDINGS, model="text-embedding-3-small"),
    Kind("herd", 2, herd=5, model=SLOW_MODEL),
    Kind("client leaves", 2, stream=True, model=SLOW_MODEL, leaves=True),
    Kind("bad request", 2, expected=frozenset({400}), body={"max_tokens": "many"}),
    Kind("no such model", 2, model="no-such-model", expected=frozenset({404})),
    Kind("provider 500", 1, model="fault-server-error", expected=frozenset({500, 502, 503})),
    Kind("provider 429", 1, model="fault-rate-limited", expected=frozenset({429})),
    Kind("stream cut", 1, stream=True, model="fault-truncate"),
)
_STREAMS = Kind("slow stream", 1, stream=True, model=SLOW_MODEL, herd=2, expected=_LIMITED)


@dataclass(slots=True)
class Asked:
    """One request and what came of it. Times are seconds since the start of the run."""

    id: str
    tenant: str
    kind: str
    edge: str
    began: float
    ended: float = 0.0
    status: int = 0
    """0: no answer came."""
    verdict: str = ""
    code: str = ""
    wrong: bool = False
    unexpected: bool = False
    left: bool = False


class Traffic:
    """Sends ``rate`` requests a second until it is stopped. ``asked``: all that have ended."""

    def __init__(self, stack: Any, rate: float, seed: int, began: float) -> None:
        self.asked: list[Asked] = []
        self._stack = stack
        self._rate = rate
        self._random = random.Random(seed)
        self._began = began
        self._number = 0
        self._open: set[asyncio.Task[None]] = set()
        self._vectors: dict[str, Any] = {}

    async def run(self, stopped: Callable[[], bool]) -> None:
        """Send until ``stopped``, then wait for what is open."""
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
        async with aiohttp.ClientSession(connector=connector, timeout=_PATIENCE) as http:
            while not stopped():
                await asyncio.sleep(self._random.expovariate(self._rate))
                if len(self._open) < _MOST_OPEN:
                    self._send(http)
            await self.settled()

    async def settled(self) -> None:
        """Wait for what is open."""
        while self._open:
            await asyncio.wait(self._open)

    def now(self) -> float:
        """Seconds since the start of the run."""
        return time.monotonic() - self._began

    def _send(self, http: aiohttp.ClientSession) -> None:
        (tenant,) = self._random.choices([*WEIGHTS], [*WEIGHTS.values()])
        (kind,) = self._random.choices(KINDS, [kind.weight for kind in KINDS])
        if tenant == "streams":
            kind = _STREAMS
        self._number += 1
        nonce = f"known-{self._random.randrange(_KNOWN)}" if kind.known else f"n{self._number}"
        for _ in range(kind.herd):
            self._number += 1
            edge = self._random.randrange(2)
            asked = Asked(f"soak-{self._number}", tenant, kind.name, "", self.now())
            prompt = f"Say <{tenant}-{nonce}>."
            task = asyncio.create_task(self._ask(http, kind, prompt, edge, asked))
            self._open.add(task)
            task.add_done_callback(self._open.discard)
            if tenant == "streams":
                nonce = f"n{self._number}-own"  # each of them is a stream of its own

    async def _ask(
        self, http: aiohttp.ClientSession, kind: Kind, prompt: str, edge: int, asked: Asked
    ) -> None:
        for attempt in range(200):
            place = self._stack.edges[(edge + attempt) % 2]
            asked.edge = place.name
            try:
                await self._exchange(http, place.url, kind, prompt, asked)
                break
            except aiohttp.ClientConnectorError:
                await asyncio.sleep(0.05)  # both are down for a moment
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                asked.code = asked.code or f"broken: {type(error).__name__}"
                asked.unexpected = not kind.leaves and kind.name != "stream cut"
                break
        asked.ended = self.now()
        self.asked.append(asked)

    async def _exchange(
        self, http: aiohttp.ClientSession, url: str, kind: Kind, prompt: str, asked: Asked
    ) -> None:
        headers = {
            "authorization": f"Bearer {self._stack.tenants[asked.tenant]['key']}",
            "x-watchllm-request-id": asked.id,
        }
        request = _body(kind, prompt)
        async with http.post(url + kind.path, json=request, headers=headers) as answer:
            if kind.leaves and answer.status == 200:
                asked.left = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(answer.content.readany(), 0.05)
                answer.close()
                asked.status = answer.status
                return
            text = await answer.text()
        asked.status = answer.status
        asked.verdict = answer.headers.get("x-watchllm-cache", "")
        expected = (
            kind.expected if asked.tenant not in ("minute", "quota") else {*kind.expected, 429}
        )
        asked.unexpected = asked.status not in expected
        if asked.status != 200:
            asked.code = _code(text)
            return
        if kind.name == "stream cut":
            return
        asked.wrong = not self._right(kind, prompt, text)

    def _right(self, kind: Kind, prompt: str, text: str) -> bool:
        if kind.path == _EMBEDDINGS:
            # The provider's vector of a text is the same each time, and no other text's.
            vector = json.dumps(json.loads(text)["data"][0]["embedding"])
            known = self._vectors.setdefault(vector, prompt)
            return bool(known == prompt)
        if kind.stream:
            if not text.rstrip().endswith("data: [DONE]"):
                return False
            text = "".join(
                choice["delta"].get("content") or ""
                for line in text.splitlines()
                if line.startswith("data: {")
                for choice in json.loads(line[6:]).get("choices", [])
            )
        return f"You said: {prompt}" in text


def _body(kind: Kind, prompt: str) -> dict[str, Any]:
    if kind.path == _EMBEDDINGS:
        return {"model": kind.model, "input": prompt}
    if kind.path == _RESPONSES:
        return {"model": kind.model, "input": prompt, **kind.body}
    messages = [{"role": "user", "content": prompt}]
    more = {"stream": True} if kind.stream else {}
    return {"model": kind.model, "messages": messages, **more, **kind.body}


def _code(text: str) -> str:
    try:
        return str(json.loads(text)["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return f"no envelope: {text[:80]!r}"
