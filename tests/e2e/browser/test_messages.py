"""Every message as mail clients show it: wide and narrow, light and dark. Screenshots stay in
.screenshots/messages/.
"""

import pytest
from playwright.sync_api import Browser

from apps.emails.messages.previews import PREVIEWS
from apps.emails.render import render
from tests.e2e.browser.conftest import SCREENSHOTS
from tests.e2e.browser.looks import COLOUR_RULES, violations

UNSUBSCRIBE = "https://app.example.com/unsubscribe"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [600, 360])
def test_every_message(chromium: Browser, axe: str, scheme: str, width: int) -> None:
    context = chromium.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 640},
    )
    page = context.new_page()
    problems = []
    for content in PREVIEWS:
        page.set_content(render(content, unsubscribe_url=UNSUBSCRIBE).html)
        page.screenshot(
            path=SCREENSHOTS / "messages" / f"{content.name}-{scheme}-{width}.png", full_page=True
        )
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            problems.append(f"{content.name}: wider than the screen")
        if width == 600:  # contrast is the same at any width
            rules = COLOUR_RULES if scheme == "dark" else ()
            problems += [f"{content.name}: {issue}" for issue in violations(page, axe, rules)]
    context.close()
    assert problems == []
