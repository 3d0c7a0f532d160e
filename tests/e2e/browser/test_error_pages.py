"""Error pages as customers see them, signed in and not: styled, clean for axe, with a way on."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from local_stack import ports
from tests.e2e.browser.conftest import REPOSITORY, SCREENSHOTS
from tests.e2e.browser.test_every_page import LOOKS, SERIOUS

PERSON = {
    "DJANGO_SUPERUSER_EMAIL": "ada@example.com",
    "DJANGO_SUPERUSER_PASSWORD": "correct horse battery",
}
PAGES = {
    "/errors/400/": (400, "This request could not be understood"),
    "/errors/403/": (403, "You may not do this"),
    "/errors/403-role/": (403, "Your role does not allow this"),
    "/impersonation/stop/": (405, "Nothing was done"),
    "/no/such/page/": (404, "This page does not exist"),
    "/errors/429/": (429, "Too many attempts"),
    "/errors/500/": (500, "Something broke on our side"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, migrated_sqlite: Path) -> Iterator[str]:
    """The dashboard alone with ``DJANGO_DEBUG`` off; its address."""
    directory = tmp_path_factory.mktemp("errors")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.e2e.browser.production",
        "ERRORS_DATABASE": str(directory / "db.sqlite3"),
        "PYTHONPATH": os.pathsep.join(
            str(REPOSITORY / part) for part in ("", "dashboard", "shared/src", "tools")
        ),
    }
    manage = [sys.executable, str(REPOSITORY / "dashboard" / "manage.py")]
    shutil.copyfile(migrated_sqlite, environment["ERRORS_DATABASE"])
    create = [*manage, "createsuperuser", "--no-input"]
    subprocess.run(create, env=environment | PERSON, check=True, stdout=subprocess.DEVNULL)
    port = ports.unused()
    with (directory / "output.log").open("w") as log:
        process = subprocess.Popen(
            [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)


def _open(page: Page, path: str) -> Any:
    """Waits for the server with the first page."""
    for _ in range(240):
        try:
            return page.goto(path)
        except Exception as error:
            if "ERR_CONNECTION_REFUSED" not in str(error):
                raise
            page.wait_for_timeout(500)
    pytest.fail("the dashboard did not start")


def _look(page: Page, name: str, axe: str, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.locator("main a.button").first).to_be_visible()
    page.screenshot(path=SCREENSHOTS / "errors" / f"{name}.png")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    if "phone" in name:  # the same document as in the light look
        return
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [each["id"] for each in found["violations"] if each["impact"] in SERIOUS] == [], name


def _submit_without_a_token(page: Page) -> None:
    with page.expect_navigation():
        page.evaluate(
            """() => {
                const form = Object.assign(document.createElement("form"),
                    {method: "post", action: "/accounts/login/"});
                document.body.append(form);
                form.submit();
            }"""
        )


def _every_error(context: BrowserContext, who: str, look: str, axe: str) -> None:
    page = context.new_page()
    for path, (status, title) in PAGES.items():
        response = _open(page, path)
        assert response.status == status, path
        _look(page, f"{who}-{look}-{path.strip('/').replace('/', '-')}", axe, title)
    _open(page, "/pricing/")
    _submit_without_a_token(page)
    _look(page, f"{who}-{look}-csrf", axe, "This form is out of date")
    page.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_error_page(chromium: Browser, site: str, axe: str, look: str) -> None:
    context = chromium.new_context(base_url=site, reduced_motion="reduce", **LOOKS[look])
    _every_error(context, "anonymous", look, axe)
    _sign_in(context)
    _every_error(context, "signed-in", look, axe)
    context.close()


def _sign_in(context: BrowserContext) -> None:
    page = context.new_page()
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(PERSON["DJANGO_SUPERUSER_EMAIL"])
    page.get_by_label("Password", exact=True).fill(PERSON["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/app/")
    page.close()
