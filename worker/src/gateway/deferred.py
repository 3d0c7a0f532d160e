"""Modules that others import at their top and that this Worker does not use.

An isolate's first user waits for every import. ``defer`` puts a promise in a module's place which
becomes the real module when somebody asks it for anything. (``importlib.util.LazyLoader`` would
load at the first ``import`` statement, which reads the module's ``__spec__``.)
"""

import importlib
import sys
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer(name: str) -> None:
    """Have ``import name`` (a top-level module) cost nothing until it is used."""
    if name not in sys.modules:
        sys.modules[name] = _Deferred(name)
