"""The request log on a phone: filters kept under a name, and rows that come by themselves."""

from playwright.sync_api import Browser, expect

from tests.e2e.browser.conftest import Stack
from tests.e2e.browser.looks import violations


def test_views_and_the_live_log(chromium: Browser, stack: Stack, axe: str) -> None:
    context = chromium.new_context(
        base_url=stack.dashboard, viewport={"width": 360, "height": 740}, timezone_id="Asia/Kolkata"
    )
    page = context.new_page()
    stack.sign_in(page)
    page.goto("/app/demo/demo/requests/?status=HIT&since=2026-01-01T09:15")
    menu = page.get_by_text("Views", exact=True)
    menu.click()
    page.get_by_label("Keep these filters as").fill("Hits of this year, by whatever model")
    page.get_by_role("button", name="Save view").click()
    opened = page.locator("summary", has_text="Hits of this year")
    opened.click()
    panel = page.locator(".menu-panel.views").bounding_box()
    assert panel is not None
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= 360
    assert violations(page, axe) == []
    page.get_by_role("button", name="Delete the view").click()
    expect(page.get_by_text("The view is deleted.")).to_be_visible()
    with page.expect_response(lambda answer: "seen=" in answer.url) as asked:
        page.get_by_role("link", name="Watch live").click()
    assert asked.value.status == 204
    context.close()
