"""Whether a process has anything to do, by the states of its threads in /proc."""

from collections.abc import Iterator
from pathlib import Path

_IDLERS = ("V8Worker", "DelayedTaskSche")
"""Threads of Node.js that compile and collect beside the program; nothing waits for them."""


def at_work(pid: int) -> bool:
    """True when a thread of the process, or of one that it started, runs, is ready to run, or
    waits for the disk. Where there is no ``/proc``, nobody is ever seen at work."""
    return any(state in "RD" for state in _states(pid))


def _states(pid: int) -> Iterator[str]:
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            name, _, rest = (task / "stat").read_text().partition("(")[2].rpartition(")")
            children = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        if name not in _IDLERS:
            yield rest.split()[0]
        for child in children:
            yield from _states(int(child))


def descendants(pid: int) -> list[int]:
    """The processes that it started, and those that they started; empty without ``/proc``."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*"):
        try:
            children = (task / "children").read_text().split()
        except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
            continue
        for child in children:
            found += [int(child), *descendants(int(child))]
    return found


def is_alive(pid: int) -> bool:
    """False for one that has ended, even if nobody has asked for its status yet."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
