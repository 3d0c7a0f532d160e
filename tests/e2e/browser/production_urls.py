"""The dashboard's routes, and some that fail in ways that no page of the product does."""

from allauth.core.internal.ratelimit import respond_429
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config.urls import urlpatterns as dashboard


def bad_request(_request: HttpRequest) -> HttpResponse:
    raise SuspiciousOperation("made up")


def forbidden(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def role_too_low(_request: HttpRequest) -> HttpResponse:
    raise PermissionDenied("Admin")


def too_many(request: HttpRequest) -> HttpResponse:
    return respond_429(request)


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("made up")


urlpatterns = [
    *dashboard,
    path("errors/400/", bad_request),
    path("errors/403/", forbidden),
    path("errors/403-role/", role_too_low),
    path("errors/429/", too_many),
    path("errors/500/", broken),
]
