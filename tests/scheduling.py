"""Which tests go to one worker of pytest-xdist, and which are given out first.

A worker runs a group of tests from its beginning to its end. What a group shares is started once:

- tests on the Pyodide host (or workerd) share its process, so each kind of process is one group.
  Without that, every file would end the one host's process and start the other's;
- browser tests share the local stack;
- contract tests share a PostgreSQL cluster, whose database is migrated once;
- files marked ``spread`` share nothing, so each of their tests is a group;
- any other file is a group.

Groups that take long are given out first, so that no worker waits for another at the end.
"""

from collections.abc import Iterator

import pytest

FIRST = (
    *("pyodide", "workerd", "stack", "postgres"),
    "tests/e2e/browser/",
    "tests/worker/test_faults_",
    "tests/worker/test_told_to_end.py",
    "spread",
)
"""What the long groups' names begin with, the longest first. The files among them start a product
and a browser of their own, or wait for time limits while other workers use the processors."""
GROUP = pytest.StashKey[str]()  # an item is no key of a dict: its hash changes with its node id
_PROCESSES = ("session_edge", "session_fragile")


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks the items before xdist names them by their groups, and sorts them afterwards."""
    for item in items:
        item.stash[GROUP] = group_of(item)
        item.add_marker(pytest.mark.xdist_group(item.stash[GROUP]))
    yield
    items.sort(key=lambda item: turn(item.stash[GROUP]))


def turn(group: str) -> int:
    """Groups with a smaller number are given out earlier."""
    turns = (number for number, start in enumerate(FIRST) if group.startswith(start))
    return next(turns, len(FIRST))


def group_of(item: pytest.Item) -> str:
    """The name of the item's group."""
    file = item.path.relative_to(item.config.rootpath).as_posix()
    if item.get_closest_marker("spread"):
        return f"spread:{file}:{item.name}"
    if file.startswith("tests/contract/"):
        return "postgres"
    if "shared_stack" in getattr(item, "fixturenames", ()):
        return "stack"
    callspec = getattr(item, "callspec", None)
    for process in _PROCESSES:
        host = callspec.params.get(process) if callspec else None
        if host in ("pyodide", "workerd"):
            return f"{host}:{process}"
    return file
