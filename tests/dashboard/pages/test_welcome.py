"""People without an organization: invited, signed up without one, having left, removed."""

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from apps.accounts.models import Invitation, Membership, Organization, Role, User
from apps.accounts.services.invitations import invitation_create, invitation_revoke
from apps.accounts.services.memberships import membership_delete
from apps.emails.models import Email
from tests.dashboard.pages.conftest import Cast, signed_in
from tests.dashboard.sign_up import CODE_PAGE, code_for, sign_up

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough one"
WELCOME = "You belong to no organization yet"


@pytest.fixture
def alone(db: None) -> User:
    return User.objects.create_user("alone@example.com", "password-1234")


def _invite(organization: Organization, owner: User, email: str, role: str = "viewer") -> str:
    """The link in the message."""
    invitation_create(organization=organization, email=email, role=role, actor=owner)
    text = Email.objects.filter(to=email, message="invitation").latest("created_at").text
    return "/app/invitations/" + text.partition("/app/invitations/")[2].split()[0]


def _prove(user: User) -> None:
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)


def test_somebody_invited_signs_up_and_joins_without_making_an_organization(
    client: Client, organization: Organization, owner: User
) -> None:
    link = _invite(organization, owner, "new@example.com")
    log_in = client.get(link)["Location"]
    page = client.get(log_in).content.decode()
    form_page = "/accounts/signup/?next=" + link.replace("/", "%2F")
    assert form_page in page
    assert f"Join {organization.name}" in page
    assert 'value="new@example.com"' in page
    form = client.get(form_page)
    text = form.content.decode()
    assert 'name="organization"' not in text
    assert "You are invited" in text
    assert 'value="new@example.com"' in text
    data = {"email": "new@example.com", "password1": PASSWORD, "next": link}
    assert sign_up(client, data)["Location"] == link
    assert client.post(link)["Location"] == f"/app/{organization.slug}/-/team/"
    (membership,) = Membership.objects.filter(user__email="new@example.com")
    assert (membership.organization, membership.role) == (organization, Role.VIEWER)
    assert Organization.objects.count() == 1


@pytest.mark.parametrize("address", ["/app/invitations/made-up/", "/app/", "https://x.test/", "//"])
def test_another_address_to_go_to_is_no_invitation(client: Client, address: str) -> None:
    page = client.get("/accounts/signup/", {"next": address}).content.decode()
    assert 'name="organization"' in page


def test_signing_up_without_an_organization_leads_to_the_next_steps(client: Client) -> None:
    data = {"organization": "", "email": "new@example.com", "password1": PASSWORD}
    assert sign_up(client, data)["Location"] == "/app/"
    page = client.get("/app/").content.decode()
    assert WELCOME in page
    assert "new@example.com" in page
    assert not Organization.objects.exists()
    assert client.post("/app/new/", {"name": "Mine"})["Location"] == "/app/mine/-/projects/new/"


def test_an_invitation_shows_to_whom_it_was_sent_and_only_when_the_address_is_proved(
    alone: User, organization: Organization, owner: User
) -> None:
    client = signed_in(alone)
    link = _invite(organization, owner, alone.email)
    _invite(organization, owner, "somebody@example.com")
    page = client.get("/app/").content.decode()
    assert "You are invited" not in page
    assert "once your address is" in page
    _prove(alone)
    page = client.get("/app/").content.decode()
    assert page.count("<strong>Acme</strong> as viewer") == 1
    # The page only mentions the invitation; accepting it needs the link in the message.
    assert "/app/invitations/" not in page
    assert "open the link in the message" in page
    assert client.post(link)["Location"] == f"/app/{organization.slug}/-/team/"
    assert Membership.objects.get(user=alone).role == Role.VIEWER


def test_an_invitation_taken_back_is_gone(
    alone: User, organization: Organization, owner: User
) -> None:
    _prove(alone)
    link = _invite(organization, owner, alone.email)
    invitation_revoke(invitation=Invitation.objects.get(), actor=owner)
    client = signed_in(alone)
    assert "You are invited" not in client.get("/app/").content.decode()
    assert "no longer open" in client.post(link).content.decode()


def test_a_code_proves_an_address_only_where_it_was_asked_for(
    organization: Organization, owner: User
) -> None:
    """Somebody signs up with the address of a person who is invited. That person's doings with
    the message, in their own browser, do not let the other in."""
    link = _invite(organization, owner, "new@example.com")
    other, invited = Client(), Client()
    data = {"email": "new@example.com", "password1": PASSWORD, "next": link}
    assert other.post("/accounts/signup/", data)["Location"] == CODE_PAGE
    (message,) = Email.objects.filter(to="new@example.com", message="verify")
    assert "http" not in message.text.partition("-- ")[0]
    invited.post(CODE_PAGE, {"code": code_for("new@example.com")})
    assert other.get("/app/").status_code == 302
    assert other.post(link).status_code == 302
    assert not Membership.objects.filter(user__email="new@example.com").exists()
    assert not EmailAddress.objects.filter(email="new@example.com", verified=True).exists()


def test_message_and_page_name_the_account_that_asks_for_an_address(alone: User) -> None:
    _prove(alone)
    client = signed_in(alone)
    answer = client.post("/accounts/email/", {"email": "second@example.com", "action_add": ""})
    assert answer["Location"] == CODE_PAGE
    page = client.get(CODE_PAGE).content.decode()
    text = Email.objects.get(to="second@example.com").text
    for shown in (page, text):
        assert alone.email in shown
        assert "second@example.com" in shown
    client.post(CODE_PAGE, {"code": code_for("second@example.com")})
    assert EmailAddress.objects.get(email="second@example.com").verified


def test_who_leaves_the_last_organization_lands_on_the_next_steps(
    cast: Cast, organization: Organization
) -> None:
    left = cast.viewer.post(f"/app/{organization.slug}/-/team/leave/", follow=True)
    assert left.redirect_chain == [("/app/", 302)]
    assert WELCOME in left.content.decode()


def test_who_is_removed_lands_there_too(cast: Cast, owner: User, home: str) -> None:
    membership_delete(membership=Membership.objects.get(role=Role.MEMBER), actor=owner)
    assert cast.member.get(home).status_code == 404
    assert WELCOME in cast.member.get("/app/").content.decode()


def test_a_viewer_of_an_organization_without_projects_is_told_whom_to_ask(
    alone: User, organization: Organization, owner: User
) -> None:
    Membership.objects.create(organization=organization, user=alone, role=Role.VIEWER)
    page = signed_in(alone).get("/app/", follow=True)
    assert page.status_code == 200
    assert "admin" in page.content.decode()
