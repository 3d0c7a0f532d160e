"""The API description against the Worker: every route it serves, and nothing else."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.app import ROUTES
from gateway.core import errors

FILE = Path(__file__).resolve().parents[2] / "docs/public/openapi.json"
SPEC: dict[str, Any] = json.loads(FILE.read_text())


def test_paths_and_methods_are_the_workers_routes() -> None:
    described = {
        path: {method.upper() for method in methods} for path, methods in SPEC["paths"].items()
    }
    assert described == {path: set(methods) for path, methods in ROUTES.items()}


def test_every_reference_resolves() -> None:
    references = [value for name, value in _members(SPEC) if name == "$ref"]
    assert references
    for reference in references:
        found: Any = SPEC
        for part in reference.removeprefix("#/").split("/"):
            found = found[part]


def test_every_component_is_used() -> None:
    used = {value for name, value in _members(SPEC) if name == "$ref"}
    for kind in ("parameters", "responses", "schemas"):
        for name in SPEC["components"][kind]:
            assert f"#/components/{kind}/{name}" in used


def test_errors_are_described_at_their_status() -> None:
    shown: dict[str, set[int]] = {}
    for operation in _operations():
        for status, response in operation["responses"].items():
            described = _resolve(response)["description"]
            for code in re.findall(r"`([a-z_]+)`", described):
                shown.setdefault(code, set()).add(int(status))
    # Of no operation.
    unseen = {"unknown_url", "method_not_allowed", "client_disconnected", "websocket_not_served"}
    known = {code: status for code, status in errors.all_codes().items() if code not in unseen}
    assert {code: {status} for code, status in known.items()} == {
        code: statuses for code, statuses in shown.items() if code in known
    }


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for operation in _operations()]
    assert len(ids) == len(set(ids))


def _operations() -> Iterator[dict[str, Any]]:
    for methods in SPEC["paths"].values():
        yield from methods.values()


def _resolve(item: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in item:
        return item
    found: Any = SPEC
    for part in item["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield name, item
            yield from _members(item)
    elif isinstance(value, list):
        for item in value:
            yield from _members(item)
