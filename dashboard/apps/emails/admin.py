"""Staff pages: messages that were sent, suppressed addresses, and a preview of every message."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from unfold.decorators import action, display

from apps.accounts.model_admin import ServiceAdmin
from apps.emails.messages.previews import PREVIEWS
from apps.emails.models import Email, EmailState, Suppression
from apps.emails.render import render
from apps.ui.model_admin import ReadOnlyAdmin


@admin.register(Email)
class EmailAdmin(ReadOnlyAdmin):
    """Bodies of messages that contain a log-in link or code are not shown."""

    list_display = ("created_at", "message", "to", "subject", "state_label", "attempts")
    list_display_links = ("subject",)
    list_filter = ("state", "message")
    search_fields = ("to", "subject", "=dedupe_key")
    fields = (
        "message",
        "to",
        "organization",
        "subject",
        "state",
        "attempts",
        "error",
        "dedupe_key",
        "created_at",
        "next_attempt_at",
        "sent_at",
        "body",
    )
    actions = ("send_again",)
    actions_list = ("previews",)

    @display(
        description="State",
        label={
            "queued": "info",
            "sending": "info",
            "sent": "success",
            "delivered": "success",
            "bounced": "danger",
            "failed": "danger",
            "suppressed": "warning",
        },
    )
    def state_label(self, email: Email) -> str:
        return email.state

    @display(description="Text")
    def body(self, email: Email) -> str:
        return "(not shown: it logs its reader in)" if email.sensitive else email.text

    @action(description="Try failed messages again", permissions=["send_again"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Email]) -> None:
        """Sends the chosen messages that failed and still have their text."""
        queued = chosen.filter(state=EmailState.FAILED).exclude(text="")
        count = queued.update(
            state=EmailState.QUEUED, attempts=0, claimed_at=None, next_attempt_at=timezone.now()
        )
        messages.success(request, f"{count} messages queued.")

    def has_send_again_permission(self, request: HttpRequest) -> bool:
        """Staff who may change messages."""
        return request.user.has_perm("emails.change_email")

    @action(description="Previews", url_path="previews")
    def previews(self, request: HttpRequest) -> HttpResponse:
        """Every message with sample values."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Message previews",
            "opts": self.model._meta,
            "previews": PREVIEWS,
        }
        return TemplateResponse(request, "emails/previews.html", context)

    def get_urls(self) -> list[URLPattern]:
        preview = self.admin_site.admin_view(xframe_options_sameorigin(self.preview))
        mine = [path("preview/<str:name>/", preview, name="emails_email_preview")]
        return mine + super().get_urls()  # type: ignore[no-any-return]

    def preview(self, _request: HttpRequest, name: str) -> HttpResponse:
        """One message's HTML, or its text part with ``.txt`` after the name."""
        for content in PREVIEWS:
            unsubscribe_url = "https://app.example.com/unsubscribe" if content.optional else None
            rendered = render(content, unsubscribe_url=unsubscribe_url)
            if name == content.name:
                return HttpResponse(rendered.html)
            if name == f"{content.name}.txt":
                return HttpResponse(rendered.text, content_type="text/plain; charset=utf-8")
        raise Http404


@admin.register(Suppression)
class SuppressionAdmin(ServiceAdmin):
    """Deleting an entry lets messages to the address go out again."""

    list_display = ("address", "reason", "detail", "created_at")
    list_filter = ("reason",)
    search_fields = ("address",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Mailgun adds them."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is nothing to change."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """See the class."""
        del obj
        return request.user.has_perm("emails.delete_suppression")
