"""Every message, against the snapshots beside this file.

``UPDATE_SNAPSHOTS=1 pytest tests/dashboard/emails/test_messages.py`` writes them anew.
"""

import ast
import os
from html.parser import HTMLParser
from pathlib import Path

import pytest

from apps.emails.content import Button, Content
from apps.emails.kinds import OPTIONAL
from apps.emails.messages import account, billing, usage
from apps.emails.messages.previews import PREVIEWS
from apps.emails.render import render

SNAPSHOTS = Path(__file__).parent / "snapshots"
UNSUBSCRIBE = "https://app.example.com/unsubscribe"
VOID = {"meta", "br", "img", "link"}


def _parts(content: Content) -> dict[str, str]:
    rendered = render(content, unsubscribe_url=UNSUBSCRIBE if content.optional else None)
    return {"html": rendered.html, "txt": f"Subject: {content.subject}\n\n{rendered.text}"}


@pytest.mark.parametrize("content", PREVIEWS, ids=lambda content: content.name)
@pytest.mark.parametrize("part", ["html", "txt"])
def test_a_message_looks_as_its_snapshot(content: Content, part: str) -> None:
    made = _parts(content)[part]
    file = SNAPSHOTS / f"{content.name}.{part}"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        file.parent.mkdir(exist_ok=True)
        file.write_text(made)
    assert made == file.read_text()


def test_every_message_function_has_a_preview_and_no_name_repeats() -> None:
    defined = {
        node.name
        for module in (account, billing, usage)
        for node in ast.parse(Path(str(module.__file__)).read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    names = [content.name for content in PREVIEWS]
    assert sorted(names) == sorted(defined)


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("content", PREVIEWS, ids=lambda content: content.name)
def test_both_parts_hold_every_link_and_the_html_is_balanced(content: Content) -> None:
    parts = _parts(content)
    balance = _Balance()
    balance.feed(parts["html"])
    assert balance.open == []
    expected = {block.url for block in content.blocks if isinstance(block, Button)}
    if content.optional:
        assert content.optional in OPTIONAL
        expected.add(UNSUBSCRIBE)
    assert set(balance.links) == expected
    assert all(url in parts["txt"] for url in expected)
    assert "<script" not in parts["html"]
    assert len(content.subject) < 79


def test_what_customers_name_themselves_is_escaped() -> None:
    content = account.invitation(
        organization="<b>Evil</b>", inviter='"><img src=x>', role="member", url="https://x.example/"
    )
    html = render(content).html
    assert "<b>" not in html
    assert "<img" not in html
    assert "&lt;b&gt;Evil" in html
