"""The outbox, suppressed addresses, and people's preferences."""

import uuid

from django.conf import settings
from django.db import models

from apps.accounts.models import Organization


class EmailState(models.TextChoices):
    """A message that stays ``sending`` was interrupted: the provider may have taken it or not."""

    QUEUED = "queued", "Queued"
    SENDING = "sending", "Sending"
    SENT = "sent", "Sent"
    DELIVERED = "delivered", "Delivered"
    BOUNCED = "bounced", "Bounced"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Suppressed"


class Email(models.Model):
    """One message to one address, written in the transaction of its cause and sent afterwards.

    ``dedupe_key`` says what the message is about, so that the same cause never writes twice.
    ``id`` is part of the Message-Id, by which the provider can be asked whether it has the message.
    The body of a ``sensitive`` message (it carries a link that logs in) is emptied once sent.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    dedupe_key = models.CharField(max_length=200, unique=True)
    message = models.CharField(max_length=40)
    to = models.EmailField()
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    organization = models.ForeignKey(
        Organization, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    subject = models.CharField(max_length=254)
    text = models.TextField()
    html = models.TextField()
    headers = models.JSONField(default=dict)
    sensitive = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=EmailState, default=EmailState.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "emails_sent"
        ordering = ["-created_at", "id"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"],
                name="emails_sent_due",
                condition=models.Q(state__in=["queued", "sending"]),
            ),
            models.Index(fields=["created_at"], name="emails_sent_created"),
        ]

    def __str__(self) -> str:
        return f"{self.message} to {self.to}"

    @property
    def message_id(self) -> str:
        """The Message-Id header without its angle brackets."""
        return f"{self.pk}@{settings.MAIL_FROM.rpartition('@')[2].rstrip('>')}"


class Suppression(models.Model):
    """An address that must not be written to: it does not exist, or its owner complained."""

    address = models.EmailField(unique=True)
    reason = models.CharField(
        max_length=20, choices=[("bounce", "Bounce"), ("complaint", "Complaint")]
    )
    detail = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "email_suppressions"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.address


class MailgunToken(models.Model):
    """The token of a processed Mailgun webhook. Mailgun signs only timestamp and token, not the
    payload, so a token must not be accepted a second time with another payload.
    """

    token = models.CharField(max_length=128, primary_key=True)
    seen_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "mailgun_tokens"

    def __str__(self) -> str:
        return self.token


class OptOut(models.Model):
    """A person does not want one kind of message (``apps.emails.kinds``)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="email_opt_outs"
    )
    kind = models.CharField(max_length=20)

    class Meta:
        db_table = "email_opt_outs"
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="email_opt_outs_unique")
        ]

    def __str__(self) -> str:
        return f"{self.user} without {self.kind}"


class KnownDevice(models.Model):
    """A browser that somebody signed in from; ``token_hash`` is of a random cookie it keeps."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="known_devices"
    )
    token_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "known_devices"
        constraints = [
            models.UniqueConstraint(fields=["user", "token_hash"], name="known_devices_unique")
        ]

    def __str__(self) -> str:
        return f"device of {self.user}"


class MailboxMessage(models.Model):
    """A message that was not sent, on a machine without a mail provider: shown at /dev/mailbox/."""

    to = models.CharField(max_length=254)
    subject = models.CharField(max_length=254)
    text = models.TextField()
    html = models.TextField(blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "mailbox_messages"
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.subject
