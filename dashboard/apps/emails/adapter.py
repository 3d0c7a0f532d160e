"""allauth's messages, through our templates and the outbox."""

import uuid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from apps.accounts.invited import invitation_behind
from apps.accounts.models import User
from apps.emails import lockout
from apps.emails.content import Content
from apps.emails.messages import account
from apps.emails.services.outbox import email_enqueue
from apps.features.catalogue import SIGNUPS_OPEN
from apps.features.selectors import enabled


class AccountAdapter(DefaultAccountAdapter):
    """Replaces allauth's messages, its lockout rule, and who may sign up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """While sign-up is switched off, with an invitation only."""
        return enabled(SIGNUPS_OPEN) or invitation_behind(request) is not None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Also limits wrong passwords for one account from all clients but its known devices."""
        super().pre_authenticate(request, **credentials)
        if not lockout.device_is_known(request, credentials):
            usage = lockout.consume(request, credentials)
            if usage is None:
                raise self.validation_error("too_many_login_attempts")
            # allauth takes this back when the password is right.
            self._login_failed_rl_usage.usage.extend(usage.usage)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return lockout.source(request, credentials)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Each call is a message of its own, however alike: somebody asked for it again."""
        email_enqueue(
            to=email,
            content=self._content(template_prefix, email, context),
            dedupe_key=f"account:{uuid.uuid4()}",
            user=User.objects.filter(email=email.lower()).first(),
        )

    def _content(self, template_prefix: str, email: str, context: dict[str, Any]) -> Content:
        if template_prefix.startswith("account/email/email_confirmation"):
            return account.verify(code=context["code"], email=email, account=context["user"].email)
        if template_prefix.endswith("/password_reset_key"):
            return account.password_reset(url=context["password_reset_url"])
        rendered = self.render_mail(template_prefix, email, {"email": email, **context})
        return account.account_notice(subject=str(rendered.subject), text=str(rendered.body))

    def format_email_subject(self, subject: str) -> str:
        """Without allauth's ``[site]`` prefix."""
        return subject
