"""The team and settings pages of an organization."""

from django.urls import path

from apps.accounts import organization_views
from apps.accounts import team_views as views

urlpatterns = [
    path("settings/", organization_views.organization_settings, name="organization_settings"),
    path(
        "settings/delete/",
        organization_views.organization_delete_page,
        name="organization_delete",
    ),
    path("team/", views.team, name="team"),
    path("team/invite/", views.team_invite, name="team_invite"),
    path("team/invitations/<uuid:invitation_id>/", views.team_withdraw, name="team_withdraw"),
    path("team/members/<int:membership_id>/role/", views.team_role, name="team_role"),
    path("team/members/<int:membership_id>/remove/", views.team_remove, name="team_remove"),
    path("team/leave/", views.team_leave, name="team_leave"),
    path("team/transfer/", views.team_transfer, name="team_transfer"),
]
