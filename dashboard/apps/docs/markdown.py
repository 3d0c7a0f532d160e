"""Markdown to HTML that the strict Content Security Policy allows: classes, never styles.

Beside CommonMark: tables, heading anchors, ``::: note`` / ``::: warning`` boxes, and
``:::: tabs`` around fenced code, one tab a language. Without JavaScript the tabs are plain blocks
below each other; ``static/js/docs.js`` turns them into tabs.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import pairwise

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from mdit_py_plugins.anchors import anchors_plugin
from mdit_py_plugins.container import container_plugin
from pygments import highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LANGUAGES = {
    "python": "Python",
    "javascript": "Node.js",
    "bash": "Shell",
    "json": "JSON",
    "ini": "INI",
    "toml": "TOML",
    "yaml": "YAML",
    "dockerfile": "Dockerfile",
    "http": "HTTP",
    "text": "Text",
}
"""Fence language → the label of its tab, unless the fence has a ``title="…"``."""

_TITLE = re.compile(r'title="([^"]*)"')
_FORMATTER = HtmlFormatter(nowrap=True)
_BOXES = {"note": "Note", "warning": "Warning"}
_TAGS = {
    *("h1", "h2", "h3", "h4", "p", "ul", "ol", "li", "blockquote", "hr", "br", "strong", "em"),
    *("a", "code", "pre", "span", "div", "table", "thead", "tbody", "tr", "th", "td", "img"),
}
_ATTRIBUTES = {
    "*": {"id", "class"},
    "a": {"href", "aria-label"},
    "img": {"src", "alt", "width", "height"},
    "div": {"data-label", "role", "aria-label", "tabindex"},
    "ol": {"start"},
    "pre": {"tabindex"},
}


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 or 3 and its anchor."""

    level: int
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Passage:
    """The text below one heading, for the search. Above the first heading both are empty.

    ``terms``: what its tables explain, the first cell of each row.
    """

    anchor: str
    heading: str
    text: str
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A rendered page. ``html`` is sanitized."""

    html: str
    headings: tuple[Heading, ...]
    passages: tuple[Passage, ...]


@lru_cache(maxsize=128)
def render(text: str) -> Document:
    """The document of ``text``. Rendering is pure, so results are kept."""
    tokens = _MARKDOWN.parse(text)
    html = _MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})
    clean = nh3.clean(html, tags=_TAGS, attributes=_ATTRIBUTES, link_rel=None)
    return Document(clean, tuple(_headings(tokens)), tuple(_passages(tokens)))


def _headings(tokens: Sequence[Token]) -> list[Heading]:
    found = []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.tag in ("h2", "h3"):
            anchor = str(token.attrGet("id") or "")
            found.append(Heading(int(token.tag[1]), anchor, _plain(inline)))
    return found


def _passages(tokens: Sequence[Token]) -> list[Passage]:
    passages = []
    anchor = heading = ""
    words: list[str] = []
    terms: list[str] = []
    before = ""
    for position, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag != "h1":
            passages.append(Passage(anchor, heading, " ".join(words), tuple(terms)))
            anchor, words, terms = str(token.attrGet("id") or ""), [], []
            heading = _plain(tokens[position + 1])
        elif token.type == "inline" and before != "heading_open":
            words.append(_plain(token))
            if before == "td_open" and tokens[position - 2].type == "tr_open":
                terms.append(_plain(token))
        elif token.type == "fence":
            words.append(token.content.strip())
        before = token.type
    passages.append(Passage(anchor, heading, " ".join(words), tuple(terms)))
    return [passage for passage in passages if passage.text or passage.heading]


def _plain(inline: Token) -> str:
    parts = []
    for child in inline.children or ():
        if child.type in ("text", "code_inline"):
            parts.append(child.content)
        elif child.type in ("softbreak", "hardbreak"):
            parts.append(" ")
    return "".join(parts)


def _highlighted(code: str, language: str) -> str:
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, _FORMATTER))


class _Renderer(RendererHTML):
    """Where HTML differs from markdown-it's own."""

    def fence(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """A code block, labelled for its tab and its copy button."""
        token = tokens[idx]
        language, _space, rest = token.info.strip().partition(" ")
        titled = _TITLE.search(rest)
        label = titled[1] if titled else LANGUAGES.get(language, language)
        code = _highlighted(token.content, language)
        return (
            f'<div class="code" data-label="{escape(label)}">'
            f'<pre class="highlight" tabindex="0"><code>{code}</code></pre></div>\n'
        )

    def heading_close(self, tokens: Sequence[Token], idx: int, *_: object) -> str:
        """The heading's own link, after its text."""
        anchor = tokens[idx - 2].attrGet("id")
        link = ""
        if anchor:
            name = escape(_plain(tokens[idx - 1]))
            link = f' <a class="anchor" href="#{anchor}" aria-label="Link to “{name}”">#</a>'
        return f"{link}</{tokens[idx].tag}>\n"

    def table_open(self, *_: object) -> str:
        """Wide tables scroll by themselves, by keyboard too, instead of the page."""
        return '<div class="table-scroll" role="region" aria-label="Table" tabindex="0"><table>\n'

    def table_close(self, *_: object) -> str:
        """See ``table_open``."""
        return "</table></div>\n"


def _render_tabs(_self: RendererHTML, tokens: Sequence[Token], idx: int, *_: object) -> str:
    return '<div class="samples">\n' if tokens[idx].nesting == 1 else "</div>\n"


def _render_box(_self: RendererHTML, tokens: Sequence[Token], idx: int, *_: object) -> str:
    if tokens[idx].nesting != 1:
        return "</div>\n"
    kind = tokens[idx].info.strip()
    return f'<div class="box {kind}"><p class="box-title">{_BOXES[kind]}</p>\n'


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")
    anchors_plugin(markdown, min_level=2, max_level=4)
    container_plugin(markdown, "tabs", render=_render_tabs)
    for kind in _BOXES:
        container_plugin(markdown, kind, render=_render_box)
    return markdown


_MARKDOWN = _markdown()
