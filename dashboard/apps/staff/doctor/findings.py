"""The result of a check."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

Status = Literal["ok", "warning", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class Finding:
    """``mend`` tells what to do; empty where there is nothing to do. Never holds a secret."""

    check: str
    status: Status
    says: str
    mend: str = ""


Check = Callable[[], Iterator[Finding]]
