"""The command palette: what it offers to whom, and what the pages' scripts weigh."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Membership, Organization, Role, User
from apps.accounts.services.organizations import organization_create
from apps.projects.models import Project
from apps.projects.services.projects import project_archive, project_create
from tests.dashboard.pages.conftest import Cast, signed_in

pytestmark = pytest.mark.django_db
MAX_SCRIPT_BYTES = 150 * 1024


def _links(text: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', text)


def test_every_offer_can_be_opened_by_whom_it_is_made_to(cast: Cast, home: str) -> None:
    for role in ("owner", "admin", "member", "viewer"):
        client = getattr(cast, role)
        for page in (f"{home}palette/", "/app/acme/-/palette/", "/app/-/palette/"):
            text = client.get(page).content.decode()
            links = _links(text)
            assert len(links) >= 6
            for link in links:
                assert client.get(link).status_code in (200, 302), (role, link)


def test_actions_follow_the_role(cast: Cast, home: str) -> None:
    offers = {
        role: getattr(cast, role).get(f"{home}palette/").content.decode()
        for role in ("owner", "member", "viewer")
    }
    assert "Create an API key" in offers["member"]
    assert "Create an API key" not in offers["viewer"]
    assert "Invite a member" in offers["owner"]
    assert "Invite a member" not in offers["member"]
    assert "Audit log" not in offers["viewer"]
    for text in offers.values():
        assert text.count('data-set-theme="') == 3


def test_other_projects_and_organizations_of_ones_own_and_no_others(
    cast: Cast, owner: User, organization: Organization, project: Project, home: str
) -> None:
    second = organization_create(name="Second", owner=owner, actor=owner)
    theirs = project_create(organization=second, name="Billing bot", actor=owner)
    gone = project_create(organization=second, name="Old bot", actor=owner)
    project_archive(project=gone, actor=owner)
    text = cast.owner.get(f"{home}palette/").content.decode()
    assert f"/app/second/{theirs.slug}/" in text
    assert "/app/second/-/team/" in text
    assert "Old bot" not in text
    assert "/app/other/" not in text
    assert f'href="{home}"' in text  # as the project's overview, and not once more below
    assert text.count(f'href="{home}"') == 1
    assert "Second" not in cast.viewer.get(f"{home}palette/").content.decode()
    foreign = cast.stranger.get("/app/-/palette/").content.decode()
    assert "Second" not in foreign
    assert "acme" not in foreign


def test_it_takes_as_many_queries_for_many_projects_as_for_one(
    owner: User, organization: Organization, project: Project, home: str
) -> None:
    client = signed_in(owner)
    client.get(f"{home}palette/")  # the session remembers the project
    with CaptureQueriesContext(connection) as few:
        client.get(f"{home}palette/")
    for number in range(12):
        other = organization_create(name=f"Org {number}", owner=owner, actor=owner)
        project_create(organization=other, name="Bot", actor=owner)
    with CaptureQueriesContext(connection) as many:
        client.get(f"{home}palette/")
    assert len(many) == len(few)


def test_markup_in_names_stays_text(owner: User, organization: Organization) -> None:
    other = organization_create(name="<b>Bold</b>", owner=owner, actor=owner)
    project_create(organization=other, name="<script>x</script>", actor=owner)
    text = signed_in(owner).get("/app/-/palette/").content.decode()
    assert "<b>" not in text
    assert "<script>" not in text


def test_documentation_is_found(cast: Cast) -> None:
    text = cast.viewer.get("/app/-/palette/docs/", {"q": "x-watchllm-cache-ttl"}).content.decode()
    assert "/docs/headers/" in text
    assert text.count('role="option"') <= 6
    assert "option" not in cast.viewer.get("/app/-/palette/docs/", {"q": "qqzz"}).content.decode()
    assert "option" not in cast.viewer.get("/app/-/palette/docs/").content.decode()


def test_someone_without_an_organization_has_one_too(db: None) -> None:
    alone = User.objects.create_user("alone@example.com", "password-1234")
    client = signed_in(alone)
    page = client.get("/app/").content.decode()
    assert 'data-commands="/app/-/palette/"' in page
    assert "/app/new/" in _links(client.get("/app/-/palette/").content.decode())


def test_each_page_asks_for_its_own(cast: Cast, home: str) -> None:
    assert f'data-commands="{home}palette/"' in cast.viewer.get(home).content.decode()
    team = cast.viewer.get("/app/acme/-/team/").content.decode()
    assert 'data-commands="/app/acme/-/palette/"' in team


def test_scripts_of_the_heaviest_pages_stay_within_the_budget(cast: Cast, home: str) -> None:
    for page in (home, f"{home}usage/", f"{home}cache/", f"{home}start/"):
        text = cast.owner.get(page).content.decode()
        sources = re.findall(r'<script[^>]+src="/static/([^"]+)"', text)
        assert "js/palette.js" in sources
        weight = sum(
            len(gzip.compress(Path(str(finders.find(source))).read_bytes())) for source in sources
        )
        assert 0 < weight <= MAX_SCRIPT_BYTES


def test_a_removed_member_is_offered_nothing_of_it(
    cast: Cast, organization: Organization, home: str
) -> None:
    Membership.objects.filter(organization=organization, role=Role.VIEWER).delete()
    assert cast.viewer.get(f"{home}palette/").status_code == 404
    assert "acme" not in cast.viewer.get("/app/-/palette/").content.decode()
