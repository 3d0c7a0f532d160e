"""Runs work soon, in threads of this process, that ``tick`` would otherwise do within a minute. It
makes the common case quick and nothing depends on it: the work is stored in a table, and if this
process dies, the next tick does it. Each kind of work has one thread, so a customer's server that
does not answer, or a mail provider that is away, delays only its own kind.
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
    """Runs ``work`` after the commit of the current transaction; several calls before it starts
    make one run. ``work`` is a module-level function that finds its own work in a table. Does
    nothing unless ``settings.WORK_AFTER_RESPONSE``.
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
