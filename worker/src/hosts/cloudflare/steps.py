"""``steps.mjs``: what this host asks of JavaScript, in one step each."""

import asyncio
import itertools
from collections.abc import Callable
from contextvars import Context
from typing import Any

import js
from pyodide.ffi import JsException, create_proxy

from hosts.cloudflare import clock

TOO_LARGE = -1
"""What ``request_body`` answers for a body that is too long."""

_loaded: list["Steps"] = []
_awaited: dict[int, "_Step"] = {}
_numbers = itertools.count()


class Steps:
    """The module's functions. They are no I/O objects: an isolate's requests share them."""

    def __init__(self, module: Any) -> None:
        module.answerTo(create_proxy(_ended))
        self.start = module.start
        self.settle = module.settle
        self.new_id = module.newId
        self.request_head = module.requestHead
        self.request_body = module.requestBody
        self.respond = module.respond
        self.ask = module.ask
        self.response_head = module.responseHead
        self.response_text = module.responseText
        self.chunk = module.chunk
        self.call = module.call
        self.call_and_open = module.callAndOpen
        self.log = js.console.log


async def load() -> None:
    """Load the module, from the root of the bundle: for an isolate's first request or event."""
    if not _loaded:
        # The SDK's own function for this needs JSPI.
        from _pyodide_entrypoint_helper import doAnImport

        module = await doAnImport("hosts/cloudflare/steps.mjs")
        if not _loaded:
            clock.read_by(js.Date.now)
            _loaded.append(Steps(module))


def steps() -> Steps:
    """The functions, once ``load`` has returned."""
    return _loaded[0]


class _Step(asyncio.Future[Any]):
    """Wakes the task that awaits it in the moment in which it is done. asyncio's own future leaves
    that to the event loop, which in Pyodide is two of JavaScript's timers: 20 µs of CPU.
    """

    _waiting: tuple[Callable[[asyncio.Future[Any]], object], Context | None] | None = None

    def add_done_callback(  # type: ignore[override]
        self, callback: Callable[[asyncio.Future[Any]], object], *, context: Context | None = None
    ) -> None:
        """See ``asyncio.Future``; one that nobody awaits yet, or is awaited twice, is an ordinary
        one."""
        if self._waiting is None and not self.done():
            self._waiting = callback, context
        else:
            super().add_done_callback(callback, context=context)

    def cancel(self, msg: Any | None = None) -> bool:
        """See ``asyncio.Future``. Who cancels goes on first."""
        if not super().cancel(msg):
            return False
        if self._waiting is not None:
            callback, context = self._waiting
            self.get_loop().call_soon(callback, self, context=context)
        return True

    def wake(self) -> None:
        """To be called once it has a result or an exception."""
        if self._waiting is None:
            return
        loop = self.get_loop()
        if asyncio._get_running_loop() is not loop:
            asyncio._set_running_loop(loop)  # each of JavaScript's calls may have its own
        callback, context = self._waiting
        if context is None:
            callback(self)
        else:
            context.run(callback, self)


def _ended(number: int, value: Any) -> None:
    """JavaScript's answer to what ``_began``."""
    step = _awaited.pop(number)
    clock.begins()
    if step.done():
        return  # cancelled
    if isinstance(value, JsException):
        step.set_exception(value)
    else:
        step.set_result(value)
    step.wake()


def _began(function: Any, *values: Any) -> tuple[Any, _Step]:
    """What ``function(number, *values)`` returns, and what it answers later."""
    number = next(_numbers)
    step = _awaited[number] = _Step()
    try:
        return function(number, *values), step
    except BaseException:
        del _awaited[number]
        raise


def awaited(promise: Any) -> _Step:
    """A promise of JavaScript's, to be awaited once. Raises ``JsException``."""
    return _began(steps().settle, promise)[1]


def started(step: Any, *values: Any) -> _Step:
    """An asynchronous function of the module with these values, to be awaited once."""
    return _began(steps().start, step, *values)[1]


def asked(*values: Any) -> tuple[Any, _Step]:
    """The controller of ``ask``, and its response, to be awaited once."""
    return _began(steps().ask, *values)


def is_late(error: JsException) -> bool:
    """Whether a step took longer than it may."""
    return bool(error.name == "TimeoutError")


def is_too_large(error: JsException) -> bool:
    """Whether a step failed because there is more to read than it may."""
    return bool(error.name == "RangeError")
