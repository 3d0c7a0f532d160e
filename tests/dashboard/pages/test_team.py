"""The Team page, invitations, and the audit log."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Organization, Role, User
from apps.audit.models import AuditLog
from apps.audit.services import audit_record
from apps.emails.models import Email
from apps.projects.audit_log import PAGE
from apps.projects.models import Project
from apps.projects.services.projects import project_update
from tests.dashboard.pages.conftest import Cast, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(organization: Organization) -> str:
    return f"/app/{organization.slug}/-/team/"


@pytest.fixture
def ada(db: None) -> User:
    """Somebody with an account who is no member."""
    return User.objects.create_user("ada@example.com", "password-1234")


def _member(role: Role) -> Membership:
    return Membership.objects.get(user__email=f"{role}@example.com")


def _link() -> str:
    """The path of the link in the last invitation that was sent."""
    text = Email.objects.filter(message="invitation").latest("id").text
    found = re.search(r"/app/invitations/[^/\s]+/", text)
    assert found, text
    return found[0]


def test_inviting_sends_a_link_that_makes_a_member(
    cast: Cast, team: str, organization: Organization, ada: User
) -> None:
    cast.admin.post(f"{team}invite/", {"email": "Ada@Example.com", "role": "member"})
    assert "ada@example.com" in cast.owner.get(team).content.decode()
    browser = signed_in(ada)
    page = browser.get(_link()).content.decode()
    assert "Join Acme" in page
    response = browser.post(_link())
    assert response["Location"] == team
    assert Membership.objects.get(user=ada).role == Role.MEMBER
    assert browser.get(team).status_code == 200
    assert AuditLog.objects.filter(action="invitation.create").exists()


def test_a_link_works_once(cast: Cast, team: str, ada: User) -> None:
    cast.admin.post(f"{team}invite/", {"email": ada.email, "role": "viewer"})
    browser = signed_in(ada)
    browser.post(_link())
    Membership.objects.get(user=ada).delete()
    assert "no longer open" in browser.post(_link()).content.decode()
    assert not Membership.objects.filter(user=ada).exists()


def test_the_table_does_not_hold_the_link(cast: Cast, team: str, ada: User) -> None:
    cast.admin.post(f"{team}invite/", {"email": ada.email, "role": "viewer"})
    token = _link().split("/")[-2]
    stored = str(Invitation.objects.values().get())
    assert token not in stored
    assert token not in str(list(AuditLog.objects.values_list("data", flat=True)))


def test_a_link_is_for_the_invited_person(cast: Cast, team: str, ada: User) -> None:
    cast.admin.post(f"{team}invite/", {"email": ada.email, "role": "admin"})
    page = cast.stranger.post(_link()).content.decode()
    assert "This invitation is for ada@example.com" in page
    assert not Membership.objects.filter(user__email="stranger@example.com", role="admin").exists()


@pytest.mark.parametrize("ending", ["expired", "withdrawn", "replaced"])
def test_an_ended_link_makes_nobody_a_member(cast: Cast, team: str, ada: User, ending: str) -> None:
    cast.admin.post(f"{team}invite/", {"email": ada.email, "role": "member"})
    link, invitation = _link(), Invitation.objects.get()
    if ending == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif ending == "withdrawn":
        cast.admin.post(f"{team}invitations/{invitation.pk}/")
    else:
        cast.admin.post(f"{team}invite/", {"email": ada.email, "role": "viewer"})
    browser = signed_in(ada)
    assert "Join Acme" not in browser.get(link).content.decode()
    assert "no longer open" in browser.post(link).content.decode()
    assert not Membership.objects.filter(user=ada).exists()


def test_links_need_a_log_in_and_must_have_been_sent(cast: Cast) -> None:
    assert Client().get("/app/invitations/abc/")["Location"].startswith("/accounts/login/")
    assert cast.owner.get("/app/invitations/abc/").status_code == 404


def test_members_are_not_invited_again(cast: Cast, team: str) -> None:
    page = cast.owner.post(f"{team}invite/", {"email": "viewer@example.com", "role": "admin"})
    assert "is a member already" in page.content.decode()
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("who", ["member", "viewer"])
def test_members_and_viewers_only_look(cast: Cast, team: str, who: str) -> None:
    browser: Client = getattr(cast, who)
    page = browser.get(team).content.decode()
    assert "admin@example.com" in page
    assert "Send invitation" not in page
    target = _member(Role.ADMIN).pk
    for action, data in (
        ("invite/", {"email": "x@example.com", "role": "viewer"}),
        (f"members/{target}/role/", {"role": "viewer"}),
        (f"members/{target}/remove/", {}),
        ("transfer/", {"member": str(target)}),
    ):
        assert browser.post(f"{team}{action}", data).status_code == 403
    assert Membership.objects.get(pk=target).role == Role.ADMIN


def test_admins_manage_everybody_but_owners(cast: Cast, team: str, owner: User) -> None:
    own = Membership.objects.get(user=owner).pk
    viewer = _member(Role.VIEWER)
    assert cast.admin.post(f"{team}members/{own}/role/", {"role": "viewer"}).status_code == 403
    assert cast.admin.post(f"{team}members/{own}/remove/").status_code == 403
    assert cast.admin.post(f"{team}members/{viewer.pk}/role/", {"role": "owner"}).status_code == 403
    invited = cast.admin.post(f"{team}invite/", {"email": "x@example.com", "role": "owner"})
    assert "not one of the available choices" in invited.content.decode()
    cast.admin.post(f"{team}members/{viewer.pk}/role/", {"role": "member"})
    viewer.refresh_from_db()
    assert viewer.role == Role.MEMBER


def test_a_removed_member_is_out_at_once(cast: Cast, team: str, home: str) -> None:
    assert cast.member.get(home).status_code == 200
    cast.admin.post(f"{team}members/{_member(Role.MEMBER).pk}/remove/")
    assert cast.member.get(home).status_code == 404
    assert cast.member.get(team).status_code == 404


def test_there_is_always_an_owner(cast: Cast, team: str, owner: User) -> None:
    own = Membership.objects.get(user=owner)
    for action, data in ((f"members/{own.pk}/role/", {"role": "admin"}), ("leave/", {})):
        page = cast.owner.post(f"{team}{action}", data, follow=True).content.decode()
        assert "needs an owner" in page
    own.refresh_from_db()
    assert own.role == Role.OWNER


def test_handing_over_swaps_the_roles(cast: Cast, team: str, owner: User) -> None:
    admin = _member(Role.ADMIN)
    assert cast.admin.post(f"{team}transfer/", {"member": str(admin.pk)}).status_code == 403
    cast.owner.post(f"{team}transfer/", {"member": str(admin.pk)})
    admin.refresh_from_db()
    assert admin.role == Role.OWNER
    assert Membership.objects.get(user=owner).role == Role.ADMIN
    assert AuditLog.objects.filter(action="organization.transfer").count() == 1


def test_everybody_else_may_leave(cast: Cast, team: str) -> None:
    assert cast.viewer.post(f"{team}leave/")["Location"] == "/app/"
    assert not Membership.objects.filter(user__email="viewer@example.com").exists()


def test_members_of_another_organization_are_not_found(cast: Cast, team: str) -> None:
    theirs = Membership.objects.get(user__email="stranger@example.com")
    for action, data in (("role/", {"role": "viewer"}), ("remove/", {})):
        assert cast.owner.post(f"{team}members/{theirs.pk}/{action}", data).status_code == 404
    page = cast.owner.post(f"{team}transfer/", {"member": str(theirs.pk)}, follow=True)
    assert "Choose a member" in page.content.decode()
    assert cast.stranger.get(team).status_code == 404
    theirs.refresh_from_db()
    assert theirs.role == Role.OWNER


def test_the_audit_log_is_for_admins_of_this_organization(
    cast: Cast, organization: Organization, project: Project
) -> None:
    path = f"/app/{organization.slug}/-/audit/"
    page = cast.admin.get(path).content.decode()
    assert "project.create" in page
    assert "stranger@example.com" not in page
    assert cast.member.get(path).status_code == 403
    assert cast.stranger.get(path).status_code == 404


def test_the_audit_log_filters_and_pages(
    cast: Cast, organization: Organization, owner: User
) -> None:
    path = f"/app/{organization.slug}/-/audit/"
    for number in range(PAGE + 5):
        audit_record(
            action="api_key.update",
            actor=owner,
            target=organization,
            organization=organization,
            data={"name": {"from": f"old {number}", "to": f"new {number}"}},
        )
    first = cast.owner.get(f"{path}?kind=api_key").content.decode()
    assert f"old {PAGE + 4} → new {PAGE + 4}" in " ".join(first.split())
    older = re.search(r'rel="next"\s+href="([^"]+)"', first)
    assert older
    second = cast.owner.get(path + older[1].replace("&amp;", "&")).content.decode()
    assert "new 0" in second
    assert second.count("<code>api_key.update</code>") == 5
    assert "project.create" not in first + second
    assert "No entry matches" in cast.owner.get(f"{path}?actor=nobody").content.decode()
    for odd in ("?below=x", "?below=99999999999999999999", "?kind=nonsense"):
        assert cast.owner.get(path + odd).status_code == 200


def test_the_audit_log_tells_values_as_people_write_them(
    cast: Cast, organization: Organization, project: Project
) -> None:
    project_update(
        project=project, actor=None, log_prompts=True, monthly_budget_nanousd=12_500_000_000
    )
    page = cast.admin.get(f"/app/{organization.slug}/-/audit/")
    (line,) = (line for line in page.context["page"].lines if line.entry.action == "project.update")
    told = {change.name: (change.before, change.after) for change in line.changes}
    assert told == {"log_prompts": ("no", "yes"), "monthly_budget": ("none", "$12.50")}
