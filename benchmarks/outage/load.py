"""The load of the table of faults: a process of its own, so that it waits for nothing of ours.

Known keys ask known questions (from the cache), new ones, and streams. Each prompt names tenant and
number, and the provider repeats it: an answer without it is somebody else's. A connection that
breaks before an answer began is tried again twice, as OpenAI's SDKs do.
"""

import asyncio
import json
import multiprocessing
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Self

import aiohttp

KNOWN = 20
_RETRIES = 2
_RETRY_SECONDS = 0.1
_NEW_SHARE, _STREAM_SHARE = 0.2, 0.15
_PATIENCE = aiohttp.ClientTimeout(total=60, connect=5)
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send: ``urls`` of the processes behind one load balancer, ``keys`` by tenant.

    ``name``: begins the id of each request, so that rows of an earlier load are told apart.
    """

    name: str
    urls: tuple[str, ...]
    keys: Mapping[str, str]
    rate: float


@dataclass(slots=True)
class Answered:
    """One request. ``began`` is of ``time.monotonic``; ``status`` 0: no answer came."""

    id: str
    kind: str
    began: float
    took: float = 0.0
    status: int = 0
    verdict: str = ""
    detail: str = ""
    wrong: bool = False
    retried: int = 0


class Load:
    """Sends from the beginning of the block; ``ended`` stops it and gives what was answered."""

    def __init__(self, target: Target, seed: int = 1) -> None:
        self._told, theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_run, args=(theirs, target, seed), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._told.recv()  # what is known has been asked once
        return self

    def ended(self) -> list[Answered]:
        """Every request, once none is open."""
        self._told.send("enough")
        answered: list[Answered] = self._told.recv()
        return answered

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()


def _run(told: Connection, target: Target, seed: int) -> None:
    asyncio.run(_Client(told, target, seed).run())


class _Client:
    def __init__(self, told: Connection, target: Target, seed: int) -> None:
        self._told = told
        self._target = target
        self._random = random.Random(seed)
        self._answered: list[Answered] = []
        self._number = 0

    async def run(self) -> None:
        connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=5)
        async with aiohttp.ClientSession(connector=connector, timeout=_PATIENCE) as http:
            for tenant in self._target.keys:
                for number in range(KNOWN):
                    await self._ask(http, tenant, f"known-{number}", "warm-up")
            self._told.send("ready")
            open_tasks: set[asyncio.Task[None]] = set()
            due = time.monotonic()
            while not self._told.poll():
                due += self._random.expovariate(self._target.rate)
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                task = asyncio.create_task(self._ask(http, *self._chosen()))
                open_tasks.add(task)
                task.add_done_callback(open_tasks.discard)
            while open_tasks:
                await asyncio.wait(open_tasks)
        self._told.send(self._answered)

    def _chosen(self) -> tuple[str, str, str]:
        tenant = self._random.choice([*self._target.keys])
        chance = self._random.random()
        if chance < _NEW_SHARE:
            return tenant, f"new-{self._random.getrandbits(64)}", "new"
        kind = "known stream" if chance < _NEW_SHARE + _STREAM_SHARE else "known"
        return tenant, f"known-{self._random.randrange(KNOWN)}", kind

    async def _ask(
        self, http: aiohttp.ClientSession, tenant: str, question: str, kind: str
    ) -> None:
        self._number += 1
        name = f"{self._target.name}-{self._number}"
        said = Answered(name, kind, time.monotonic())
        place = self._random.randrange(len(self._target.urls))
        for attempt in range(_RETRIES + 1):
            url = self._target.urls[(place + attempt) % len(self._target.urls)]
            said.retried = attempt
            # Each attempt has an id: the edge may have served one whose answer was lost.
            said.id = f"{name}-{attempt}"
            try:
                await self._exchange(http, url, tenant, f"Say <{tenant}-{question}>.", said)
                break
            except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
                said.detail = f"{type(error).__name__}"
                if said.status:  # it had begun: no SDK asks again
                    said.wrong = False
                    said.status = 0
                    break
                await asyncio.sleep(_RETRY_SECONDS)
        said.took = time.monotonic() - said.began
        self._answered.append(said)

    async def _exchange(
        self, http: aiohttp.ClientSession, url: str, tenant: str, prompt: str, said: Answered
    ) -> None:
        stream = said.kind == "known stream"
        messages = [{"role": "user", "content": prompt}]
        body = {"model": "gpt-4o-mini", "messages": messages, "stream": stream}
        headers = {
            "authorization": f"Bearer {self._target.keys[tenant]}",
            "x-watchllm-request-id": said.id,
        }
        path = f"{url}/v1/chat/completions"
        async with http.post(path, json=body, headers=headers) as answer:
            said.status = answer.status
            said.verdict = answer.headers.get("x-watchllm-cache", "")
            text = await answer.text()
        said.detail = "" if answer.status == 200 else text[:200]
        if answer.status == 200:
            said.wrong = f"You said: {prompt}" not in (_joined(text) if stream else text)


def _joined(events: str) -> str:
    """The text of a stream; nothing of one that did not end."""
    if not events.rstrip().endswith("data: [DONE]"):
        return ""
    return "".join(
        choice["delta"].get("content") or ""
        for line in events.splitlines()
        if line.startswith("data: {")
        for choice in json.loads(line[6:]).get("choices", [])
    )
