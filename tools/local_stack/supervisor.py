"""Starts the stack, waits until it answers, and ends all of it when any part of it ends."""

import asyncio
import os
import signal
import time
from collections.abc import Callable, Coroutine
from typing import Any

from local_stack import demo_answers, ports
from local_stack.announce import announce
from local_stack.health import wait_until_up
from local_stack.manage import SETTINGS_FILE
from local_stack.options import Options, StartError
from local_stack.processes import Child
from local_stack.services import Service, Stack, plan
from local_stack.state import Secrets, load_or_create_secrets, locked, write_json

_START_SECONDS = 120.0


class ChildEndedError(StartError):
    """A service ended by itself."""

    def __init__(self, child: Child, status: int) -> None:
        last = "\n".join(f"    {line}" for line in child.tail)
        name = child.service.name
        super().__init__(f"{name} ended with status {status}. Its last lines:\n{last}")


async def run(options: Options, show: Callable[[str], None]) -> None:
    """Run until a signal asks to stop; raise `StartError` when a service cannot start or ends."""
    started = time.monotonic()
    ports.check_free(options.public_ports())
    if options.redis_url:
        ports.check_answers(options.redis_url, "REDIS_URL")
    with locked(options.state):
        secrets = load_or_create_secrets(options.state)
        stack = plan(options, secrets, os.environ)
        write_json(options.state / SETTINGS_FILE, stack.setup.environment)
        if stack.demo:
            demo_answers.expect(options.state)
        supervisor = _Supervisor(options, secrets, show)
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stopped.set)
        try:
            await _first_of(supervisor.start(stack), stopped.wait())
            if not stopped.is_set():
                announce(options, stack, secrets, time.monotonic() - started, show)
                await _first_of(supervisor.first_end(), stopped.wait())
        finally:
            show("Stopping …")
            await supervisor.stop()


class _Supervisor:
    def __init__(self, options: Options, secrets: Secrets, show: Callable[[str], None]) -> None:
        self._state = options.state
        self._token = secrets.upstash_redis_rest_token
        self._show = show
        self._logs = options.state / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._silent: set[str] = set()
        self._edge: list[Child] = []
        self._stores: list[Child] = []

    async def start(self, stack: Stack) -> None:
        """Start everything at once, the database's setup too; return when everything answers."""
        for service in stack.stores:
            self._stores.append(await self._begin(service))
        self._edge.append(await self._begin(stack.edge))
        ready = self._until_ready(stack)
        try:
            await asyncio.wait_for(_first_of(ready, self.first_end()), _START_SECONDS)
        except TimeoutError:
            silent = ", ".join(sorted(self._silent)) or stack.setup.name
            raise StartError(f"{silent}: not ready after {_START_SECONDS:.0f} seconds") from None

    async def first_end(self) -> None:
        """Raise `ChildEndedError` for the first service that ends."""
        ends = {asyncio.create_task(c.wait()): c for c in (*self._edge, *self._stores)}
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
        ended = done.pop()
        raise ChildEndedError(ends[ended], ended.result())

    async def stop(self) -> None:
        """Stop the edge first: what it still has to write needs the stores."""
        await asyncio.gather(*(child.stop() for child in self._edge))
        await asyncio.gather(*(child.stop() for child in self._stores))

    async def _until_ready(self, stack: Stack) -> None:
        await self._run_step(stack.setup)
        for service in stack.after_setup:
            self._stores.append(await self._begin(service))
        await asyncio.gather(*(self._until_up(item) for item in (*stack.stores, stack.edge)))
        if not stack.demo:
            forget = demo_answers.forget
            await asyncio.to_thread(forget, self._state, stack.upstash_url, self._token)

    async def _until_up(self, service: Service) -> None:
        self._silent.add(service.name)
        await wait_until_up(service)
        self._silent.remove(service.name)

    async def _begin(self, service: Service) -> Child:
        return await Child.start(service, self._logs, self._show)

    async def _run_step(self, service: Service) -> None:
        child = await self._begin(service)
        try:
            status = await child.wait()
        except asyncio.CancelledError:
            await child.stop()
            raise
        if status:
            raise ChildEndedError(child, status)


async def _first_of(*work: Coroutine[Any, Any, Any]) -> None:
    """Wait for the first to end and cancel the rest; raise what it raised."""
    tasks = [asyncio.create_task(item) for item in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
