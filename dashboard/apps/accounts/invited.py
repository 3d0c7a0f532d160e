"""Whether somebody who signs up comes from an invitation's link.

The link leads to a page for signed-in people, so allauth's log-in and sign-up pages have it as the
address to go to afterwards (``next``), in the query of the first page and in a field of each form.
"""

from django.http import HttpRequest
from django.urls import Resolver404, resolve

from apps.accounts.models import Invitation
from apps.accounts.selectors import open_invitation


def invitation_behind(request: HttpRequest) -> Invitation | None:
    """The open invitation that the person is on their way to, if any."""
    address = request.POST.get("next") or request.GET.get("next") or ""
    try:
        match = resolve(address)
    except Resolver404:
        return None
    if match.url_name != "invitation":
        return None
    return open_invitation(match.kwargs["token"])
