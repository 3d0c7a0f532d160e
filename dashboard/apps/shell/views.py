"""The command palette's entries as options of a list box, fetched when it is first opened."""

from collections import Counter
from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from apps.accounts.access import Access, organization_view
from apps.accounts.models import User
from apps.docs.pages import PAGES
from apps.docs.search import search
from apps.docs.sources import page_text
from apps.projects.access import ProjectAccess, project_view
from apps.shell import palette

_DOCS = 6
_OF_ONE_PAGE = 2


@require_safe
@never_cache
@login_required
def palette_account(request: HttpRequest) -> HttpResponse:
    """On pages that belong to no organization."""
    return _palette(request, None)


@require_safe
@organization_view()
def palette_organization(request: HttpRequest, access: Access) -> HttpResponse:
    """On an organization's pages."""
    return _palette(request, access)


@require_safe
@project_view()
def palette_project(request: HttpRequest, access: ProjectAccess) -> HttpResponse:
    """On a project's pages."""
    return _palette(request, access)


@require_safe
@login_required
def palette_docs(request: HttpRequest) -> HttpResponse:
    """``?q=``: the best passages of the documentation, of no page more than two."""
    texts = ((page.slug, page_text(page)) for page in PAGES)
    shown: Counter[str] = Counter()
    results = []
    for result in search(request.GET.get("q", ""), texts):
        shown[result.page.slug] += 1
        if shown[result.page.slug] <= _OF_ONE_PAGE:
            results.append(result)
    return render(request, "app/palette/docs.html", {"results": results[:_DOCS]})


def _palette(request: HttpRequest, access: Access | None) -> HttpResponse:
    user = cast(User, request.user)
    context = {"groups": palette.groups(request, user, access)}
    return render(request, "app/palette/options.html", context)
