"""A part of a page that refreshes by itself does not move the rest (Layout Instability API)."""

import pytest
from playwright.sync_api import Browser

from tests.e2e.browser.conftest import Stack

WATCH = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shifted += entry.value;
}).observe({type: "layout-shift"});
"""
SHIFTED = """() => new Promise((done) => {
  const look = () => (window.shifted > 0 ? done() : requestAnimationFrame(look));
  look();
})"""
# Not ``wait_for_function``: it asks again by eval(), which the pages' policy refuses.


@pytest.mark.parametrize("width", [1280, 360])
def test_the_overviews_refresh_moves_nothing(chromium: Browser, stack: Stack, width: int) -> None:
    context = chromium.new_context(
        base_url=stack.dashboard, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    stack.sign_in(page)
    page.clock.install()
    page.goto("/app/demo/demo/")
    page.wait_for_load_state("networkidle")
    page.evaluate(WATCH)
    for _ in range(2):
        with page.expect_response(
            lambda answer: "hx-request" in answer.request.headers
        ) as refreshed:
            page.clock.fast_forward(16_000)
        assert refreshed.value.status == 200
        page.wait_for_load_state("networkidle")
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
    assert page.evaluate("window.shifted") == 0
    # The watch sees what moves.
    page.evaluate("document.querySelector('#live').style.marginTop = '200px'")
    page.evaluate(SHIFTED)
    context.close()
