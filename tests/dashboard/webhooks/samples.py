"""The sample payloads of docs/public/billing.md."""

import json
import re
from pathlib import Path
from typing import Any

from config import REPOSITORY

_PAGE = Path(REPOSITORY) / "docs" / "public" / "billing.md"


def samples() -> dict[str, dict[str, Any]]:
    """``data`` by type of event, as the page shows it."""
    blocks = re.findall(r"```json\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    bodies = [json.loads(block) for block in blocks]
    return {body["type"]: body["data"] for body in bodies}


def documented(event: str) -> dict[str, Any]:
    """The sample of one."""
    return samples()[event]
