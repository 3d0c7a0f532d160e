"""The public pages, and what search engines may look at."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from apps.accounts.models import Plan
from apps.pages.analytics import counted


@counted
def landing(request: HttpRequest) -> HttpResponse:
    """What WatchLLM does, for someone who has not signed up."""
    plans = list(Plan.objects.filter(public=True))
    free = next((plan for plan in plans if plan.price_cents == 0), None)
    return render(
        request,
        "pages/landing.html",
        {"plans": plans, "free": free, "edge_base_url": settings.EDGE_BASE_URL},
    )


@counted
def pricing(request: HttpRequest) -> HttpResponse:
    """The public plans, from their rows."""
    return render(request, "pages/pricing.html", {"plans": Plan.objects.filter(public=True)})


class _ToOperator(HttpResponseRedirect):
    allowed_schemes = [*HttpResponseRedirect.allowed_schemes, "mailto"]


def legal(request: HttpRequest, name: str) -> HttpResponse:
    """To the operator's own terms, privacy policy, contact or status page; 404 without one."""
    del request
    link = settings.LEGAL_LINKS.get(name)
    if link is None:
        raise Http404
    return _ToOperator(link)


def robots_txt(request: HttpRequest) -> HttpResponse:
    """Everything in public; what needs an account shows them nothing anyway."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {reverse(name)}" for name in ("app_home", "admin:index")),
        "Disallow: /accounts/",
        f"Sitemap: {request.build_absolute_uri(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
