"""Log-in and sign-up through django-allauth: e-mail address and password, second factors, and
social log-in with the providers whose client id is in the environment.
"""

from typing import Any

from config import env

__all__ = [
    "ACCOUNT_ADAPTER",
    "ACCOUNT_EMAIL_VERIFICATION",
    "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED",
    "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND",
    "ACCOUNT_FORMS",
    "ACCOUNT_LOGIN_METHODS",
    "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE",
    "ACCOUNT_REAUTHENTICATION_TIMEOUT",
    "ACCOUNT_SIGNUP_FIELDS",
    "ACCOUNT_USER_MODEL_USERNAME_FIELD",
    "ALLAUTH_TRUSTED_PROXY_COUNT",
    "AUTHENTICATION_BACKENDS",
    "AUTH_PASSWORD_VALIDATORS",
    "LOGIN_REDIRECT_URL",
    "LOGIN_URL",
    "LOGOUT_REDIRECT_URL",
    "MFA_ADAPTER",
    "MFA_FORMS",
    "MFA_PASSKEY_LOGIN_ENABLED",
    "MFA_SUPPORTED_TYPES",
    "MFA_TOTP_ISSUER",
    "MFA_TOTP_TOLERANCE",
    "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN",
    "SOCIALACCOUNT_ADAPTER",
    "SOCIALACCOUNT_PROVIDERS",
    "SOCIAL_LOGIN_APPS",
    "SOCIAL_LOGIN_ORIGINS",
]

_environment = env.current()

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "app_home"
LOGOUT_REDIRECT_URL = "account_login"

ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_FORMS = {
    "login": "apps.accounts.forms.LoginForm",
    "signup": "apps.features.signup.SignupForm",
}
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
# An address is proved by a code that is typed in the browser that asked for it. A link would prove
# it for whoever asked: somebody could sign up with another person's address and wait for a click.
# Mandatory, because only then can sign-up answer the same for an address that has an account.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
# Seconds for which a confirmed password or second factor is enough for what asks for one: second
# factors themselves, and a staff member's visit to a customer's dashboard.
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300

# Whose address the limits on log-in, sign-up and the like count, and a person's sessions show.
ALLAUTH_TRUSTED_PROXY_COUNT = _environment.trusted_proxies

ACCOUNT_ADAPTER = "apps.emails.adapter.AccountAdapter"

MFA_ADAPTER = "apps.accounts.mfa.SealingMFAAdapter"
MFA_FORMS = {"add_webauthn": "apps.accounts.mfa_forms.AddPasskeyForm"}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "WatchLLM"
# One step of 30 s to either side, as RFC 6238 (5.2) advises: phones' clocks are not exact.
MFA_TOTP_TOLERANCE = 1
# Browsers offer passkeys on http://localhost too; nowhere else without TLS.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _environment.debug

# Someone new who comes through one of these has no organization yet: /app/ shows the next steps.
_SOCIAL: dict[str, tuple[str, dict[str, Any]]] = {
    "github": ("https://github.com", {"SCOPE": ["user:email"]}),
    "google": ("https://accounts.google.com", {"SCOPE": ["email"]}),
}
SOCIAL_LOGIN_APPS = [
    f"allauth.socialaccount.providers.{name}" for name in _environment.social_login
]
# The policy's form-action covers redirects as well, and the log-in button is a form.
SOCIAL_LOGIN_ORIGINS = [_SOCIAL[name][0] for name in _environment.social_login]
SOCIALACCOUNT_ADAPTER = "apps.features.social.SocialAccountAdapter"
SOCIALACCOUNT_PROVIDERS = {
    name: {
        **_SOCIAL[name][1],
        "APPS": [{"client_id": client_id, "secret": secret, "key": ""}],
    }
    for name, (client_id, secret) in _environment.social_login.items()
}
