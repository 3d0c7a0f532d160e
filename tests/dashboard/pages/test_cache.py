"""The Cache page: settings, counts, and a purge that the edge obeys."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from apps.audit.models import AuditLog
from apps.projects.cache_control import Scope, cache_purge
from apps.projects.cache_forms import CacheSettingsForm
from apps.projects.models import Project
from apps.projects.redis import redis_client
from apps.projects.services.api_keys import CreatedApiKey
from apps.usage.models import UsageHourly
from apps.usage.rollup import usage_rollup
from shared import redis_keys
from tests.dashboard.pages.conftest import Cast
from tests.dashboard.usage_rows import usage_row
from tests.doubles.upstash import UpstashDouble
from tests.worker.edge import Edge, Tenant

pytestmark = pytest.mark.django_db

SETTINGS = {
    "cache_enabled": "on",
    "ttl_seconds": "90m",
    "embeddings_ttl_seconds": "7 days",
    "max_temperature": "0.5",
    "namespace": "v2",
    "semantic_mode": "off",
    "prompt_cache": "tune",
}


def test_settings_reach_the_project_and_its_revision(
    cast: Cast, home: str, project: Project
) -> None:
    revision = project.edge_revision
    assert cast.member.post(f"{home}cache/", SETTINGS).status_code == 302
    project.refresh_from_db()
    assert (project.ttl_seconds, project.embeddings_ttl_seconds) == (5_400, 604_800)
    assert (project.max_temperature, project.namespace) == (0.5, "v2")
    assert (project.cache_enabled, project.cache_on_disconnect) == (True, False)
    assert project.prompt_cache == "tune"
    assert project.edge_revision > revision
    page = cast.member.get(f"{home}cache/").content.decode()
    assert 'value="90 minutes"' in page
    assert 'value="7 days"' in page


@pytest.mark.parametrize(("role", "allowed"), [("member", False), ("admin", True), ("owner", True)])
def test_only_who_manages_the_project_takes_its_risk(
    cast: Cast, home: str, project: Project, role: str, *, allowed: bool
) -> None:
    opened = {**SETTINGS, "semantic_mode": "strict", "semantic_opened": "on"}
    assert getattr(cast, role).post(f"{home}cache/", opened).status_code == 302
    project.refresh_from_db()
    assert project.semantic_opened is allowed
    # A member who saves something else leaves the owner's choice as it is.
    Project.objects.update(semantic_opened=True)
    cast.member.post(f"{home}cache/", SETTINGS)
    project.refresh_from_db()
    assert project.semantic_opened is True
    assert "opened before there is evidence" in cast.viewer.get(f"{home}cache/").content.decode()


@pytest.mark.parametrize(
    ("typed", "share", "shown"), [("12.5", 0.125, "12.5"), ("0", 0.0, "0"), ("", None, "")]
)
def test_the_share_of_checks_is_percent_in_the_form(
    cast: Cast, home: str, project: Project, *, typed: str, share: float | None, shown: str
) -> None:
    cast.member.post(f"{home}cache/", {**SETTINGS, "semantic_check_share": typed})
    project.refresh_from_db()
    assert project.semantic_check_share == share
    form = CacheSettingsForm.for_project(project, manages=True)
    assert (form["semantic_check_share"].value() or "") == shown
    again = CacheSettingsForm.for_project(
        project, {**SETTINGS, "semantic_check_share": shown}, manages=True
    )
    assert "semantic_check_share" not in again.changed_data


def test_saving_what_is_there_changes_nothing(cast: Cast, home: str, project: Project) -> None:
    cast.member.post(f"{home}cache/", SETTINGS)
    entries = AuditLog.objects.count()
    cast.member.post(f"{home}cache/", {**SETTINGS, "ttl_seconds": "5400"})
    assert AuditLog.objects.count() == entries


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"ttl_seconds": "0"}, "From 1 second to 30 days"),
        ({"ttl_seconds": "31 days"}, "From 1 second to 30 days"),
        ({"ttl_seconds": "soon"}, "A time such as"),
        ({"ttl_seconds": "9" * 30}, "A time such as"),
        ({"max_temperature": "3"}, "less than or equal to 2"),
        ({"semantic_check_share": "101"}, "less than or equal to 100"),
        ({"semantic_check_share": "nan"}, "Enter a number"),
        ({"namespace": "a b"}, "Letters, digits"),
        ({"namespace": ""}, "required"),
        ({"semantic_mode": "wild"}, "not one of the available choices"),
    ],
)
def test_what_makes_no_sense_is_refused(
    cast: Cast, home: str, project: Project, fields: dict[str, str], complaint: str
) -> None:
    page = cast.owner.post(f"{home}cache/", {**SETTINGS, **fields}).content.decode()
    assert complaint in page
    project.refresh_from_db()
    assert project.namespace == "default"


def test_the_last_days_are_those_of_the_log(
    cast: Cast, home: str, created_key: CreatedApiKey
) -> None:
    """Overview, Usage and this page tell the same hit rate."""
    now = timezone.now().astimezone(UTC).replace(hour=12)
    statuses = ("HIT", "HIT-SEMANTIC", "HIT-COALESCED", "MISS")
    for status in statuses:
        usage_row(created_key.api_key, ts=now, cache_status=status).save()
    for days in (1, 6, 7):
        usage_row(created_key.api_key, ts=now - timedelta(days=days), cache_status="HIT").save()
    usage_rollup()
    with time_machine.travel(now, tick=False):  # no midnight comes in between
        days = cast.viewer.get(f"{home}cache/").context["days"]
    assert [day.requests for day in days] == [4, 1, 0, 0, 0, 0, 1]
    assert (days[0].exact, days[0].semantic, days[0].coalesced) == (1, 1, 1)
    assert [day.rate for day in days[:3]] == [0.75, 1.0, None]


def test_the_last_days_are_the_visitors(cast: Cast, home: str, created_key: CreatedApiKey) -> None:
    """23:30 of the 18th and 0:30 of the 19th in Auckland are one day in UTC, and two there."""
    for hour in (10, 11):
        ts = datetime(2026, 11, 18, hour, 30, tzinfo=UTC)
        usage_row(created_key.api_key, ts=ts).save()
    usage_rollup()
    cast.viewer.cookies["tz"] = "Pacific/Auckland"
    with time_machine.travel(datetime(2026, 11, 19, 2, tzinfo=UTC), tick=False):
        days = cast.viewer.get(f"{home}cache/").context["days"]
    assert [(f"{day.day:%d}", day.requests) for day in days[:3]] == [
        ("19", 1),
        ("18", 1),
        ("17", 0),
    ]


def test_without_redis_the_page_still_works(cast: Cast, home: str) -> None:
    assert cast.owner.get(f"{home}cache/").status_code == 200
    done = cast.owner.post(
        f"{home}cache/purge/", {"scope": "all", "older_than": "0", "confirm": "yes"}, follow=True
    )
    assert "nothing was purged" in done.content.decode()
    assert not AuditLog.objects.filter(action="cache.purge").exists()


def test_a_purge_is_shown_before_it_is_done(
    cast: Cast, home: str, project: Project, upstash: UpstashDouble
) -> None:
    for status, requests in (("HIT", 40), ("MISS", 2)):
        UsageHourly.objects.create(
            hour=timezone.now() - timedelta(hours=2),
            organization_id=project.organization_id,
            project=project,
            api_key_id=uuid.uuid4(),
            endpoint="/v1/chat/completions",
            provider="openai",
            model="gpt-4o-mini",
            cache_status=status,
            **dict.fromkeys(_SUMS, 0),
            requests=requests,
        )
    values = ["gpt-4o-mini:blue:abc", "gpt-4o-mini:green:abcde", "gpt-4o:blue:abcdefghi"]
    with redis_client() as redis:
        for number, value in enumerate(values):
            name = redis_keys.entry(str(project.pk), f"{number:064x}")
            redis.set(name, f"{int(time.time() * 1000)}:{value}")
    asked = {"scope": "some", "model": "gpt-4o-mini", "namespace": "", "older_than": "3600"}
    preview = "".join(cast.member.post(f"{home}cache/purge/", asked).content.decode().split())
    assert "<dd>42</dd>" in preview
    assert "<dd>40</dd>" in preview
    assert "Olderthan1hour" in preview
    assert "atmost2,71bytes" in preview
    assert "thepurgetakesonlytheentriesthatareoldenough" in preview
    narrow = cast.member.post(f"{home}cache/purge/", {**asked, "namespace": "blue"})
    assert "cannot say how much traffic" in narrow.content.decode()
    assert not AuditLog.objects.filter(action="cache.purge").exists()
    upstash.requests.clear()
    cast.member.post(f"{home}cache/purge/", {**asked, "confirm": "yes"})
    (command,) = upstash.commands()
    assert command[0] == "EVAL"
    assert command[3:5] == [redis_keys.cutoffs(str(project.pk)), "model:gpt-4o-mini"]
    entry = AuditLog.objects.get(action="cache.purge")
    assert entry.data["scope"] == "model:gpt-4o-mini"


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"scope": "some"}, "Name a model, a namespace, or both"),
        ({"scope": "all", "model": "gpt-4o-mini"}, "Choose the narrower one"),
        ({"scope": "some", "namespace": "a b"}, "Letters, digits"),
        ({"scope": "all", "older_than": "5"}, "not one of the available choices"),
    ],
)
def test_a_purge_says_what_it_is_about(
    cast: Cast, home: str, upstash: UpstashDouble, fields: dict[str, str], complaint: str
) -> None:
    given = {"older_than": "0", "confirm": "yes", **fields}
    page = cast.owner.post(f"{home}cache/purge/", given).content.decode()
    assert complaint in page
    assert not [command for command in upstash.commands() if command[0] == "EVAL"]


def test_viewers_look_and_strangers_find_nothing(
    cast: Cast, home: str, upstash: UpstashDouble
) -> None:
    purge = {"scope": "all", "older_than": "0", "confirm": "yes"}
    assert cast.viewer.post(f"{home}cache/", SETTINGS).status_code == 403
    assert cast.viewer.post(f"{home}cache/purge/", purge).status_code == 403
    assert cast.stranger.post(f"{home}cache/purge/", purge).status_code == 404
    assert cast.stranger.get(f"{home}cache/").status_code == 404
    assert upstash.requests == []
    page = cast.viewer.get(f"{home}cache/").content.decode()
    assert "Preview the purge" not in page
    assert "1 hour" in page


@pytest.fixture(scope="module")
def edge() -> Iterator[Edge]:
    with Edge("cpython") as running:
        yield running


@pytest.fixture
def shared_with_edge(edge: Edge, project: Project, settings: object) -> Tenant:
    """A tenant at the edge that is ``project``, on the Redis that the dashboard uses."""
    settings.UPSTASH_REDIS_REST_URL = edge.upstash.url  # type: ignore[attr-defined]
    settings.UPSTASH_REDIS_REST_TOKEN = edge.upstash.token  # type: ignore[attr-defined]
    tenant = edge.tenant()
    tenant.project_id = tenant.record["project_id"] = str(project.pk)
    return tenant


@pytest.mark.parametrize(
    ("scope", "dies"),
    [
        (Scope(), True),
        (Scope(model="gpt-4o-mini"), True),
        (Scope(namespace="blue"), True),
        (Scope(model="gpt-4o-mini", namespace="blue"), True),
        (Scope(model="gpt-4o"), False),
        (Scope(namespace="green"), False),
        (Scope(older_than=timedelta(hours=1)), False),
    ],
)
def test_the_edge_obeys_a_purge(
    edge: Edge, shared_with_edge: Tenant, project: Project, scope: Scope, dies: bool
) -> None:
    tenant = shared_with_edge
    headers = {"x-watchllm-cache-namespace": "blue"}
    question = f"purge {uuid.uuid4()}"

    def ask() -> str:
        status: str = tenant.chat(question, headers).headers["x-watchllm-cache"]
        edge.settled()
        return status

    assert [ask(), ask()] == ["MISS", "HIT"]
    cache_purge(project=project, scope=scope, actor=None)
    assert ask() == ("MISS" if dies else "HIT")
    assert ask() == "HIT"


_SUMS = (
    "quota_requests",
    "errors",
    "unpriced_requests",
    "prompt_tokens",
    "completion_tokens",
    "cached_tokens",
    "cost_nanousd",
    "saved_nanousd",
    "latency_ms_sum",
)
