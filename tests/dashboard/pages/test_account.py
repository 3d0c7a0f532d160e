"""Second factors, social log-in by configuration, plans in public, times in one's own zone."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from cryptography.exceptions import InvalidTag
from django.test import Client

from apps.accounts.mfa import SealingMFAAdapter
from apps.accounts.models import Plan, User
from apps.accounts.services.plans import plan_update
from apps.projects.encryption import seal
from apps.projects.services.api_keys import CreatedApiKey
from config import env
from tests.dashboard.pages.conftest import Cast, signed_in
from tests.dashboard.sign_up import sign_up
from tests.dashboard.usage_rows import usage_row

pytestmark = pytest.mark.django_db
COMPLETE = {
    "DJANGO_SECRET_KEY": "x",
    "API_KEY_PEPPER": "x",
    "ENCRYPTION_KEYS": "k:" + "A" * 43 + "=",
}
ROOT = Path(__file__).resolve().parents[3]


def _code(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))


def test_an_authenticator_is_sealed_and_asked_for(owner: User) -> None:
    client = Client()
    client.post("/accounts/login/", {"login": owner.email, "password": "password-1234"})
    asked = client.get("/accounts/2fa/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/")
    page = client.post(asked["Location"], {"password": "password-1234"}, follow=True)
    secret = page.context["form"].secret
    response = client.post("/accounts/2fa/totp/activate/", {"code": _code(secret)})
    assert response.status_code == 302
    stored = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in stored
    assert "v1.test." in stored
    client.post("/accounts/logout/")
    response = client.post("/accounts/login/", {"login": owner.email, "password": "password-1234"})
    assert response["Location"].startswith("/accounts/2fa/authenticate/")
    assert client.get("/app/").status_code == 302


def test_a_sealed_provider_key_does_not_open_as_a_second_factor(settings: Any) -> None:
    adapter = SealingMFAAdapter()
    assert adapter.decrypt(adapter.encrypt("secret")) == "secret"
    foreign = seal("secret", project_id="p", keys=settings.ENCRYPTION_KEYS)
    with pytest.raises(InvalidTag):
        adapter.decrypt(foreign)


def test_the_log_in_page_offers_passkeys_and_no_social_log_in_unless_configured(
    client: Client,
) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "Sign in with a passkey" in page
    assert "Continue with" not in page


def test_social_log_in_appears_with_its_client_id(tmp_path: Path) -> None:
    """In a process of its own: installed apps are decided when settings are imported."""
    program = (
        "import django; django.setup()\n"
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from django.test import Client\n"
        "r = Client(headers={'host': 'localhost'}).get('/accounts/login/')\n"
        "print(r.content.decode(), r['Content-Security-Policy'])"
    )
    environment = COMPLETE | {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DJANGO_DEBUG": "true",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "GITHUB_LOGIN_CLIENT_ID": "id",
        "GITHUB_LOGIN_CLIENT_SECRET": "secret",
        "PYTHONPATH": f"{ROOT / 'dashboard'}{os.pathsep}{ROOT / 'shared/src'}",
    }
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Continue with GitHub" in done.stdout
    assert "Google" not in done.stdout
    assert "form-action 'self' https://github.com" in done.stdout


def test_half_a_social_log_in_is_refused_by_name() -> None:
    with pytest.raises(env.SettingError, match="GOOGLE_LOGIN_CLIENT_SECRET"):
        env.parse(COMPLETE | {"GOOGLE_LOGIN_CLIENT_ID": "id"})


@pytest.mark.parametrize("path", ["/", "/pricing/"])
def test_public_pages_show_the_plans_as_staff_have_set_them(client: Client, path: str) -> None:
    plan_update(
        plan=Plan.objects.get(slug="starter"), actor=None, price_cents=3_150, monthly_requests=None
    )
    plan_update(plan=Plan.objects.get(slug="pro"), actor=None, public=False)
    page = client.get(path).content.decode()
    assert "$31.50" in page
    assert "Unlimited requests" in page
    assert "50,000 requests a month" in page
    assert "Choose Pro" not in page


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "Nov 20, 00:30:00"),
        ("Asia/Kathmandu", "Nov 20, 05:15:00"),
        ("../../etc/passwd", "Nov 19, 23:30:00"),
        ("", "Nov 19, 23:30:00"),
    ],
)
def test_times_are_in_the_visitors_zone(
    cast: Cast, home: str, created_key: CreatedApiKey, zone: str, shown: str
) -> None:
    usage_row(created_key.api_key, ts=datetime(2026, 11, 19, 23, 30, tzinfo=UTC)).save()
    cast.viewer.cookies["tz"] = zone
    assert shown in cast.viewer.get(f"{home}requests/").content.decode()


def test_sessions_are_newest_first_and_in_the_visitors_zone(owner: User) -> None:
    for hour in ("09:00", "11:00"):
        client = Client()
        with time_machine.travel(f"2026-11-20T{hour}Z", tick=False):
            client.post("/accounts/login/", {"login": owner.email, "password": "password-1234"})
    client.cookies["tz"] = "Asia/Kolkata"
    with time_machine.travel("2026-11-20T12:00Z", tick=False):
        page = client.get("/accounts/sessions/").content.decode()
    assert 0 < page.index("Nov 20, 16:30") < page.index("Nov 20, 14:30")


def test_someone_without_an_organization_makes_one(db: None) -> None:
    user = User.objects.create_user("alone@example.com", "password-1234")
    client = signed_in(user)
    assert "You belong to no organization yet" in client.get("/app/").content.decode()
    response = client.post("/app/new/", {"name": "Mine"})
    assert response["Location"] == "/app/mine/-/projects/new/"
    assert user.memberships.get().role == "owner"


@pytest.mark.parametrize(("proxies", "address"), [(0, "127.0.0.1"), (1, "203.0.113.7")])
def test_an_address_before_the_proxies_is_believed_where_there_are_any(
    owner: User, settings: Any, proxies: int, address: str
) -> None:
    """Otherwise everybody's wrong passwords would count against the proxy, or nobody's."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = proxies
    client = Client(headers={"x-forwarded-for": "198.51.100.1, 203.0.113.7"})
    client.post("/accounts/login/", {"login": owner.email, "password": "password-1234"})
    assert address in client.get("/accounts/sessions/").content.decode()


def test_a_forgotten_password_leads_back_to_signing_in_at_every_step(owner: User) -> None:
    client = Client()
    pages = [
        client.get("/accounts/password/reset/"),
        client.post("/accounts/password/reset/", {"email": owner.email}, follow=True),
        client.get("/accounts/password/reset/key/1-none/"),
        client.get("/accounts/password/reset/key/done/"),
    ]
    for page in pages:
        assert page.status_code == 200
        assert 'href="/accounts/login/"' in page.content.decode().partition("<main")[2]


def test_each_address_offers_what_can_be_done_with_it(owner: User) -> None:
    """The only address is neither made primary again nor removed; another one may be both."""
    client = signed_in(owner)
    page = client.get("/accounts/email/").content.decode()
    assert "Primary" in page
    assert not {name for name in ("primary", "send", "remove") if f"action_{name}" in page}
    EmailAddress.objects.create(user=owner, email="new@example.com", verified=False)
    page = client.get("/accounts/email/").content.decode()
    assert "action_send" in page
    assert "action_remove" in page
    client.post("/accounts/email/", {"email": "new@example.com", "action_remove": ""})
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_the_prices_lead_to_the_chosen_plan(client: Client, cast: Cast, settings: Any) -> None:
    """Through sign-up, or directly for who is signed in; only where the person may buy."""
    settings.STRIPE_SECRET_KEY = "sk_test_x"
    signed_out = client.get("/pricing/").content.decode()
    assert 'href="/accounts/signup/?next=/app/-/plan/pro/"' in signed_out
    assert 'href="/accounts/signup/"' in signed_out
    assert 'href="/app/-/plan/pro/"' in cast.owner.get("/pricing/").content.decode()
    data = {
        "organization": "Mine",
        "email": "buyer@example.com",
        "password1": "correct horse battery",
        "next": "/app/-/plan/pro/",
    }
    there = sign_up(client, data)["Location"]
    assert client.get(there)["Location"] == "/app/mine/-/billing/plan/pro/"
    assert cast.admin.get("/app/-/plan/free/")["Location"] == "/app/acme/-/billing/"
    assert cast.viewer.get("/app/-/plan/pro/")["Location"] == "/app/"
    assert cast.owner.get("/app/-/plan/none/").status_code == 404


RIGHT = "password-1234"


def _log_in(client: Client, email: str, password: str = RIGHT, **extra: Any) -> bool:
    client.post("/accounts/login/", {"login": email, "password": password}, **extra)
    return "_auth_user_id" in client.session


def test_wrong_passwords_of_others_do_not_lock_the_owner_out(owner: User) -> None:
    """Neither in a browser that was signed in before, nor at another address."""
    laptop, stranger = Client(), Client()
    assert _log_in(laptop, owner.email)
    laptop.post("/accounts/logout/")
    assert not any(_log_in(stranger, owner.email, "wrong") for _ in range(6))
    assert not _log_in(stranger, owner.email)  # the right one comes too late
    assert _log_in(laptop, owner.email)
    assert _log_in(Client(), owner.email, REMOTE_ADDR="203.0.113.9")


def test_wrong_passwords_from_everywhere_leave_the_owners_browser_alone(owner: User) -> None:
    laptop = Client()
    assert _log_in(laptop, owner.email)
    laptop.post("/accounts/logout/")
    for number in range(50):
        assert not _log_in(Client(), owner.email, "wrong", REMOTE_ADDR=f"203.0.113.{number}")
    assert not _log_in(Client(), owner.email, REMOTE_ADDR="203.0.113.200")
    assert _log_in(laptop, owner.email)


def test_a_browser_known_to_one_account_is_not_to_another(owner: User) -> None:
    mine = User.objects.create_user("mine@example.com", "password-1234")
    EmailAddress.objects.create(user=mine, email=mine.email, verified=True, primary=True)
    client = Client()
    assert _log_in(client, mine.email)
    client.post("/accounts/logout/")
    for number in range(6):
        client.post("/accounts/login/", {"login": owner.email, "password": f"wrong-{number}"})
    assert not _log_in(client, owner.email)
    assert _log_in(client, mine.email)


@pytest.mark.parametrize("path", ["login/", "signup/", "email/", "2fa/", "password/reset/"])
def test_account_pages_are_kept_by_no_cache(owner: User, path: str) -> None:
    for client in (Client(), signed_in(owner)):
        assert "no-store" in client.get(f"/accounts/{path}")["Cache-Control"]
