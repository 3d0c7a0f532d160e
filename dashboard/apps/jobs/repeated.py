"""Work that goes on beside other work of the same process."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def repeated(work: Callable[[], bool], seconds: float, name: str) -> Iterator[None]:
    """Within the block a thread called ``name`` calls ``work`` every so many ``seconds``, until it
    returns False."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(seconds) and work():
            pass

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
