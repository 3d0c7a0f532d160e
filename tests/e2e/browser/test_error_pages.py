"""Error pages as customers see them, signed in and not: styled, without serious accessibility
issues, with a link to go on from.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local_stack import ports
from tests.e2e.browser.conftest import REPOSITORY, SCREENSHOTS
from tests.e2e.browser.looks import COLOUR_RULES, DESK, LOOKS, too_wide, violations

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


def _look(page: Page, name: str, axe: str, title: str, problems: dict[str, list[str]]) -> None:
    """The page that is open, in each look; the phone's is the same document as the light one."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    for look, options in LOOKS.items():
        page.set_viewport_size(options["viewport"])
        page.emulate_media(color_scheme=options["color_scheme"])
        expect(page.locator("main a.button").first).to_be_visible()
        page.screenshot(path=SCREENSHOTS / "errors" / f"{name}-{look}.png")
        found = too_wide(page)
        if look != "phone":
            found += violations(page, axe, COLOUR_RULES if look == "dark" else ())
        problems[look] += [f"{name}: {problem}" for problem in found]
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")


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


def _every_error(page: Page, who: str, axe: str, problems: dict[str, list[str]]) -> None:
    for path, (status, title) in PAGES.items():
        response = _open(page, path)
        assert response.status == status, path
        _look(page, f"{who}-{path.strip('/').replace('/', '-')}", axe, title, problems)
    _open(page, "/pricing/")
    _submit_without_a_token(page)
    _look(page, f"{who}-csrf", axe, "This form is out of date", problems)


@pytest.fixture(scope="module")
def problems(chromium: Browser, site: str, axe: str) -> Iterator[dict[str, list[str]]]:
    """What is wrong with the pages, by look. One walk sees them all."""
    context = chromium.new_context(base_url=site, reduced_motion="reduce")
    page = context.new_page()
    found: dict[str, list[str]] = {look: [] for look in LOOKS}
    _every_error(page, "anonymous", axe, found)
    _sign_in(page)
    _every_error(page, "signed-in", axe, found)
    yield found
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_error_page(problems: dict[str, list[str]], look: str) -> None:
    assert not problems[look], "\n".join(problems[look])


def _sign_in(page: Page) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("Email").fill(PERSON["DJANGO_SUPERUSER_EMAIL"])
    page.get_by_label("Password", exact=True).fill(PERSON["DJANGO_SUPERUSER_PASSWORD"])
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/app/")
