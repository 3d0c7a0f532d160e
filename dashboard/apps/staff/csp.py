"""The Content Security Policy, by part of the site."""

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

# unfold runs Alpine.js, which evaluates expressions in attributes, and sets colours in a style
# element. No script of a foreign origin and no inline script is allowed there either.
_STAFF = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """The strict policy of the settings; loosened under /admin/ as far as unfold needs."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002 - the base class's signature
    ) -> PolicyParts:
        """See the base class."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/") and parts.replace is None:
            parts.replace = _STAFF
        return parts
