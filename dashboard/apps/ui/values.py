"""JSON values as people write them."""

import json
from typing import Any


def told(value: Any) -> str:
    """``yes``, ``no``, ``none``, a text as it is, anything else as JSON."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
