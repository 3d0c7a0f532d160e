"""Staff pages of billing: customers, subscriptions, invoices, and events with a button that handles
them again."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import action, display

from apps.billing.models import BillingCustomer, Invoice, StripeEvent, Subscription
from apps.billing.notices import money
from apps.billing.services.events import event_replay
from apps.ui.model_admin import ReadOnlyAdmin


class _ReadOnlyInline(TabularInline):
    extra = 0
    tab = True
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        del request, obj
        return False


class SubscriptionInline(_ReadOnlyInline):
    model = Subscription
    fk_name = "customer"
    fields = ("status", "plan", "keep_plan", "current_period_end", "cancel_at", "ended_at")


class InvoiceInline(_ReadOnlyInline):
    model = Invoice
    fields = ("number", "status", "amount_due", "amount_paid", "amount_refunded", "created_at")


@admin.register(BillingCustomer)
class BillingCustomerAdmin(ReadOnlyAdmin):
    """An organization's account at Stripe, with all it bought."""

    list_display = ("organization", "stripe_customer_id", "applied_plan", "synced_at")
    list_select_related = ("organization", "applied_plan")
    search_fields = ("organization__name", "=stripe_customer_id")
    inlines = (SubscriptionInline, InvoiceInline)


@admin.register(Subscription)
class SubscriptionAdmin(ReadOnlyAdmin):
    """Copies of Stripe's subscriptions."""

    list_display = ("organization", "plan", "state", "current_period_end", "cancel_at")
    list_filter = ("status", "plan")
    list_select_related = ("customer__organization", "plan")
    search_fields = ("customer__organization__name", "=stripe_subscription_id")

    @display(description="Organization")
    def organization(self, subscription: Subscription) -> str:
        return subscription.customer.organization.name

    @display(
        description="State",
        label={"active": "success", "trialing": "info", "past_due": "danger", "unpaid": "danger"},
    )
    def state(self, subscription: Subscription) -> str:
        return subscription.status


@admin.register(Invoice)
class InvoiceAdmin(ReadOnlyAdmin):
    """Copies of Stripe's invoices."""

    list_display = (
        "number",
        "organization",
        "state",
        "due",
        "refunded",
        "dispute_status",
        "created_at",
    )
    list_filter = ("status", "dispute_status")
    list_select_related = ("customer__organization",)
    search_fields = ("=number", "=stripe_invoice_id", "customer__organization__name")

    @display(description="Organization")
    def organization(self, invoice: Invoice) -> str:
        return invoice.customer.organization.name

    @display(description="State", label={"paid": "success", "open": "warning"})
    def state(self, invoice: Invoice) -> str:
        return invoice.status

    @display(description="Due")
    def due(self, invoice: Invoice) -> str:
        return money(invoice.amount_due)

    @display(description="Refunded")
    def refunded(self, invoice: Invoice) -> str:
        return money(invoice.amount_refunded) if invoice.amount_refunded else "—"


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnlyAdmin):
    """Replaying is always safe: the current state is read from Stripe."""

    list_display = ("received_at", "type", "id", "state_label", "attempts", "error")
    list_display_links = ("type",)
    list_filter = ("state", "type")
    search_fields = ("=id",)
    actions = ("replay",)

    @display(
        description="State",
        label={"succeeded": "success", "failed": "danger", "received": "info", "started": "info"},
    )
    def state_label(self, event: StripeEvent) -> str:
        return event.state

    @action(description="Handle again", permissions=["replay"])
    def replay(self, request: HttpRequest, chosen: QuerySet[StripeEvent]) -> None:
        """One after the other, oldest first."""
        for event in chosen.order_by("stripe_created"):
            event_replay(event=event)
        failed = chosen.filter(state="failed").count()
        level = messages.WARNING if failed else messages.SUCCESS
        messages.add_message(request, level, f"{len(chosen)} handled, {failed} failed.")

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Staff who may change events."""
        return request.user.has_perm("billing.change_stripeevent")
