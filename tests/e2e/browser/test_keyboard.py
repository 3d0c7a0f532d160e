"""Selects that send their form: not while the keyboard moves past an option."""

import re

from playwright.sync_api import Browser, expect

from tests.e2e.browser.conftest import Stack


def test_arrow_keys_choose_and_enter_or_leaving_sends(chromium: Browser, stack: Stack) -> None:
    context = chromium.new_context(base_url=stack.dashboard)
    page = context.new_page()
    stack.sign_in(page)
    page.goto("/app/demo/demo/usage/")
    shown: list[str] = []
    page.on("framenavigated", lambda frame: shown.append(frame.url))

    page.get_by_label("Break down by").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("Break down by")).to_have_value("provider")
    assert shown == []
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("by=provider"))
    expect(page.get_by_label("Break down by")).to_have_value("provider")

    page.get_by_label("Break down by").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("by=model"))

    page.get_by_label("Break down by").select_option("endpoint")
    expect(page).to_have_url(re.compile("by=endpoint"))
    context.close()
