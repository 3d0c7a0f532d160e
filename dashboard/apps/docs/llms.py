"""``llms.txt`` and ``llms-full.txt`` (llmstxt.org): the documentation for language models."""

from collections.abc import Callable

from django.urls import reverse

from apps.docs.pages import PAGES, SECTIONS
from apps.docs.sources import page_text
from shared.version import VERSION

_ABOUT = (
    "# WatchLLM\n\n"
    "> An OpenAI-compatible caching proxy for LLM APIs. Point a client's base URL and API key at "
    "WatchLLM: repeated requests are answered from the cache, the rest are forwarded to the "
    "provider.\n\n"
    f"This documentation describes version {VERSION}.\n"
)


def index(absolute: Callable[[str], str]) -> str:
    """Links to every page's Markdown. ``absolute`` turns a path into a URL."""
    parts = [_ABOUT]
    for section in SECTIONS:
        links = [
            f"- [{page.title}]({absolute(reverse('docs_markdown', args=[page.slug]))}): "
            f"{page.summary}"
            for page in section.pages
        ]
        parts.append(f"## {section.title}\n\n" + "\n".join(links) + "\n")
    return "\n".join(parts)


def full() -> str:
    """Every page's Markdown, in reading order."""
    return "\n\n---\n\n".join([_ABOUT, *(page_text(page).strip() for page in PAGES)]) + "\n"
