"""Transport, cookies and the Content Security Policy.

Pages load their own files only: no inline script or style, no foreign host. The staff site needs
more (``apps.staff.csp``); a page that needs a foreign host adds it there, by name.
"""

from datetime import timedelta

from csp.constants import NONE, SELF

from config import env
from config.settings.allauth import SOCIAL_LOGIN_ORIGINS

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "CSRF_COOKIE_SECURE",
    "SECURE_CONTENT_TYPE_NOSNIFF",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS",
    "SECURE_HSTS_PRELOAD",
    "SECURE_HSTS_SECONDS",
    "SECURE_PROXY_SSL_HEADER",
    "SECURE_REDIRECT_EXEMPT",
    "SECURE_REFERRER_POLICY",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_AGE",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_COOKIE_SECURE",
    "X_FRAME_OPTIONS",
]

_environment = env.current()
_secure = not _environment.debug

SECURE_SSL_REDIRECT = _secure
# Load balancers probe over plain HTTP from inside.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^healthz/jobs$", r"^metrics$"]
# Only a proxy that always overwrites the header may be believed, so an operator must say so.
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if _environment.behind_tls_proxy else None
)
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if _secure else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _secure
SECURE_HSTS_PRELOAD = _secure
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

SESSION_COOKIE_SECURE = _secure
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(days=14).total_seconds())
CSRF_COOKIE_SECURE = _secure

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *SOCIAL_LOGIN_ORIGINS],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
