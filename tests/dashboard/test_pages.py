"""Sign-up, log-in, the landing page, health and the headers of every page."""

import re

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client, override_settings

from apps.accounts.models import Membership, Organization, Role, User
from apps.accounts.services.organizations import organization_create
from apps.emails.models import Email
from apps.projects.models import Project
from apps.projects.services.projects import project_archive, project_create
from shared.version import VERSION
from tests.dashboard.sign_up import CODE_PAGE, sign_up

pytestmark = pytest.mark.django_db
SIGN_UP = {
    "organization": "Rockets",
    "email": "new@example.com",
    "password1": "a long enough one",
}


def test_signing_up_makes_a_person_and_their_organization(client: Client) -> None:
    response = sign_up(client, SIGN_UP)
    assert (response.status_code, response["Location"]) == (302, "/app/")
    membership = Membership.objects.get(user__email="new@example.com")
    assert membership.role == Role.OWNER
    assert membership.organization.name == "Rockets"
    assert membership.organization.plan.slug == "free"
    assert client.get("/app/", follow=True).status_code == 200


def test_a_failing_sign_up_leaves_nothing_behind(client: Client) -> None:
    from apps.accounts.models import Plan

    Plan.objects.filter(slug="free").delete()
    with pytest.raises(Plan.DoesNotExist):
        client.post("/accounts/signup/", SIGN_UP)
    assert not User.objects.exists()
    assert not Organization.objects.exists()


def test_an_address_in_use_makes_no_second_account(client: Client, owner: User) -> None:
    """And the pages do not tell: neither the form's answer, nor the one that asks for the code."""
    taken, free = Client(), client
    answers = [
        browser.post("/accounts/signup/", SIGN_UP | {"email": email})
        for browser, email in ((taken, owner.email.upper()), (free, "other@example.com"))
    ]
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, CODE_PAGE)}
    shown = [
        re.sub(r'value="[^"]{64}"', "", page.content.decode().replace(email, "the address"))
        for page, email in (
            (taken.get(CODE_PAGE), owner.email),
            (free.get(CODE_PAGE), "other@example.com"),
        )
    ]
    assert shown[0] == shown[1]
    wrong = [browser.post(CODE_PAGE, {"code": "wrong"}) for browser in (taken, free)]
    assert [answer.status_code for answer in wrong] == [200, 200]
    assert User.objects.count() == 2
    assert Organization.objects.count() == 1
    assert Email.objects.filter(to=owner.email, subject="Account Already Exists").count() == 1
    assert not Email.objects.filter(to=owner.email, message="verify").exists()


@pytest.mark.parametrize("email", ["owner@example.com", "Owner@Example.COM"])
def test_logging_in_with_the_address(client: Client, owner: User, email: str) -> None:
    response = client.post("/accounts/login/", {"login": email, "password": "password-1234"})
    assert (response.status_code, response["Location"]) == (302, "/app/")


def test_a_wrong_password_is_refused(client: Client, owner: User) -> None:
    response = client.post("/accounts/login/", {"login": owner.email, "password": "no"})
    assert response.status_code == 200
    assert "_auth_user_id" not in client.session


def test_signed_in_one_sees_ones_own_live_projects_only(
    client: Client, owner: User, project: Project, organization: Organization
) -> None:
    gone = project_create(organization=organization, name="Gone for good", actor=owner)
    project_archive(project=gone, actor=owner)
    other = organization_create(
        name="Stranger", owner=User.objects.create_user("s@example.com"), actor=None
    )
    project_create(organization=other, name="Strangers only", actor=None)
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/app/", follow=True).content.decode()
    assert project.name in page
    assert "Gone for good" not in page
    assert "Strangers only" not in page


def test_the_landing_page_is_for_members(client: Client) -> None:
    response = client.get("/app/")
    assert response["Location"] == "/accounts/login/?next=/app/"


def test_signing_out_takes_a_post(client: Client, owner: User) -> None:
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get("/accounts/logout/")
    assert "_auth_user_id" in client.session
    client.post("/accounts/logout/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "path",
    ["/accounts/login/", "/accounts/signup/", "/accounts/password/reset/", "/app/"],
)
def test_pages_run_no_inline_script_or_style(client: Client, owner: User, path: str) -> None:
    if path == "/app/":
        client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.get(path, follow=True)
    assert response.status_code == 200
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    page = response.content.decode()
    # A block of JSON is data: no browser runs it.
    assert re.findall(r"<script(?![^>]* (?:src=|type=.application/json))[^>]*>", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", page) == []
    assert [name for name in re.findall(r'"/static/([^"]+)"', page) if not finders.find(name)] == []


def test_only_the_staff_site_may_evaluate(staff_client: Client) -> None:
    policy = staff_client.get("/admin/")["Content-Security-Policy"]
    assert "script-src 'self' 'unsafe-eval';" in policy + ";"
    assert "http" not in policy


def test_health(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "version": VERSION})


def test_health_without_a_database(client: Client) -> None:
    def refuse(*args: object) -> None:
        from django.db import OperationalError

        raise OperationalError("gone")

    with connection.execute_wrapper(refuse):
        response = client.get("/healthz")
    assert response.status_code == 503
    assert "gone" not in response.content.decode()


@override_settings(SECURE_SSL_REDIRECT=True)
def test_in_production_http_is_sent_to_https_but_for_health(client: Client) -> None:
    assert client.get("/accounts/login/")["Location"].startswith("https://")
    assert client.get("/healthz").status_code == 200
    secure = client.get("/accounts/login/", secure=True)
    assert secure["Strict-Transport-Security"].startswith("max-age=31536000")
    assert secure.cookies["csrftoken"]["secure"]
