"""The description of the Usage API, held to real answers: each status of each path is provoked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from jsonschema import Draft202012Validator, FormatChecker

from apps.projects.models import Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage import filters
from apps.usage.models import UsageLog
from apps.usage.rollup import usage_rollup
from apps.usage.views import api
from shared.version import VERSION
from tests.dashboard.pages.test_usage_api import get, key_of
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
PATHS = ("usage", "requests", "budgets")
LIMITS = {
    "label": "user",
    "requests_per_minute": 60,
    "budget_nanousd": 100,
    "period": "day",
    "most_values": 10,
}


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def spec(client: Client) -> dict[str, Any]:
    answer = client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json()


@pytest.fixture
def rows(created_key: CreatedApiKey) -> list[UsageLog]:
    """Of each kind: labelled or not, priced or not, refused."""
    key = created_key.api_key
    made = [
        usage_row(key, ts=NOW - timedelta(minutes=1), labels={"user": "ada"}, cost_nanousd=30),
        usage_row(key, ts=NOW - timedelta(hours=20), labels={"user": "ada"}, cost_nanousd=30),
        usage_row(key, ts=NOW, labels={"user": "grace"}, cost_nanousd=5, cache_status="REFUSED"),
        usage_row(key, ts=NOW, cost_nanousd=None, model=None, provider=None),
    ]
    UsageLog.objects.bulk_create(made)
    usage_rollup()
    return made


def check(spec: dict[str, Any], path: str, answer: Any) -> Any:
    """The answer's JSON, which is as the description says of its status."""
    told = spec["paths"][f"/{path}"]["get"]["responses"][str(answer.status_code)]
    if "$ref" in told:
        told = spec["components"]["responses"][told["$ref"].rsplit("/", 1)[1]]
    assert answer.headers["content-type"] in told["content"]
    schema = told["content"]["application/json"]["schema"]
    whole = _exact({**schema, "components": spec["components"]})
    Draft202012Validator(whole, format_checker=FormatChecker()).validate(answer.json())
    return answer.json()


def _exact(schema: Any) -> Any:
    """The same, but nothing that is not described may be there."""
    if isinstance(schema, list):
        return [_exact(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _exact(each) for name, each in schema.items()}
    return found | {"additionalProperties": False} if "properties" in found else found


def test_every_path_is_described_and_no_other(spec: dict[str, Any]) -> None:
    assert set(spec["paths"]) == {f"/{path}" for path in PATHS}
    assert spec["info"]["version"] == VERSION
    for path in PATHS:
        assert hasattr(api, path)


def test_every_parameter_is_one_that_filters(spec: dict[str, Any]) -> None:
    for path in ("usage", "requests"):
        names = {each["name"] for each in spec["paths"][f"/{path}"]["get"]["parameters"]}
        assert set(filters.DIMENSIONS) <= names


@pytest.mark.parametrize("by", ["model", "provider", "endpoint", "key", "status", "label:user"])
def test_sums(
    client: Client, spec: dict[str, Any], project: Project, rows: list[UsageLog], by: str
) -> None:
    told = check(spec, "usage", get(client, "usage", key_of(project), by=by, period="24h"))
    assert ("other" in told) == by.startswith("label:")
    assert told["rows"]


def test_requests(
    client: Client, spec: dict[str, Any], project: Project, rows: list[UsageLog]
) -> None:
    told = check(spec, "requests", get(client, "requests", key_of(project)))
    assert len(told["data"]) == len(rows)
    since = (NOW - timedelta(hours=1)).isoformat()
    some = check(spec, "requests", get(client, "requests", key_of(project), since=since))
    assert len(some["data"]) == 3


def test_budgets(
    client: Client, spec: dict[str, Any], project: Project, rows: list[UsageLog]
) -> None:
    key = key_of(project)
    assert check(spec, "budgets", get(client, "budgets", key))["label"] is None
    for period, spent in (("day", 30), ("month", 60)):
        Project.objects.update(label_limits=LIMITS | {"period": period})
        told = check(spec, "budgets", get(client, "budgets", key))["label"]
        assert told["values"] == [
            {"value": "ada", "spent_nanousd": spent},
            {"value": "grace", "spent_nanousd": 5},
        ]


@pytest.mark.parametrize("path", PATHS)
def test_errors(client: Client, spec: dict[str, Any], project: Project, path: str) -> None:
    key = key_of(project)
    check(spec, path, get(client, path, "lgr_nonsense"))
    check(spec, path, get(client, path, key_of(project, [p for p in PATHS if p != path])))
    check(spec, path, client.post(f"/api/v1/{path}", headers={"authorization": f"Bearer {key}"}))
    if path == "usage":
        check(spec, path, get(client, path, key, by="colour"))
    for _ in range(api.PER_MINUTE):
        answer = get(client, path, key)
    answer = get(client, path, key)
    assert answer.status_code == 429
    check(spec, path, answer)
