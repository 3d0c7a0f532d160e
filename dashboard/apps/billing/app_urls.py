"""The billing pages of an organization."""

from django.urls import path

from apps.billing.views import pages

urlpatterns = [
    path("billing/", pages.billing, name="billing"),
    path("billing/portal/", pages.portal, name="billing_portal"),
    path("billing/resume/", pages.resume, name="billing_resume"),
    path("billing/plan/<slug:slug>/", pages.change_plan, name="billing_change_plan"),
]
