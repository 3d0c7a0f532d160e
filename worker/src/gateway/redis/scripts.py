"""The Lua that Redis runs: one file a script in ``lua/``, read by the first request that runs it.

Times are Redis's own (``TIME``), so that isolates with different clocks share one order of
events. Scripts are called by SHA-1 and sent whole only after ``NOSCRIPT``. ``calls`` has a typed
function for each.
"""

import hashlib
from functools import cached_property
from pathlib import Path

from shared import lua

_FOLDER = Path(__file__).parent / "lua"
_FOLDERS = (_FOLDER, _FOLDER / "include")


def source(*names: str) -> str:
    """The Lua of these files of ``lua/`` or ``lua/include/``, behind what they include."""
    return lua.compose(*names, folders=_FOLDERS)


class Script:
    """One file of ``lua/``."""

    def __init__(self, name: str) -> None:
        self.name = name

    @cached_property
    def source(self) -> str:
        """What Redis runs."""
        return source(self.name)

    @cached_property
    def sha1(self) -> str:
        """The hash under which Redis keeps it."""
        return hashlib.sha1(self.source.encode(), usedforsecurity=False).hexdigest()
