"""Doing soon, in threads of this process, what ``tick`` would do within a minute anyway.

It makes the common case quick and nothing depends on it: what is to be done lies in a table, and a
process that dies before or during the work leaves it there for the next tick. Each kind of work has
one thread: a customer's server that does not answer, or a provider of mail that is away, holds up
what waits for it and nothing else.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

Work = Callable[[], object]

_lock = threading.Lock()
_threads: dict[Work, ThreadPoolExecutor] = {}
_waiting: set[Work] = set()


def run_soon(work: Work) -> None:
    """After the commit of the present transaction; asked for twice before it starts, it runs once.

    ``work`` is a function of a module, which looks for itself what there is to do. Off unless
    ``settings.WORK_AFTER_RESPONSE``.
    """
    if settings.WORK_AFTER_RESPONSE:
        transaction.on_commit(lambda: _submit(work))


def _submit(work: Work) -> None:
    with _lock:
        if work in _waiting:
            return
        _waiting.add(work)
        thread = _threads.get(work)
        if thread is None:
            thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="after-response")
            _threads[work] = thread
    thread.submit(_run, work)


def _run(work: Work) -> None:
    with _lock:
        _waiting.discard(work)
    try:
        work()
    except Exception:
        logger.exception("%s failed; the next tick runs it again", work)
    finally:
        connection.close()
