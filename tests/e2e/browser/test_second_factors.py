"""Passkey, authenticator app and recovery codes, as a person sets them up and signs in with them.

The passkey lives in Chromium's virtual authenticator (WebAuthn domain of the DevTools protocol,
https://chromedevtools.github.io/devtools-protocol/tot/WebAuthn/): the browser's own code runs, only
the finger is missing. A passkey belongs to a domain, and an address is none, so the pages are
opened on ``localhost``.
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from tests.e2e.browser.conftest import SCREENSHOTS, Stack, confirm_address

PASSWORD = "correct horse battery"
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a proved address, signed in."""

    email: str
    context: BrowserContext
    page: Page
    problems: list[str]


@pytest.fixture
def person(chromium: Browser, stack: Stack, request: pytest.FixtureRequest) -> Iterator[Person]:
    """A fresh one for each test, who signed up and typed the code of the message."""
    email = f"{request.node.name.replace('_', '-')[:40]}@example.com"
    base = stack.dashboard.replace("127.0.0.1", "localhost")
    context = chromium.new_context(base_url=base, reduced_motion="reduce")
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda line: problems.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto("/accounts/signup/")
    page.get_by_label("Organization").fill("Factors")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    confirm_address(page, email)
    page.wait_for_url("**/app/**")
    yield Person(email, context, page, problems)
    context.close()


def _virtual_authenticator(person: Person) -> CDPSession:
    session = person.context.new_cdp_session(person.page)
    session.send("WebAuthn.enable")
    session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    return session


def _sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.locator("main").get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/accounts/login/**")


def _reauthenticate(page: Page) -> None:
    """Changes of second factors ask for the password again."""
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("main").get_by_role("button", name="Confirm").click()


def _code(secret: str, *, later: int = 0) -> str:
    """Of the present half minute or the next one, which is taken too: no code works twice."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later))


def _wrong_code(secret: str) -> str:
    right = {_code(secret, later=step) for step in range(-2, 4)}
    return next(code for code in (f"{number:06}" for number in range(10)) if code not in right)


def _password(person: Person) -> None:
    person.page.get_by_label("Email").fill(person.email)
    person.page.get_by_label("Password", exact=True).fill(PASSWORD)
    person.page.get_by_role("button", name="Sign in", exact=True).click()


def test_passkey(person: Person) -> None:
    page = person.page
    device = _virtual_authenticator(person)
    page.goto("/accounts/2fa/webauthn/add/")
    _reauthenticate(page)
    page.get_by_label("Name").fill("Laptop")
    expect(page.get_by_label("Sign in with it alone")).to_be_checked()
    page.screenshot(path=SCREENSHOTS / "passkey-add.png", full_page=True)
    page.locator("main").get_by_role("button", name="Add").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/**")
    page.goto("/accounts/2fa/webauthn/")
    expect(page.locator("main")).to_contain_text("Laptop")
    page.screenshot(path=SCREENSHOTS / "passkey-list.png", full_page=True)

    _sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url("**/app/**")
    expect(page.locator(".user-menu")).to_contain_text(person.email.partition("@")[0])
    assert person.problems == []

    _sign_out(page)
    device.send("WebAuthn.disable")
    device.send("WebAuthn.enable")  # another machine: a device without that passkey
    device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": AUTHENTICATOR},
    )
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_text("The browser did not complete this.")).to_be_visible(timeout=90_000)
    expect(page).to_have_url(re.compile("/accounts/login/"))


def test_authenticator_app_and_recovery_codes(person: Person) -> None:
    page = person.page
    page.goto("/accounts/2fa/totp/activate/")
    _reauthenticate(page)
    secret = page.get_by_label("Authenticator secret").input_value()
    page.screenshot(path=SCREENSHOTS / "totp-activate.png", full_page=True)
    page.get_by_label("Authenticator code").fill(_code(secret))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/accounts/2fa/recovery-codes/**")
    codes = page.get_by_label("Unused codes").input_value().split()
    assert len(codes) == 10

    _sign_out(page)
    _password(person)
    page.wait_for_url("**/accounts/2fa/authenticate/**")
    page.screenshot(path=SCREENSHOTS / "totp-asked.png", full_page=True)
    page.get_by_label("Code").fill(_wrong_code(secret))
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.goto("/app/")  # the password alone opens nothing
    expect(page).to_have_url(re.compile("/accounts/2fa/authenticate/"))

    page.get_by_label("Code").fill(_code(secret, later=1))
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/app/**")

    _sign_out(page)
    _password(person)
    page.get_by_label("Code").fill(codes[0])
    page.locator("main").get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/app/**")
    page.goto("/accounts/2fa/")
    expect(page.locator("main")).to_contain_text("9 out of 10 recovery codes")

    _sign_out(page)
    _password(person)
    page.get_by_label("Code").fill(codes[0])  # once is once
    page.locator("main").get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    assert person.problems == []
