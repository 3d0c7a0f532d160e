"""Every page, light and dark and on a phone: no serious accessibility issue, nothing that the
Content Security Policy refuses, nothing wider than the screen. Screenshots stay in .screenshots/.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.dashboard.pages.routes import signed_in_routes
from tests.e2e.browser.conftest import SCREENSHOTS, Stack
from tests.e2e.browser.looks import LOOKS, Visitor

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
    "/app/demo/demo/requests/?live=1&since=2020-01-01T00:00&until=2099-01-01T00:00",
    "/app/demo/demo/usage/?period=custom&from=2026-01-01T09:15&to=2099-01-01T00:00",
    "/app/demo/demo/labels/?label=app&period=30d",
    "/app/demo/demo/labels/value/?label=user&value=user-1",
    "/app/demo/demo/labels/value/?label=user&value=id_0123456789abcdef0123456789abcdef",
    "/app/demo/-/audit/?actor=none",
    "/app/demo/-/billing/plan/starter/",
)
"""Pages with nothing to show, those of one label's value, and one that asks before it acts."""
NEED_A_QUERY = "/app/demo/demo/labels/value/"


def _signed_in_pages() -> Iterator[str]:
    """Addresses of the demo project's pages that need no further argument."""
    for route, _ in signed_in_routes():
        path = "/" + route.replace("<slug:organization>", "demo").replace("<slug:project>", "demo")
        if "<" not in path and path != "/app/" and not path.startswith(NEED_A_QUERY):
            yield path


@pytest.fixture(scope="module")
def problems(chromium: Browser, stack: Stack, axe: str) -> Iterator[dict[str, list[str]]]:
    """What is wrong with the pages, by look. One walk sees them all."""
    context = chromium.new_context(
        base_url=stack.dashboard, reduced_motion="reduce", timezone_id="Europe/Berlin"
    )
    visitor = Visitor(context.new_page(), axe, screenshots=SCREENSHOTS)
    for path in filter(partial(_is_page, context), PUBLIC):
        visitor.visit(path)
    stack.sign_in(visitor.page)
    pages = [*ACCOUNT, *_signed_in_pages(), *STATES]
    assert len(pages) >= 12
    for path in filter(partial(_is_page, context), pages):
        visitor.visit(path)
    yield visitor.problems
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page(problems: dict[str, list[str]], look: str) -> None:
    assert not problems[look], "\n".join(problems[look])


def _is_page(context: BrowserContext, path: str) -> bool:
    """Not what takes a POST only, a file, or a part of a page for htmx."""
    answer = context.request.get(path)
    return answer.status != 405 and answer.text().lstrip().startswith("<!DOCTYPE html>")
