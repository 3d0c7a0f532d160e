"""The documentation as a reader, a search engine and a language model meet it."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from django.test import Client

from apps.accounts.models import Plan
from apps.docs.markdown import render
from apps.docs.pages import API_REFERENCE, PAGES, SECTIONS, Page
from apps.docs.sources import FOLDER
from shared.version import VERSION

pytestmark = pytest.mark.django_db

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.slug)


class _Html(HTMLParser):
    """Links, ids and everything that a strict Content Security Policy refuses."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.refused: list[str] = []
        self._in_script = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(values["href"] or "")
        if values.get("id"):
            self.ids.append(values["id"] or "")
        self._in_script = tag == "script"
        if tag == "style" or "style" in values:
            self.refused.append(f"<{tag}> with a style")
        self.refused += [f"<{tag} {name}>" for name in values if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        if self._in_script and data.strip():
            self.refused.append(f"inline script: {data[:40]}")

    def handle_endtag(self, tag: str) -> None:
        self._in_script = False


def _parsed(client: Client, path: str) -> _Html:
    response = client.get(path)
    assert response.status_code == 200, path
    parser = _Html()
    parser.feed(response.content.decode())
    return parser


class _Site:
    """Pages by their path, each fetched once: every page links to every other."""

    def __init__(self) -> None:
        self._bodies: dict[str, str] = {}
        self._parsed: dict[str, _Html] = {}

    def body(self, client: Client, path: str) -> str:
        if path not in self._bodies:
            response = client.get(path)
            assert response.status_code == 200, path
            self._bodies[path] = response.content.decode()
        return self._bodies[path]

    def parsed(self, client: Client, path: str) -> _Html:
        if path not in self._parsed:
            parser = _Html()
            parser.feed(self.body(client, path))
            self._parsed[path] = parser
        return self._parsed[path]


@pytest.fixture(scope="module")
def site() -> _Site:
    return _Site()


@EVERY_PAGE
def test_page_has_its_title_and_nothing_that_the_csp_refuses(
    client: Client, site: _Site, page: Page
) -> None:
    html = site.body(client, f"/docs/{page.slug}/")
    assert f"<h1>{page.title}</h1>" in html
    assert "{{" not in html
    parsed = site.parsed(client, f"/docs/{page.slug}/")
    assert parsed.refused == []
    assert len(parsed.ids) == len(set(parsed.ids))


@EVERY_PAGE
def test_every_link_leads_somewhere(client: Client, site: _Site, page: Page) -> None:
    for link in site.parsed(client, f"/docs/{page.slug}/").links:
        parts = urlsplit(link)
        if parts.scheme or parts.path.startswith("/accounts/") or parts.path.startswith("/app/"):
            continue
        target = parts.path or f"/docs/{page.slug}/"
        if not parts.fragment:
            assert site.body(client, target), link
        else:
            assert parts.fragment in site.parsed(client, target).ids, link


def test_every_file_is_in_the_table_and_every_page_has_a_file() -> None:
    written = {path.stem for path in FOLDER.glob("*.md")}
    assert written == {page.slug for page in PAGES} - {API_REFERENCE}


def test_reading_order_leads_through_every_page(client: Client) -> None:
    path, seen = f"/docs/{PAGES[0].slug}/", []
    while path:
        seen.append(path)
        following = re.search(r'href="([^"]+)"[^>]*rel="next"', client.get(path).content.decode())
        path = following[1] if following else ""
    assert seen == [f"/docs/{page.slug}/" for page in PAGES]


def test_home_lists_every_section_and_page(client: Client) -> None:
    links = _parsed(client, "/docs/").links
    assert all(f"/docs/{page.slug}/" in links for page in PAGES)
    html = client.get("/docs/").content.decode()
    assert all(f"<h2>{section.title}</h2>" in html for section in SECTIONS)


def test_pages_say_which_version_they_describe(client: Client) -> None:
    for path in ("/docs/", "/docs/caching/"):
        assert f">WatchLLM {VERSION}</a>" in client.get(path).content.decode()
    assert f"version {VERSION}." in client.get("/llms.txt").content.decode()


def test_unknown_page_is_not_found(client: Client) -> None:
    assert client.get("/docs/no-such-page/").status_code == 404
    assert client.get("/docs/no-such-page.md").status_code == 404


def test_plans_are_shown_as_their_rows_are_now(client: Client) -> None:
    plan = Plan.objects.get(slug="starter")
    plan.monthly_requests = 123_457
    plan.price_cents = 1_950
    plan.save()
    Plan.objects.create(slug="secret", name="Secret deal", public=False)
    html = client.get("/docs/limits/").content.decode()
    assert "<td>123,457</td>" in html
    assert "<td>$19.50 a month</td>" in html
    assert "Secret deal" not in html
    assert "123,457" in client.get("/docs/limits.md").content.decode()


def test_examples_show_this_deployments_address(client: Client, settings: object) -> None:
    settings.EDGE_BASE_URL = "https://edge.example.com"  # type: ignore[attr-defined]
    assert (
        "https://edge.example.com/v1/chat/completions"
        in client.get("/docs/curl.md").content.decode()
    )
    description = client.get("/docs/openapi.json").json()
    assert description["servers"] == [{"url": "https://edge.example.com"}]


def test_llms_txt_links_to_every_page_as_markdown(client: Client) -> None:
    response = client.get("/llms.txt")
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    text = response.content.decode()
    assert text.startswith("# WatchLLM\n\n> ")
    links = re.findall(r"\]\(http://testserver(/docs/[^)]+)\)", text)
    assert links == [f"/docs/{page.slug}.md" for page in PAGES]
    assert all(client.get(link)["Content-Type"].startswith("text/markdown") for link in links)


def test_llms_full_txt_has_every_page(client: Client) -> None:
    text = client.get("/llms-full.txt").content.decode()
    assert all(f"# {page.title}\n" in text for page in PAGES)


def test_sitemap_has_every_page(client: Client) -> None:
    text = client.get("/sitemap.xml").content.decode()
    assert all(f"/docs/{page.slug}/</loc>" in text for page in PAGES)


def test_robots_are_shown_the_sitemap_and_kept_from_what_needs_an_account(client: Client) -> None:
    text = client.get("/robots.txt").content.decode()
    assert "Sitemap: http://testserver/sitemap.xml" in text
    assert "Disallow: /app/" in text
    assert "Disallow: /docs" not in text


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rate_limit_exceeded", "/docs/errors/"),
        ("temperature ceiling", "/docs/caching/#temperature"),
        ("x-watchllm-cache-names", "/docs/headers/#request-headers"),
        ("langch", "/docs/langchain/"),
        ("systemd", "/docs/self-hosting/#systemd"),
        ("semantic", "/docs/semantic-quality/"),
        ("rate limit", "/docs/limits/"),
        ("rotate key", "/docs/security/#api-keys"),
        ("passkey", "/docs/security/#people-and-roles"),
        ("retention", "/docs/privacy/"),
    ],
)
def test_search_finds(client: Client, query: str, first: str) -> None:
    assert next(_results(client, query)).startswith(first)


def test_search_needs_every_word(client: Client) -> None:
    assert list(_results(client, "temperature zebra")) == []
    assert "Nothing found for" in client.get("/docs/search/", {"q": "zebra"}).content.decode()


@pytest.mark.parametrize("query", ["", "   ", "?!…", "x" * 5000, "\x00"])
def test_search_takes_any_query(client: Client, query: str) -> None:
    assert client.get("/docs/search/", {"q": query}).status_code == 200


def test_search_shows_the_query_as_text(client: Client) -> None:
    html = client.get("/docs/search/", {"q": "<script>alert(1)</script>"}).content.decode()
    assert "<script>alert" not in html
    assert "&lt;script&gt;alert(1)" in html


def test_search_answers_htmx_with_the_results_alone(client: Client) -> None:
    whole = client.get("/docs/search/", {"q": "embeddings"})
    part = client.get("/docs/search/", {"q": "embeddings"}, headers={"HX-Request": "true"})
    assert "<html" in whole.content.decode()
    assert "<html" not in part.content.decode()
    assert "<mark>embeddings</mark>" in part.content.decode().lower()
    assert "HX-Request" in part["Vary"]


def test_markdown_keeps_html_as_text_and_links_harmless() -> None:
    html = render("# T\n\n<img src=x onerror=alert(1)> [x](javascript:alert(1))\n").html
    assert "<img" not in html
    assert "href" not in html


def test_tabs_keep_every_language_and_its_label() -> None:
    html = render(
        ':::: tabs\n\n```python\nx = 1\n```\n\n```bash title="curl"\ncurl x\n```\n\n::::\n'
    ).html
    assert re.findall(r'data-label="([^"]+)"', html) == ["Python", "curl"]
    assert html.startswith('<div class="samples">')


def _results(client: Client, query: str) -> Iterator[str]:
    html = client.get("/docs/search/", {"q": query}, headers={"HX-Request": "true"})
    yield from re.findall(r'class="card"\s+href="([^"]+)"', html.content.decode())
