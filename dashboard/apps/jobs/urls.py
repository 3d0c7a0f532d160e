"""Routes of the scheduled work."""

from django.urls import path

from apps.jobs import views

urlpatterns = [
    path("healthz/jobs", views.jobs_health, name="jobs_health"),
    path("jobs/tick", views.run_tick, name="jobs_tick"),
]
