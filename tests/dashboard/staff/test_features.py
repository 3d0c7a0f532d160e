"""Feature switches: what each of them turns off, for whom, who may, and how soon."""

import json
from html import escape
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Organization, User
from apps.accounts.services.invitations import invitation_create
from apps.accounts.services.organizations import organization_create
from apps.audit.models import AuditLog
from apps.features import catalogue
from apps.features.catalogue import FEATURES, PURCHASES, SEMANTIC_CACHE, SIGNUPS_OPEN, WEBHOOKS
from apps.features.models import FeatureOverride
from apps.features.selectors import CACHE_KEY, enabled
from apps.features.services import (
    feature_override_create,
    feature_override_delete,
    feature_override_update,
)
from apps.features.social import SocialAccountAdapter
from apps.projects.encryption import seal
from apps.projects.models import Project
from apps.projects.selectors import key_record
from apps.projects.services.api_keys import CreatedApiKey
from apps.projects.services.projects import project_update
from apps.webhooks.models import WebhookDelivery, WebhookEndpoint
from apps.webhooks.services.deliver import deliveries_send_due
from tests.dashboard.pages.conftest import signed_in
from tests.dashboard.sign_up import sign_up
from tests.doubles.upstash import UpstashDouble

pytestmark = pytest.mark.django_db
LIST = "/admin/features/featureoverride/"
SIGN_UP = {"organization": "Rockets", "email": "new@example.com", "password1": "a long enough one"}


def _switch(
    feature: str, organization: Organization | None = None, *, on: bool = False
) -> FeatureOverride:
    return feature_override_create(
        feature=feature, organization=organization, enabled=on, actor=None
    )


@pytest.fixture
def other(owner: User) -> Organization:
    return organization_create(name="Other", owner=owner, actor=owner)


def test_an_organizations_switch_goes_before_everybodys_and_that_before_the_default(
    organization: Organization, other: Organization
) -> None:
    assert enabled(PURCHASES, organization)
    everybody = _switch(PURCHASES)
    assert not enabled(PURCHASES, organization)
    own = _switch(PURCHASES, organization, on=True)
    assert enabled(PURCHASES, organization)
    assert not enabled(PURCHASES, other)
    feature_override_update(override=everybody, actor=None, enabled=True)
    feature_override_update(override=own, actor=None, enabled=False)
    assert not enabled(PURCHASES, organization)
    assert enabled(PURCHASES, other)
    feature_override_delete(override=own, actor=None)
    assert enabled(PURCHASES, organization)


def test_asking_again_asks_no_database(organization: Organization) -> None:
    enabled(PURCHASES, organization)
    with CaptureQueriesContext(connection) as queries:
        for feature in FEATURES:
            enabled(feature.name, organization)
    assert len(queries) == 0


def test_another_process_notices_when_its_copy_is_old(organization: Organization) -> None:
    enabled(PURCHASES, organization)
    FeatureOverride.objects.create(feature=PURCHASES, enabled=False)  # by somebody else
    assert enabled(PURCHASES, organization)
    cache.delete(CACHE_KEY)  # ten seconds later
    assert not enabled(PURCHASES, organization)


def test_no_second_row_no_unknown_switch_no_global_one_for_an_organization(
    organization: Organization,
) -> None:
    _switch(PURCHASES)
    _switch(PURCHASES, organization)
    for feature, whose in (
        (PURCHASES, None),
        (PURCHASES, organization),
        ("no_such", None),
        (SIGNUPS_OPEN, organization),
    ):
        with pytest.raises(ValidationError):
            _switch(feature, whose)
    assert FeatureOverride.objects.count() == 2


# --- what reads them ---


def test_closed_sign_up_lets_in_the_invited_alone(
    client: Client, organization: Organization, owner: User
) -> None:
    _switch(SIGNUPS_OPEN)
    assert "Sign-up is closed" in client.get("/accounts/signup/").content.decode()
    client.post("/accounts/signup/", SIGN_UP)
    client.post("/accounts/signup/?next=/app/invitations/made-up/", SIGN_UP)
    assert User.objects.count() == 1
    link = _invite(organization, owner, "new@example.com")
    page = client.get("/accounts/signup/", {"next": link})
    assert page.status_code == 200
    assert 'name="password1"' in page.content.decode()
    refused = client.post(
        "/accounts/signup/", {**SIGN_UP, "email": "friend@example.com", "next": link}
    )
    assert "the address that the invitation went to" in refused.content.decode()
    assert sign_up(client, {**SIGN_UP, "next": link})["Location"] == link
    assert User.objects.filter(email="new@example.com").exists()


def _invite(organization: Organization, owner: User, email: str) -> str:
    invitation_create(organization=organization, email=email, role="member", actor=owner)
    from apps.emails.models import Email

    text = Email.objects.get(to=email, message="invitation").text
    return "/app/invitations/" + text.partition("/app/invitations/")[2].split()[0]


def test_social_log_in_offers_nothing_while_it_is_off(rf: Any, settings: Any) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {}
    request = rf.get("/")
    offered = SocialAccountAdapter().list_providers(request)
    _switch(catalogue.SOCIAL_LOGIN)
    assert SocialAccountAdapter().list_providers(request) == []
    assert isinstance(offered, list)


def test_nothing_is_bought_while_purchases_are_off(
    organization: Organization, other: Organization, owner: User, settings: Any
) -> None:
    _switch(PURCHASES, organization)
    client = signed_in(owner)
    page = client.get(f"/app/{organization.slug}/-/billing/").content.decode()
    assert "cannot be bought or changed just now" in page
    assert "cannot be bought" not in client.get(f"/app/{other.slug}/-/billing/").content.decode()
    client.post(f"/app/{organization.slug}/-/billing/plan/pro/")
    page = client.get(f"/app/{organization.slug}/-/billing/").content.decode()
    assert "Please try later" in page


def test_webhooks_wait_while_they_are_off(
    organization: Organization, other: Organization, settings: Any
) -> None:
    for each in (organization, other):
        endpoint = WebhookEndpoint(organization=each, url="http://127.0.0.1:9/", events=[])
        endpoint.sealed_secret = seal(
            "c2VjcmV0", project_id=str(endpoint.pk), keys=settings.ENCRYPTION_KEYS
        )
        endpoint.save()
        WebhookDelivery.objects.create(
            endpoint=endpoint, event="test", body="{}", next_attempt_at=timezone.now()
        )

    def attempts() -> dict[str, int]:
        rows = WebhookDelivery.objects.values_list("endpoint__organization__name", "attempts")
        WebhookDelivery.objects.update(next_attempt_at=timezone.now(), state="queued")
        return dict(rows)

    own = _switch(WEBHOOKS, organization)
    deliveries_send_due()
    assert attempts() == {"Acme": 0, "Other": 1}
    everybody = _switch(WEBHOOKS)
    feature_override_update(override=own, actor=None, enabled=True)
    deliveries_send_due()
    assert attempts() == {"Acme": 1, "Other": 1}
    feature_override_delete(override=everybody, actor=None)
    deliveries_send_due()
    assert attempts() == {"Acme": 2, "Other": 2}


def test_the_edge_is_told_that_the_semantic_cache_is_off(
    project: Project,
    created_key: CreatedApiKey,
    upstash: UpstashDouble,
    django_capture_on_commit_callbacks: Any,
) -> None:
    project_update(project=project, actor=None, semantic_mode="balanced")
    key_hash = created_key.api_key.key_hash

    def allowed() -> bool:
        record = key_record(key_hash)
        assert record is not None
        assert record["project"]["semantic_mode"] == "balanced"
        found: bool = record["project"]["semantic_allowed"]
        return found

    assert allowed()
    before = Project.objects.get(pk=project.pk).edge_revision
    with django_capture_on_commit_callbacks(execute=True):
        everybody = _switch(SEMANTIC_CACHE)
    assert not allowed()
    assert Project.objects.get(pk=project.pk).edge_revision == before + 1
    assert key_hash in json.dumps(upstash.commands())
    _switch(SEMANTIC_CACHE, project.organization, on=True)
    assert allowed()
    feature_override_delete(override=everybody, actor=None)
    assert allowed()
    assert Project.objects.get(pk=project.pk).edge_revision == before + 3


def test_a_switch_that_the_edge_does_not_read_does_not_bother_it(project: Project) -> None:
    before = Project.objects.get(pk=project.pk).edge_revision
    _switch(PURCHASES)
    assert Project.objects.get(pk=project.pk).edge_revision == before


def test_the_cache_page_says_so(project: Project, owner: User) -> None:
    page = f"/app/{project.organization.slug}/{project.slug}/cache/"
    client = signed_in(owner)
    assert "switched off by the operator" not in client.get(page).content.decode()
    _switch(SEMANTIC_CACHE, project.organization)
    assert "switched off by the operator" in client.get(page).content.decode()


def test_the_playground_compares_nothing_while_it_is_off(project: Project, owner: User) -> None:
    page = f"/app/{project.organization.slug}/{project.slug}/cache/playground/"
    question = {"asked": "How do I reset it?", "cached": "How can I reset it?"}
    client = signed_in(owner)
    assert client.get(page, question).context["result"] is not None
    _switch(catalogue.PLAYGROUND, project.organization)
    response = client.get(page, question)
    assert "result" not in response.context
    assert "closed for the moment" in response.content.decode()


# --- the staff page ---


def test_staff_switch_in_the_admin_and_it_is_recorded(
    staff_client: Client, staff: User, organization: Organization, owner: User
) -> None:
    page = staff_client.get(LIST).content.decode()
    for feature in FEATURES:
        assert feature.title in page
        assert escape(feature.description) in page
    data = {"feature": PURCHASES, "organization": str(organization.pk), "note": "fraud"}
    assert staff_client.post(f"{LIST}add/", data).status_code == 302
    override = FeatureOverride.objects.get()
    assert (override.enabled, override.changed_by) == (False, staff)
    change = f"{LIST}{override.pk}/change/"
    assert staff_client.post(change, {"enabled": "on", "note": "fraud"}).status_code == 302
    assert enabled(PURCHASES, organization)
    assert staff_client.post(f"{LIST}{override.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not FeatureOverride.objects.exists()
    entries = AuditLog.objects.filter(action__startswith="feature.").order_by("id")
    assert [each.action for each in entries] == [
        "feature.create",
        "feature.update",
        "feature.delete",
    ]
    assert {each.actor for each in entries} == {staff}
    assert entries[1].data == {"enabled": {"from": False, "to": True}}
    log = signed_in(owner).get(f"/app/{organization.slug}/-/audit/?kind=feature")
    assert "feature.update" in log.content.decode()


def test_the_admin_says_what_cannot_be(staff_client: Client, organization: Organization) -> None:
    data = {"feature": SIGNUPS_OPEN, "organization": str(organization.pk)}
    response = staff_client.post(f"{LIST}add/", data)
    assert "for everybody or nobody" in response.content.decode()
    _switch(PURCHASES)
    response = staff_client.post(f"{LIST}add/", {"feature": PURCHASES})
    assert "There is such a switch already" in response.content.decode()
    assert FeatureOverride.objects.count() == 1


def test_switching_takes_the_permission(owner: User) -> None:
    plain = User.objects.create_user("plain@example.com", is_staff=True)
    client = signed_in(plain)
    assert client.get(LIST).status_code == 403
    plain.user_permissions.add(Permission.objects.get(codename="view_featureoverride"))
    assert client.get(LIST).status_code == 200
    assert client.post(f"{LIST}add/", {"feature": PURCHASES}).status_code == 403
    assert signed_in(owner).get(LIST).status_code in (302, 403)
    assert not FeatureOverride.objects.exists()


def test_every_switch_is_read_somewhere() -> None:
    """No switch that nothing reads: each constant is used outside of the catalogue."""
    apps = Path(catalogue.__file__).parents[1]
    sources = [
        path.read_text()
        for path in apps.rglob("*.py")
        if path.name != "catalogue.py" and path.parent.name != "migrations"
    ]
    constants = {value: name for name, value in vars(catalogue).items() if isinstance(value, str)}
    for feature in FEATURES:
        name = constants[feature.name]
        assert any(f"enabled({name}" in text or f"({name}" in text for text in sources), name
