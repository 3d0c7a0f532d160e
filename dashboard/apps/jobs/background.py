"""Doing soon, in a thread of this process, what ``tick`` would do within a minute anyway.

It makes the common case quick and nothing depends on it: what is to be done lies in a table, and a
process that dies before or during the work leaves it there for the next tick.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.db import connection, transaction

logger = logging.getLogger(__name__)

Work = Callable[[], object]

_executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="after-response")
_lock = threading.Lock()
_waiting: set[Work] = set()


def run_soon(work: Work) -> None:
    """After the commit of the present transaction; asked for twice before it starts, it runs once.

    ``work`` looks for itself what there is to do. Off unless ``settings.WORK_AFTER_RESPONSE``.
    """
    if settings.WORK_AFTER_RESPONSE:
        transaction.on_commit(lambda: _submit(work))


def _submit(work: Work) -> None:
    with _lock:
        if work in _waiting:
            return
        _waiting.add(work)
    _executor.submit(_run, work)


def _run(work: Work) -> None:
    with _lock:
        _waiting.discard(work)
    try:
        work()
    except Exception:
        logger.exception("%s failed; the next tick takes it up", work)
    finally:
        connection.close()
