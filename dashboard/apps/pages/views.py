"""The public pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.accounts.models import Plan


def landing(request: HttpRequest) -> HttpResponse:
    """What WatchLLM does, for someone who has not signed up."""
    return render(request, "pages/landing.html", {"plans": Plan.objects.filter(public=True)})


def pricing(request: HttpRequest) -> HttpResponse:
    """The public plans, from their rows."""
    return render(request, "pages/pricing.html", {"plans": Plan.objects.filter(public=True)})
