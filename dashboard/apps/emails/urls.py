"""Routes of the messages."""

from django.conf import settings
from django.urls import path

from apps.emails import views

urlpatterns = [
    path("webhooks/mailgun", views.mailgun_webhook, name="mailgun_webhook"),
    path("emails/unsubscribe/<str:token>/", views.unsubscribe, name="email_unsubscribe"),
    path("accounts/messages/", views.preferences, name="email_preferences"),
]

if settings.LOCAL_MAILBOX:
    urlpatterns += [
        path("dev/mailbox/", views.mailbox, name="mailbox"),
        path("dev/mailbox/<int:pk>/", views.mailbox_message, name="mailbox_message"),
        path("dev/mailbox/<int:pk>/html", views.mailbox_html, name="mailbox_html"),
    ]
