"""The Usage API: the numbers of the pages, for keys that read one project's."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_archive
from apps.usage.models import ReadKey, UsageLog
from apps.usage.read_keys import MOST_KEYS, read_key_create, read_key_revoke
from apps.usage.request_log import PAGE
from apps.usage.rollup import usage_rollup
from apps.usage.views.api import PER_MINUTE
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
ALL = ["usage", "requests", "budgets"]


@pytest.fixture(autouse=True)
def _noon() -> Any:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def rows(created_key: CreatedApiKey, cast: Cast) -> list[UsageLog]:
    """More than a page, of both tenants."""
    made = [
        usage_row(
            created_key.api_key,
            request_id=f"r-{number}",
            ts=NOW - timedelta(minutes=number),
            model=f"m{number % 3}",
            cache_status=("MISS", "HIT", "REFUSED")[number % 3],
            cost_nanousd=number,
            labels={"user": f"u{number % 2}"},
            prompt="secret prompt",
        )
        for number in range(PAGE + 5)
    ]
    UsageLog.objects.bulk_create(made)
    usage_rollup()
    return made


def get(client: Client, path: str, key: str, **params: Any) -> Any:
    return client.get(f"/api/v1/{path}", params, headers={"authorization": f"Bearer {key}"})


def key_of(project: Project, scopes: list[str] = ALL) -> str:
    made = read_key_create(
        project=project, new_id=uuid4(), name="Reader", scopes=scopes, actor=None
    )
    return made[1]


def test_the_sums_are_those_of_the_usage_page(
    client: Client, cast: Cast, home: str, project: Project, rows: list[UsageLog]
) -> None:
    key = key_of(project)
    for by in ("model", "status"):
        told = get(client, "usage", key, by=by, period="24h").json()
        page = cast.viewer.get(f"{home}usage/?period=24h&by={by}").context
        assert {row.pop("value"): row for row in told["rows"]} == {
            row["value"]: asdict(row["now"]) for row in page["rows"]
        }
        assert told["total"] == asdict(page["now"])
    labelled = get(client, "usage", key, by="label:user", period="24h").json()
    assert {row["value"] for row in labelled["rows"]} == {"u0", "u1"}
    assert labelled["total"]["cost_nanousd"] == sum(row.cost_nanousd or 0 for row in rows)
    one = get(client, "usage", key, by="status", model="m1", period="24h").json()
    assert [row["value"] for row in one["rows"]] == ["HIT"]


def test_the_log_is_read_page_by_page_without_texts(
    client: Client, project: Project, rows: list[UsageLog]
) -> None:
    key = key_of(project, ["requests"])
    first = get(client, "requests", key)
    assert b"secret" not in first.content
    second = get(client, "requests", key, at=first.json()["next"]).json()
    assert second["next"] is None or second["data"]
    ids = [row["request_id"] for row in [*first.json()["data"], *second["data"]]]
    assert ids == [row.request_id for row in rows]
    found = get(client, "requests", key, label="user", value="u1", status="HIT").json()["data"]
    assert {row["labels"]["user"] for row in found} == {"u1"}
    assert {row["cache_status"] for row in found} == {"HIT"}


def test_budgets_and_quota_of_the_month(
    client: Client, project: Project, created_key: CreatedApiKey, rows: list[UsageLog]
) -> None:
    Project.objects.filter(pk=project.pk).update(monthly_budget_nanousd=10**9)
    ApiKey.objects.filter(pk=created_key.api_key.pk).update(monthly_budget_nanousd=5)
    spent = sum(row.cost_nanousd or 0 for row in rows)
    told = get(client, "budgets", key_of(project, ["budgets"])).json()
    assert told["month"] == "2026-11"
    assert told["project"] == {"budget_nanousd": 10**9, "spent_nanousd": spent}
    (one,) = told["keys"]
    assert (one["budget_nanousd"], one["spent_nanousd"]) == (5, spent)
    assert told["quota"]["used"] == len(rows)


def test_a_key_reads_its_own_project_alone(
    client: Client, project: Project, rows: list[UsageLog]
) -> None:
    other = Project.objects.get(organization__name="Other")
    key = key_of(other)
    assert get(client, "requests", key).json()["data"] == []
    assert get(client, "usage", key).json()["total"]["requests"] == 0
    assert get(client, "budgets", key).json()["keys"] == []


@pytest.mark.parametrize("path", ALL)
def test_who_is_let_in(client: Client, project: Project, path: str) -> None:
    wrong = [scope for scope in ALL if scope != path]
    limited, revoked = key_of(project, wrong), key_of(project)
    found = ReadKey.objects.get(last4=revoked[-4:], scopes=ALL)
    read_key_revoke(project=project, read_key_id=found.pk, actor=None)
    for key, status, code in (
        (limited, 403, "missing_scope"),
        (revoked, 401, "invalid_read_key"),
        ("lgr_nonsense", 401, "invalid_read_key"),
        ("", 401, "invalid_read_key"),
    ):
        answer = get(client, path, key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    good = key_of(project, [path])
    assert get(client, path, good).status_code == 200
    post = client.post(f"/api/v1/{path}", headers={"authorization": f"Bearer {good}"})
    assert post.status_code == 405
    project_archive(project=project, actor=None)
    assert get(client, path, good).status_code == 401


def test_a_key_asks_so_often_a_minute(client: Client, project: Project) -> None:
    key = key_of(project, ["budgets"])
    answers = [get(client, "requests", key).status_code for _ in range(PER_MINUTE + 1)]
    assert answers == [403] * PER_MINUTE + [429]


@pytest.mark.parametrize(
    "params", [{"by": "colour"}, {"by": "label:env"}, {"tz": "../etc"}, {"tz": "Mars/Base"}]
)
def test_what_cannot_be_asked_is_told(
    client: Client, project: Project, params: dict[str, str]
) -> None:
    answer = get(client, "usage", key_of(project), **params)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameter")


def test_admins_make_and_revoke_keys(cast: Cast, home: str, project: Project) -> None:
    url = f"{home}settings/read-keys/"
    form = {"name": "Grafana", "scopes": ["usage", "budgets"]}
    for role in (cast.member, cast.viewer):
        assert role.get(url).status_code == 403
        assert role.post(url, form).status_code == 403
    page = cast.admin.post(url, form)
    text = page.context["new_key"]
    made = ReadKey.objects.get()
    assert (made.scopes, text[-4:]) == (["usage", "budgets"], made.last4)
    assert text in page.content.decode()
    assert text not in cast.admin.get(url).content.decode()
    assert text not in made.key_hash
    assert cast.admin.post(url, {"name": "x", "scopes": ["everything"]}).context["form"].errors
    assert cast.stranger.post(f"{url}{made.pk}/revoke/").status_code == 404
    assert cast.member.post(f"{url}{made.pk}/revoke/").status_code == 403
    assert cast.admin.post(f"{url}{made.pk}/revoke/").status_code == 302
    assert cast.admin.post(f"{url}{made.pk}/revoke/").status_code == 404
    actions = AuditLog.objects.filter(action__startswith="read_key.").values_list("action")
    assert sorted(actions) == [("read_key.create",), ("read_key.revoke",)]


def test_the_same_form_sent_twice_makes_one_key(cast: Cast, home: str) -> None:
    url = f"{home}settings/read-keys/"
    new_id = cast.admin.get(url).context["form"]["new_id"].value()
    form = {"name": "Grafana", "scopes": ["usage"], "new_id": new_id}
    assert cast.admin.post(url, form).context["new_key"]
    again = cast.admin.post(url, form, follow=True)
    assert "No further key" in again.content.decode()
    assert again.context["new_key"] == ""
    assert ReadKey.objects.count() == 1
    # Another page, another key: the id is its own.
    form["new_id"] = cast.admin.get(url).context["form"]["new_id"].value()
    cast.admin.post(url, form)
    assert ReadKey.objects.count() == 2


def test_a_project_has_a_bounded_number_of_keys(cast: Cast, home: str, project: Project) -> None:
    for _ in range(MOST_KEYS):
        key_of(project)
    page = cast.admin.post(f"{home}settings/read-keys/", {"name": "x", "scopes": ["usage"]})
    assert "at most 20 keys" in page.content.decode()
    assert ReadKey.objects.count() == MOST_KEYS
