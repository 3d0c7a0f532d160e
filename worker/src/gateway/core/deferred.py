"""Modules that others import at their top and that this Worker does not use.

An isolate's first user waits for every import. ``defer`` puts a placeholder in a module's place,
which loads the real module when one of its attributes is first used. (``importlib.util.LazyLoader``
would load at the first ``import`` statement, which reads the module's ``__spec__``.)
"""

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name == "__path__":
            # ``from module import name`` asks whether it is a package.
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def defer(name: str, *callables: str) -> None:
    """Have the import of module ``name`` cost nothing until it is used.

    ``callables``: what importers take out of it by name; they load it when they are called.
    """
    if name in sys.modules:
        return
    module = sys.modules[name] = _Deferred(name)
    for attribute in callables:
        setattr(module, attribute, _deferred_call(module, attribute))


def _deferred_call(module: _Deferred, attribute: str) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        return module.__getattr__(attribute)(*args, **kwargs)

    return call
