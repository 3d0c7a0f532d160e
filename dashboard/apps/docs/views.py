"""The documentation's pages. Public: nothing here depends on who asks."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render as render_template

from apps.docs import llms
from apps.docs.markdown import render
from apps.docs.pages import BY_SLUG, PAGES, SECTIONS, Page, neighbours
from apps.docs.search import search
from apps.docs.sources import openapi, page_text, usage_api
from apps.pages.analytics import counted
from shared.version import VERSION

_MARKDOWN = "text/markdown; charset=utf-8"
_TEXT = "text/plain; charset=utf-8"


@counted
def docs_home(request: HttpRequest) -> HttpResponse:
    """Every page with its summary."""
    return render_template(request, "docs/home.html", _context())


@counted
def docs_page(request: HttpRequest, slug: str) -> HttpResponse:
    """One page."""
    page = _page(slug)
    previous, following = neighbours(page)
    document = render(page_text(page))
    return render_template(
        request,
        "docs/page.html",
        _context(page=page, document=document, previous=previous, following=following),
    )


def docs_markdown(_request: HttpRequest, slug: str) -> HttpResponse:
    """One page's Markdown."""
    return HttpResponse(page_text(_page(slug)), content_type=_MARKDOWN)


def docs_search(request: HttpRequest) -> HttpResponse:
    """Results as a page, or as the list alone for htmx."""
    query = request.GET.get("q", "").strip()
    results = search(query, ((page.slug, page_text(page)) for page in PAGES))
    partial = request.headers.get("HX-Request") == "true"
    response = render_template(
        request,
        "docs/search_results.html" if partial else "docs/search.html",
        _context(query=query, results=results),
    )
    response["Vary"] = "HX-Request"
    return response


def docs_openapi(_request: HttpRequest) -> HttpResponse:
    """The API description for programs."""
    return JsonResponse(openapi(), json_dumps_params={"indent": 2})


def usage_openapi(_request: HttpRequest) -> HttpResponse:
    """The description of the Usage API, which this server answers."""
    return JsonResponse(usage_api(), json_dumps_params={"indent": 2})


def llms_txt(request: HttpRequest) -> HttpResponse:
    """See ``apps.docs.llms``."""
    return HttpResponse(llms.index(request.build_absolute_uri), content_type=_TEXT)


def llms_full_txt(_request: HttpRequest) -> HttpResponse:
    """See ``apps.docs.llms``."""
    return HttpResponse(llms.full(), content_type=_TEXT)


def _page(slug: str) -> Page:
    try:
        return BY_SLUG[slug]
    except KeyError:
        raise Http404 from None


def _context(**own: Any) -> dict[str, Any]:
    return {"sections": SECTIONS, "version": VERSION, **own}
