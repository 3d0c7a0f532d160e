"""The bare stack, and the provider behind it."""

import asyncio
import contextlib
import json
import signal
import socket
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from aiohttp import web

from clients.problems import Failed
from clients.programs import plain_environment, until
from local_stack.anthropic_api.service import AnthropicService
from local_stack.openai_api.service import OpenAIService

_REPOSITORY = Path(__file__).resolve().parents[2]
_START_SECONDS = 60
_PROVIDERS = ("OPENAI", "ANTHROPIC", "GROQ")
_SPOKEN = "Hello there, and welcome: 12.5 % of what you read is “quoted” — naïve, isn't it?"


class Stack:
    """As a context: the stack runs. ``calls_tools``: whether the provider calls what it is offered.

    ``edge`` is the edge's address without ``/v1``, ``direct`` the provider's; ``key`` is an API key
    of the stack's one project, and the provider takes any.
    """

    def __init__(self, folder: Path) -> None:
        self._state = folder / "state"
        self._log = folder / "stack.log"
        self._process: asyncio.subprocess.Process | None = None
        self._provider = web.AppRunner(self._application())
        self._read = 0
        self.calls_tools = True
        self.edge = self.direct = ""
        self.key = ""

    async def __aenter__(self) -> "Stack":
        provider, edge = _unused_port(), _unused_port()
        await self._provider.setup()
        await web.TCPSite(self._provider, "127.0.0.1", provider).start()
        self.direct = f"http://127.0.0.1:{provider}"
        environment = {
            **plain_environment(),
            "PYTHONPATH": str(_REPOSITORY / "tools"),
            "WATCHLLM_EDGE_PORT": str(edge),
            **{f"{name}_BASE_URL": f"{self.direct}/v1" for name in _PROVIDERS},
        }
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "local_stack", "--bare", "--state", str(self._state)),
            env=environment,
            stdout=self._log.open("wb"),
            stderr=asyncio.subprocess.STDOUT,
        )
        ready = self._state / "dev.json"
        await until(lambda: ready.exists() or self._ended(), _START_SECONDS, "the stack is up")
        if self._ended():
            raise Failed(f"The stack did not start:\n{self._log.read_text()}")
        told = json.loads(ready.read_text())
        self.edge, self.key = told["base_url"].removesuffix("/v1"), told["api_key"]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None and not self._ended():
            self._process.send_signal(signal.SIGINT)
            await self._process.wait()
        await self._provider.cleanup()

    async def new_requests(self) -> list[dict[str, Any]]:
        """What the edge logged since the last call. A request of ours marks where that ends; the
        line of one before it may still come, so that some seconds are given to the first one."""
        mark = await asyncio.to_thread(self._mark)
        path = self._state / "logs" / "edge.log"

        def logged() -> tuple[int, list[dict[str, Any]]]:
            """How many lines there are, and the requests among the new ones."""
            lines = path.read_text().splitlines()
            events = [json.loads(line) for line in lines[self._read :] if line.startswith("{")]
            return len(lines), [event for event in events if event["event"] == "request"]

        def is_mark(event: dict[str, Any]) -> bool:
            return bool(event["request_id"] == mark)

        await until(lambda: any(map(is_mark, logged()[1])), 10, "the edge's log is written")
        with contextlib.suppress(Failed):  # a client that asked for nothing is told by the caller
            await until(lambda: not all(map(is_mark, logged()[1])), 5, "a request is logged")
        self._read, events = logged()
        return [event for event in events if not is_mark(event)]

    def refuses_web_sockets(self) -> bool:
        """Whether an upgrade of `/v1/responses` is answered 426."""
        request = urllib.request.Request(f"{self.edge}/v1/responses")  # noqa: S310
        request.add_header("upgrade", "websocket")
        try:
            urllib.request.urlopen(request, timeout=10)  # noqa: S310
        except urllib.error.HTTPError as error:
            return error.code == 426
        return False

    def _application(self) -> web.Application:
        """Both dialects on one port."""
        openai = OpenAIService(speak=lambda _: _SPOKEN, accepts_key=lambda _: True)
        anthropic = AnthropicService(speak=lambda _: _SPOKEN, accepts_key=lambda _: True)

        async def handle(request: web.Request) -> web.StreamResponse:
            if "upgrade" in request.headers:
                return web.Response(status=426)  # as the edge: Codex then starts at once
            own = "anthropic-version" in request.headers
            body = await request.read()
            if body and not self.calls_tools:
                talk = {"type": "none"} if own else "none"
                body = json.dumps({**json.loads(body), "tool_choice": talk}).encode()
            return await (anthropic if own else openai).respond(request, body)

        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", handle)
        return app

    def _mark(self) -> str:
        request = urllib.request.Request(f"{self.edge}/v1/models")  # noqa: S310
        request.add_header("authorization", f"Bearer {self.key}")
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return str(answer.headers["x-request-id"])

    def _ended(self) -> bool:
        return self._process is not None and self._process.returncode is not None


def _unused_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
