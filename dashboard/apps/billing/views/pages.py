"""The billing page of an organization, and the way to Stripe's pages and back."""

import logging
from typing import cast

import stripe
from csp.decorators import csp_update
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.accounts.access import Access, organization_view
from apps.accounts.models import Organization, Plan, Role, User
from apps.accounts.selectors import memberships_of
from apps.billing.consequences import consequences
from apps.billing.entitlement import grace_end
from apps.billing.models import BillingCustomer
from apps.billing.notices import day
from apps.billing.services import purchase
from apps.billing.services.purchase import PurchaseError, ReturnAddresses
from apps.billing.stripe_client import billing_enabled
from apps.emails import links
from apps.features.catalogue import PURCHASES
from apps.features.selectors import enabled
from apps.projects.access import LAST_PROJECT
from apps.usage.month import next_month_start, requests_this_month

logger = logging.getLogger(__name__)
_INVOICES = 24

# Browsers apply the form page's policy to the redirect after the form, too.
_to_stripe = csp_update({"form-action": list(settings.STRIPE_PAGES)})


@_to_stripe
@organization_view(read=Role.ADMIN)
def billing(request: HttpRequest, access: Access) -> HttpResponse:
    """Plan, usage, what could be bought, invoices."""
    organization = access.organization
    if request.GET.get("checkout") == "done":
        _catch_up(request, access)
        return redirect("billing", organization=organization.slug)
    customer = BillingCustomer.objects.filter(organization=organization).first()
    subscription = purchase.live_subscription(organization)
    invoices = list(customer.invoices.all()[:_INVOICES]) if customer else []
    now = timezone.now()
    context = {
        "plan": organization.plan,
        "limits": organization.limits,
        "plans": Plan.objects.filter(public=True),
        "used": requests_this_month(organization, now),
        "resets": next_month_start(now),
        "subscription": subscription,
        "kept_plan": subscription.kept_plan(now) if subscription else None,
        "grace_end": grace_end(customer, subscription) if customer and subscription else None,
        "invoices": invoices,
        "unpaid": next((row for row in invoices if row.is_unpaid), None),
        "enabled": billing_enabled(),
        "has_customer": customer is not None,
        "is_double": bool(settings.STRIPE_API_BASE),
        "trial_days": settings.STRIPE_TRIAL_DAYS,
    }
    return render(request, "billing/billing.html", context)


@never_cache
@login_required
@require_safe
def choose_plan(request: HttpRequest, slug: str) -> HttpResponse:
    """Target of the links on the public prices: redirects to that plan for the organization that
    the person manages. The one they worked in last comes first.
    """
    plan = get_object_or_404(Plan, slug=slug, public=True)
    managed = memberships_of(cast(User, request.user)).filter(role__in=[Role.OWNER, Role.ADMIN])
    last = Q(organization__projects__pk=request.session.get(LAST_PROJECT))
    membership = managed.filter(last).first() or managed.first()
    if membership is None:
        return redirect("app_home")
    if not billing_enabled() or not plan.price_cents:
        return redirect("billing", membership.organization.slug)
    return redirect("billing_change_plan", membership.organization.slug, plan.slug)


@_to_stripe
@require_http_methods(["GET", "POST"])
@organization_view(read=Role.ADMIN)
def change_plan(request: HttpRequest, access: Access, slug: str) -> HttpResponse:
    """GET says what the plan means for this organization; POST buys it or changes to it."""
    organization = access.organization
    plan = get_object_or_404(Plan, slug=slug, public=True)
    subscription = purchase.live_subscription(organization)
    if request.method == "POST":
        return _change(request, access, plan)
    now = timezone.now()
    in_force = subscription.plan_in_force(now) if subscription else None
    context = {
        "plan": plan,
        "current": organization.plan,
        "subscription": subscription,
        "takes_back": subscription is not None and plan == subscription.kept_plan(now),
        "is_downgrade": in_force is not None and plan.price_cents < in_force.price_cents,
        "consequences": consequences(organization, plan),
        "proration": settings.STRIPE_PRORATION,
        "trial_days": settings.STRIPE_TRIAL_DAYS,
        "is_double": bool(settings.STRIPE_API_BASE),
    }
    return render(request, "billing/change_plan.html", context)


@require_POST
@organization_view(read=Role.ADMIN)
def resume(request: HttpRequest, access: Access) -> HttpResponse:
    """Takes a cancellation back."""
    try:
        purchase.subscription_resume(organization=access.organization, actor=access.user)
        messages.success(request, "The subscription goes on.")
    except (PurchaseError, stripe.StripeError) as error:
        _explain(request, error)
    return redirect("billing", organization=access.organization.slug)


@_to_stripe
@require_POST
@organization_view(read=Role.ADMIN)
def portal(request: HttpRequest, access: Access) -> HttpResponse:
    """To Stripe's customer portal."""
    back = links.absolute(reverse("billing", args=[access.organization.slug]))
    try:
        address = purchase.portal_open(organization=access.organization, return_url=back)
    except (PurchaseError, stripe.StripeError) as error:
        _explain(request, error)
        return redirect("billing", organization=access.organization.slug)
    return redirect(address)


def _change(request: HttpRequest, access: Access, plan: Plan) -> HttpResponse:
    organization = access.organization
    page = reverse("billing", args=[organization.slug])
    if plan.price_cents and not enabled(PURCHASES, organization):
        messages.error(request, "Plans cannot be bought or changed just now. Please try later.")
        return redirect(page)
    try:
        purchase.customer_refresh(organization=organization)
        if plan.price_cents == 0:
            purchase.subscription_cancel(organization=organization, actor=access.user)
            messages.success(request, "The subscription ends with the period you have paid for.")
        elif purchase.live_subscription(organization) is None:
            back = links.absolute(page)
            addresses = ReturnAddresses(done=f"{back}?checkout=done", back=back)
            return redirect(
                purchase.checkout_start(
                    organization=organization, plan=plan, actor=access.user, addresses=addresses
                )
            )
        else:
            purchase.plan_change(organization=organization, plan=plan, actor=access.user)
            messages.success(request, _changed(organization, plan))
    except (PurchaseError, stripe.StripeError) as error:
        _explain(request, error)
    return redirect(page)


def _changed(organization: Organization, plan: Plan) -> str:
    subscription = purchase.live_subscription(organization)
    kept = subscription.kept_plan(timezone.now()) if subscription else None
    if subscription is None or kept is None:
        return f"{plan.name} is in force within a minute."
    begins = day(subscription.current_period_end)
    return f"{plan.name} begins on {begins}; until then {kept.name} stays."


def _catch_up(request: HttpRequest, access: Access) -> None:
    """Syncs at once after Checkout: the person often comes back before the webhook, and must not
    see the old plan."""
    try:
        purchase.customer_refresh(organization=access.organization)
    except stripe.StripeError:
        logger.exception(
            "Stripe could not be read after Checkout; its webhook will bring the change"
        )
    messages.success(request, "Thank you. The plan is in force within a minute.")


def _explain(request: HttpRequest, error: Exception) -> None:
    if isinstance(error, PurchaseError):
        messages.error(request, str(error))
        return
    if isinstance(error, stripe.CardError):
        messages.error(
            request,
            f"The payment did not go through, so the plan stays as it is: {error.user_message} "
            "Another card can be given under “Card, invoices, cancelling”.",
        )
        return
    logger.error("Stripe refused: %s", error)
    messages.error(request, "The payment provider could not do that just now. Please try again.")
