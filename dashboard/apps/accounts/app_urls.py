"""The team pages of an organization."""

from django.urls import path

from apps.accounts import team_views as views

urlpatterns = [
    path("team/", views.team, name="team"),
    path("team/invite/", views.team_invite, name="team_invite"),
    path("team/invitations/<uuid:invitation_id>/", views.team_withdraw, name="team_withdraw"),
    path("team/members/<int:membership_id>/role/", views.team_role, name="team_role"),
    path("team/members/<int:membership_id>/remove/", views.team_remove, name="team_remove"),
    path("team/leave/", views.team_leave, name="team_leave"),
    path("team/transfer/", views.team_transfer, name="team_transfer"),
]
