"""Content to HTML and text."""

import textwrap
from dataclasses import dataclass

from django.template.loader import render_to_string

from apps.emails.content import Block, Button, Code, Content, Facts

_WIDTH = 72


@dataclass(frozen=True, slots=True)
class Rendered:
    """The two parts of a message."""

    html: str
    text: str


def render(content: Content, *, unsubscribe_url: str | None = None) -> Rendered:
    """``unsubscribe_url`` is shown at the foot of messages that can be declined."""
    html = render_to_string(
        "emails/message.html", {"content": content, "unsubscribe_url": unsubscribe_url}
    )
    parts = [content.heading, *(_text(block) for block in content.blocks), "-- \nWatchLLM"]
    if unsubscribe_url:
        parts.append(f"You can do without messages like this one:\n{unsubscribe_url}")
    return Rendered(html, "\n\n".join(parts) + "\n")


def _text(block: Block) -> str:
    if isinstance(block, Button):
        return f"{block.label}:\n{block.url}"
    if isinstance(block, Facts):
        return "\n".join(f"{name}: {value}" for name, value in block.rows)
    if isinstance(block, Code):
        return f"    {block.text}"
    return textwrap.fill(block.text, _WIDTH, break_long_words=False, break_on_hyphens=False)
