"""Makes ``request.user`` the customer on the customer's pages; everywhere else it is the staff
member.

The session stays the staff member's own: nobody is logged in anew, so no sign-in appears among the
customer's sessions or devices, the staff site goes on knowing who it is, and there is nothing to
restore at the end.
"""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect

from apps.accounts.access import SAFE_METHODS
from apps.accounts.models import User
from apps.audit.behalf import acting_for_customer
from apps.impersonation.models import Impersonation
from apps.impersonation.rules import OWN, PERSONAL, WRITE, refusal
from apps.impersonation.services import End, impersonation_end, impersonation_record_change
from apps.ui.toasts import with_toast

SESSION_KEY = "impersonation"
_PAGES = "/app/"
_REFUSED = {
    "read-only": "You are looking at this as a customer, and may not change anything.",
    "personal": "Password, e-mail address, second factors and sessions belong to the customer.",
}


class ImpersonationMiddleware:
    """After the messages middleware; sets ``request.impersonation`` while one runs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """See the class."""
        path = request.path_info
        if not path.startswith((_PAGES, PERSONAL)) or path in OWN:
            return self._get_response(request)
        key = request.session.get(SESSION_KEY)
        if key is None:
            return self._get_response(request)
        impersonation = _running(request, key)
        if impersonation is None:
            return _leave(request)
        request.user = impersonation.user
        request.impersonation = impersonation  # type: ignore[attr-defined]
        if path.startswith(PERSONAL):
            return _refuse(request, "personal")
        if request.method in SAFE_METHODS:
            return self._get_response(request)
        if not impersonation.may_write:
            return _refuse(request, "read-only")
        return self._change(request, impersonation)

    def _change(self, request: HttpRequest, impersonation: Impersonation) -> HttpResponse:
        with acting_for_customer(impersonation.staff):
            response = self._get_response(request)
        access = getattr(request, "access", None)
        impersonation_record_change(
            impersonation=impersonation,
            method=request.method or "",
            path=request.path,
            status=response.status_code,
            organization=access.organization if access else None,
        )
        return response


def _running(request: HttpRequest, key: str) -> Impersonation | None:
    """The session's impersonation if it may go on; otherwise it is ended, and a message says so."""
    staff = request.user
    found = (
        Impersonation.objects.select_related("staff", "user")
        .filter(pk=key, staff_id=staff.pk, ended_at=None)
        .first()
        if staff.is_authenticated
        else None
    )
    how: End | None = None
    if found is not None:
        if not found.runs(timezone.now()):
            how = "expired"
        elif refusal(cast(User, staff), found.user) or (
            found.may_write and not staff.has_perm(WRITE)
        ):
            how = "no longer permitted"
        else:
            return found
        impersonation_end(impersonation=found, how=how)
    del request.session[SESSION_KEY]
    messages.info(request, f"You are yourself again: the visit has ended ({how or 'stopped'}).")
    return None


def _leave(request: HttpRequest) -> HttpResponse:
    """A part of a page that refreshes itself must not show the staff site inside of it."""
    if request.headers.get("HX-Request") == "true":
        return HttpResponseClientRedirect(reverse("admin:index"))
    return redirect("admin:index")


def _refuse(request: HttpRequest, kind: str) -> HttpResponse:
    response = render(request, "impersonation/refused.html", {"why": _REFUSED[kind]}, status=403)
    return with_toast(response, _REFUSED[kind], "error")
