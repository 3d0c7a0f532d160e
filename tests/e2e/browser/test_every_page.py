"""Every page, light and dark and on a phone: no serious accessibility issue, nothing that the
Content Security Policy refuses, nothing wider than the screen. Screenshots stay in .screenshots/.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.dashboard.pages.routes import signed_in_routes
from tests.e2e.browser.conftest import SCREENSHOTS, Stack

PUBLIC = (
    "/",
    "/pricing/",
    "/docs/",
    "/docs/quickstart/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
)
ACCOUNT = (
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/2fa/",
    "/accounts/sessions/",
    "/accounts/messages/",
    "/accounts/logout/",
)
STATES = (
    "/app/demo/demo/?period=custom&from=2020-01-01&to=2020-01-02",
    "/app/demo/demo/usage/?model=none",
    "/app/demo/demo/usage/?period=custom&from=2020-01-01&to=2020-01-02",
    "/app/demo/demo/requests/?q=none",
    "/app/demo/demo/labels/?label=app&period=30d",
    "/app/demo/demo/labels/value/?label=user&value=user-1",
    "/app/demo/demo/labels/value/?label=user&value=id_0123456789abcdef0123456789abcdef",
    "/app/demo/-/audit/?actor=none",
    "/app/demo/-/billing/plan/starter/",
)
"""Pages with nothing to show, those of one label's value, and one that asks before it acts."""
NEED_A_QUERY = "/app/demo/demo/labels/value/"
LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "phone": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}
SERIOUS = ("serious", "critical")


def _signed_in_pages() -> Iterator[str]:
    """Addresses of the demo project's pages that need no further argument."""
    for route, _ in signed_in_routes():
        path = "/" + route.replace("<slug:organization>", "demo").replace("<slug:project>", "demo")
        if "<" not in path and path != "/app/" and not path.startswith(NEED_A_QUERY):
            yield path


@pytest.fixture(scope="module", params=LOOKS)
def look(
    request: pytest.FixtureRequest, chromium: Browser, stack: Stack
) -> Iterator[tuple[str, BrowserContext]]:
    """A browser of that look with the demo's owner signed in."""
    name: str = request.param
    context = chromium.new_context(
        base_url=stack.dashboard,
        reduced_motion="reduce",
        timezone_id="Europe/Berlin",
        **LOOKS[name],
    )
    yield name, context
    context.close()


def _sign_in(context: BrowserContext, stack: Stack) -> None:
    page = context.new_page()
    stack.sign_in(page)
    page.close()


def test_every_page(look: tuple[str, BrowserContext], stack: Stack, axe: str) -> None:
    name, context = look
    problems = [found for path in PUBLIC for found in _inspect(context, name, path, axe)]
    _sign_in(context, stack)
    pages = [*ACCOUNT, *_signed_in_pages(), *STATES]
    assert len(pages) >= 12
    problems += [found for path in pages for found in _inspect(context, name, path, axe)]
    assert not problems, "\n".join(problems)


def _inspect(context: BrowserContext, look: str, path: str, axe: str) -> list[str]:
    if not _is_page(context, path):
        return []
    page = context.new_page()
    errors: list[str] = []
    page.on("console", lambda line: errors.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    response = page.goto(path)
    assert response is not None
    if response.status != 200:
        errors.append(f"status {response.status}")
    file = path.strip("/").replace("/", "-").replace("?", "-") or "landing"
    page.screenshot(path=SCREENSHOTS / look / f"{file}.png", full_page=True)
    width = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    if width > 0:
        errors.append(f"{width} px wider than the screen")
    if look != "phone":  # contrast differs between light and dark, the rest is one document
        errors += issues(page, axe)
    page.close()
    return [f"{look} {path}: {error}" for error in errors]


def _is_page(context: BrowserContext, path: str) -> bool:
    """Not what takes a POST only, a file, or a part of a page for htmx."""
    answer = context.request.get(path)
    return answer.status != 405 and answer.text().lstrip().startswith("<!DOCTYPE html>")


def issues(page: Page, axe: str) -> list[str]:
    """What axe-core finds wrong with the page and calls serious."""
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{issue['id']} ({issue['impact']}): {node['target']} {node['failureSummary']}"
        for issue in found["violations"]
        if issue["impact"] in SERIOUS
        for node in issue["nodes"]
    ]
