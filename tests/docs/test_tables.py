"""Tables of the documentation against the code that they describe."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import provider_tables
from gateway.cache import policy
from gateway.core import errors, settings
from gateway.endpoints import passthrough
from gateway.endpoints.live_data import CLIENT_TOOLS
from gateway.providers.registry import PROVIDERS
from shared import labels, request_fields

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = ROOT / "worker/src"
PUBLIC = ROOT / "docs/public"

_OURS = re.compile(r"x-(watchllm|ratelimit|request-id|should-retry)[a-z-]*\Z")
_PLUMBING = ("content-", "accept", "origin", "access-control-", "upgrade")
"""What every HTTP client or browser sends by itself."""
_READS = (
    re.compile(r'request\.header\("([^"]+)"\)'),
    re.compile(r'_choice\(request, "([^"]+)"'),
    re.compile(r'^ +name = "(x-[^"]+)"\n +value = request\.header', re.MULTILINE),
)


def table(page: str, heading: str) -> dict[str, list[str]]:
    """The first table below ``heading``: the code in each row's first cell → its other cells."""
    text = (PUBLIC / f"{page}.md").read_text()
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.MULTILINE)[1]
    rows: dict[str, list[str]] = {}
    for line in section.splitlines():
        if line.startswith("| `"):
            first, *rest = (cell.strip() for cell in line.strip().strip("|").split(" |"))
            rows[first.strip(" `")] = rest
        elif rows:
            break
    assert rows, f"no table below {heading!r}"
    return rows


def test_ignored_fields() -> None:
    shown = {name: cells[0] for name, cells in table("caching", "Fields that are left out").items()}
    assert shown == request_fields.IGNORED


@pytest.mark.parametrize(
    ("heading", "defaults"),
    [
        ("Defaults that equal absence", request_fields.DEFAULTS),
        ("Defaults of responses", request_fields.RESPONSES_DEFAULTS),
        ("Defaults of messages", request_fields.MESSAGES_DEFAULTS),
        ("Defaults of legacy completions", request_fields.COMPLETION_DEFAULTS),
    ],
)
def test_defaults(heading: str, defaults: dict[str, Any]) -> None:
    rows = table("caching", heading)
    shown = {name: json.loads(cells[0].strip("`")) for name, cells in rows.items()}
    assert shown == defaults


def test_providers() -> None:
    page = provider_tables.PAGE.read_text()
    assert page == provider_tables.written(page), "run tools/provider_tables.py"
    assert list(table("providers", "Providers and models")) == list(PROVIDERS)


def test_tools_that_are_cached() -> None:
    text = (PUBLIC / "providers.md").read_text()
    section = text.split("**tool that the\nprovider runs**")[1].split("##")[0]
    known = {name.rstrip("_*") for names in CLIENT_TOOLS.values() for name in names}
    assert {name for name in known if f"`{name}`" not in section} <= {"computer_use_preview"}


def test_paths_passed_through() -> None:
    text = (PUBLIC / "providers.md").read_text()
    section = text.split("## Passed through")[1].split("So do requests")[0]
    assert tuple(re.findall(r"`(/v1/[^`]+)`", section)) == passthrough.PREFIXES


def test_headers_in_the_key() -> None:
    text = (PUBLIC / "caching.md").read_text()
    section = text.split("### Request headers in the key")[1].split("##")[0]
    assert re.findall(r"^- `([^`]+)`", section, re.MULTILINE) == list(request_fields.ANSWER_HEADERS)


def test_errors() -> None:
    shown = {code: int(cells[0]) for code, cells in table("errors", "Errors").items()}
    assert shown == errors.all_codes()


def test_request_headers() -> None:
    shown = table("headers", "Request headers")
    assert set(shown) == {name for name in _read_headers() if not name.startswith(_PLUMBING)}
    assert "2592000" in shown["x-watchllm-cache-ttl"][0]
    assert policy.MAX_TTL_SECONDS == 2_592_000


def test_response_headers() -> None:
    shown = set(table("headers", "Response headers"))
    sent = {name for name in _names(GATEWAY) if _OURS.match(name)} - set(_read_headers())
    assert sent <= shown, sorted(sent - shown)
    everything = set(_names(GATEWAY))
    assert shown <= everything, sorted(shown - everything)


def test_settings_of_the_edge() -> None:
    required = table("self-hosting", "Settings of the edge")
    assert tuple(required) == settings.REQUIRED
    text = (PUBLIC / "self-hosting.md").read_text()
    numbers = {
        name: float(value)
        for name, value in re.findall(r"^\| `([A-Z_]+)` \| ([0-9.]+) \|$", text, re.MULTILINE)
    }
    assert numbers == settings.NUMBERS
    assert tuple(table("self-hosting", "Optional settings")) == settings.OPTIONAL


def _read_headers() -> set[str]:
    """Names that the gateway asks a request for, directly or by a table."""
    found = {*request_fields.ANSWER_HEADERS, *labels.HEADERS}
    for path in GATEWAY.rglob("*.py"):
        text = path.read_text()
        for pattern in _READS:
            found |= set(pattern.findall(text))
        for line in text.splitlines():
            if "traceparent" in line:
                found |= set(re.findall(r'"([a-z-]+)"', line))
    return found


def _names(folder: Path) -> Iterator[str]:
    """Every string constant in the folder's code, docstrings left out by their spaces."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
