"""Messages about accounts and keys: through the real pages, into the outbox."""

import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Membership, Organization, Role, User
from apps.emails.models import Email, OptOut
from apps.projects.models import Project
from apps.projects.services.api_keys import api_key_create
from tests.dashboard.sign_up import CODE_PAGE, code_for

pytestmark = pytest.mark.django_db
SIGN_UP = {"organization": "Acme", "email": "new@example.com", "password1": "long-enough-42"}


def _names() -> list[str]:
    return sorted(Email.objects.values_list("message", flat=True))


def test_signing_up_welcomes_and_asks_to_confirm(client: Client) -> None:
    client.post("/accounts/signup/", SIGN_UP)
    assert _names() == ["verify", "welcome"]
    assert Email.objects.get(message="verify").sensitive
    assert client.get("/app/").status_code == 302
    assert client.post(CODE_PAGE, {"code": code_for("new@example.com")})["Location"] == "/app/"
    assert client.get("/app/", follow=True).status_code == 200


def test_a_reset_link_works(client: Client, owner: User) -> None:
    client.post("/accounts/password/reset/", {"email": owner.email})
    reset = Email.objects.get(message="password_reset")
    link = re.search(r"https?://\S+/accounts/password/reset/key/\S+", reset.text)
    assert link is not None
    assert client.get(link[0], follow=True).status_code == 200


def test_other_account_messages_use_the_same_layout(client: Client) -> None:
    client.post("/accounts/password/reset/", {"email": "unknown@example.com"})
    notice = Email.objects.get(message="account_notice")
    assert "<table" in notice.html
    assert "[example.com]" not in notice.subject


def _sign_in(client: Client, owner: User) -> None:
    client.post("/accounts/login/", {"login": owner.email, "password": "password-1234"})
    client.post("/accounts/logout/")


def test_only_a_second_device_is_told_of(owner: User) -> None:
    laptop = Client()
    for _ in range(2):
        _sign_in(laptop, owner)
    assert _names().count("new_device") == 0
    phone = Client(headers={"User-Agent": "Mozilla/5.0 (Android 14) Firefox/140.0"})
    for _ in range(2):
        _sign_in(phone, owner)
    assert "Browser: Firefox on Android" in Email.objects.get(message="new_device").text
    assert phone.cookies["watchllm_device"]["httponly"]


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "198.51.100.7")])
def test_the_address_of_a_sign_in_is_the_clients_behind_a_proxy_that_is_trusted(
    owner: User, settings: Any, proxies: int, address: str
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    _sign_in(Client(), owner)
    _sign_in(Client(headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}), owner)
    assert f"Address: {address}" in Email.objects.get(message="new_device").text


def test_a_new_key_is_told_to_owners_and_admins_and_never_in_full(
    project: Project, organization: Organization, owner: User
) -> None:
    for role in (Role.ADMIN, Role.MEMBER):
        user = User.objects.create_user(f"{role}@example.com")
        Membership.objects.create(organization=organization, user=user, role=role)
    created = api_key_create(project=project, name="Server", actor=owner)
    told = Email.objects.filter(message="key_created")
    assert sorted(told.values_list("to", flat=True)) == ["admin@example.com", owner.email]
    for email in told:
        assert created.plaintext not in email.text + email.html
        assert created.api_key.masked in email.text


def test_a_key_made_by_a_job_is_not_told(project: Project) -> None:
    api_key_create(project=project, name="Demo", actor=None)
    assert not Email.objects.filter(message="key_created").exists()


def test_unsubscribe_asks_a_reader_and_obeys_a_mail_client(client: Client, owner: User) -> None:
    from apps.emails import links

    path = re.sub(r"^https?://[^/]+", "", links.unsubscribe(owner, "weekly_report"))
    assert client.get(path).status_code == 200
    assert not OptOut.objects.exists()
    one_click = Client(enforce_csrf_checks=True)
    answer = one_click.post(path, {"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert OptOut.objects.values_list("user", "kind").get() == (owner.pk, "weekly_report")
    assert client.get(f"{path[:-2]}x/").status_code == 404


def test_preferences_belong_to_the_signed_in_person(client: Client, owner: User) -> None:
    assert client.get("/accounts/messages/").status_code == 302
    client.force_login(owner, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.post("/accounts/messages/", {"kind": ["tips", "usage_alerts"]})
    declined = set(OptOut.objects.filter(user=owner).values_list("kind", flat=True))
    assert declined == {"anomalies", "weekly_report"}
    assert client.post("/accounts/messages/", {"kind": ["all"]}).status_code == 400


def test_staff_see_messages_without_the_links_that_log_in(
    staff_client: Client, client: Client
) -> None:
    client.post("/accounts/signup/", SIGN_UP)
    verify = Email.objects.get(message="verify")
    page = staff_client.get(f"/admin/emails/email/{verify.pk}/change/").content.decode()
    assert "it logs its reader in" in page
    assert code_for("new@example.com") not in page
    assert staff_client.get("/admin/emails/email/").status_code == 200
    assert b"weekly_report" in staff_client.get("/admin/emails/email/previews/").content
    preview = staff_client.get("/admin/emails/email/preview/weekly_report/")
    assert b"saved last week" in preview.content
    assert staff_client.get("/admin/emails/email/preview/none/").status_code == 404
