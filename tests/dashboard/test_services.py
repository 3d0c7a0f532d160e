"""Organizations, projects, keys, provider keys: what a change writes."""

import re
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError

from apps.accounts.models import Membership, Organization, Plan, Role, User
from apps.accounts.services.memberships import (
    membership_create,
    membership_delete,
    membership_update,
)
from apps.accounts.services.organizations import organization_create, organization_update
from apps.accounts.services.plans import plan_update
from apps.audit.models import AuditLog
from apps.projects.models import ApiKey, Project
from apps.projects.services.api_keys import CreatedApiKey, api_key_revoke
from apps.projects.services.projects import (
    ProjectLimitReachedError,
    project_archive,
    project_create,
    project_update,
)
from apps.projects.services.provider_credentials import provider_credential_create
from shared import api_keys, envelope, plans

pytestmark = pytest.mark.django_db


def _last_entry() -> AuditLog:
    entry = AuditLog.objects.order_by("-id").first()
    assert entry is not None
    return entry


def test_the_shipped_plans_are_rows() -> None:
    rows = {plan.slug: plan for plan in Plan.objects.all()}
    assert rows.keys() == {plan.slug for plan in plans.SHIPPED}
    for shipped in plans.SHIPPED:
        row = rows[shipped.slug]
        assert row.public
        assert row.monthly_requests == shipped.monthly_requests
        assert row.requests_per_minute == shipped.requests_per_minute
        assert row.max_projects == shipped.max_projects
        assert row.price_cents == shipped.price_cents


def test_a_new_organization_is_on_free_and_has_its_owner(
    organization: Organization, owner: User
) -> None:
    assert organization.plan.slug == "free"
    assert Membership.objects.get(organization=organization, user=owner).role == Role.OWNER


def test_organizations_of_one_name_get_slugs_of_their_own(owner: User) -> None:
    slugs = {organization_create(name="Acme", owner=owner, actor=owner).slug for _ in range(3)}
    assert len(slugs) == 3


def test_a_key_is_stored_as_a_hash_only(created_key: CreatedApiKey) -> None:
    row = ApiKey.objects.get(pk=created_key.api_key.pk)
    assert api_keys.well_formed(created_key.plaintext)
    assert row.key_hash == api_keys.key_hash(created_key.plaintext, settings.API_KEY_PEPPER)
    stored = " ".join(str(value) for value in vars(row).values())
    assert created_key.plaintext not in stored
    assert created_key.plaintext[8:-4] not in stored
    assert created_key.plaintext not in repr(created_key)


def test_no_secret_reaches_the_audit_log(
    created_key: CreatedApiKey, project: Project, owner: User
) -> None:
    provider_credential_create(
        project=project, provider="openai", secret="sk-very-secret", actor=owner
    )
    text = str(list(AuditLog.objects.values()))
    assert AuditLog.objects.filter(action="provider_credential.create").exists()
    assert created_key.plaintext not in text
    assert created_key.api_key.key_hash not in text
    assert "sk-very-secret" not in text
    assert "v1." not in text
    assert "v2." not in text


def test_revoking_counts_once(created_key: CreatedApiKey, owner: User) -> None:
    api_key_revoke(api_key=created_key.api_key, actor=owner)
    first = created_key.api_key.revoked_at
    revision = Project.objects.get(pk=created_key.api_key.project_id).edge_revision
    api_key_revoke(api_key=created_key.api_key, actor=owner)
    assert created_key.api_key.revoked_at == first
    assert Project.objects.get(pk=created_key.api_key.project_id).edge_revision == revision
    assert AuditLog.objects.filter(action="api_key.revoke").count() == 1


def test_the_plan_limits_projects_and_archived_ones_do_not_count(
    organization: Organization, owner: User
) -> None:
    made = [
        project_create(organization=organization, name=f"P{number}", actor=owner)
        for number in range(3)
    ]
    with pytest.raises(ProjectLimitReachedError) as caught:
        project_create(organization=organization, name="One more", actor=owner)
    assert caught.value.limit == 3
    project_archive(project=made[0], actor=owner)
    project_create(organization=organization, name="One more", actor=owner)


def test_an_override_of_the_project_limit_applies(organization: Organization, owner: User) -> None:
    organization_update(organization=organization, actor=owner, override_max_projects=0)
    with pytest.raises(ProjectLimitReachedError):
        project_create(organization=organization, name="None", actor=owner)


@pytest.mark.parametrize(
    "values",
    [
        {"ttl_seconds": 0},
        {"max_temperature": 2.5},
        {"semantic_mode": "wild"},
        {"routes": {"match": "x"}},
        {"routes": [{"match": "gpt-*"}]},
        {"routes": [{"match": "gpt-*", "provider": "openai", "fallbacks": "groq"}]},
        {"routes": [{"match": "gpt-*", "provider": "openai", "weight": 2}]},
        {"routes": [{"match": "gpt-*", "provider": "openai", "fallbacks": ["groq/x"] * 6}]},
    ],
)
def test_settings_out_of_range_change_nothing(project: Project, values: dict[str, Any]) -> None:
    before = Project.objects.filter(pk=project.pk).values().get()
    with pytest.raises(ValidationError):
        project_update(project=project, actor=None, **values)
    assert Project.objects.filter(pk=project.pk).values().get() == before


def test_a_change_is_audited_with_old_and_new(project: Project, owner: User) -> None:
    project_update(project=project, actor=owner, ttl_seconds=60)
    entry = _last_entry()
    assert entry.action == "project.update"
    assert entry.actor == owner
    assert entry.organization_id == project.organization_id
    assert entry.data == {"ttl_seconds": {"from": 3600, "to": 60}}


def test_saving_without_a_change_writes_nothing(project: Project, owner: User) -> None:
    entries = AuditLog.objects.count()
    project_update(project=project, actor=owner, ttl_seconds=3600)
    assert AuditLog.objects.count() == entries
    assert Project.objects.get(pk=project.pk).edge_revision == project.edge_revision


def test_a_plan_change_counts_up_its_projects_and_no_others(project: Project, owner: User) -> None:
    pro = organization_create(
        name="Other", owner=owner, actor=owner, plan=Plan.objects.get(slug="pro")
    )
    other = project_create(organization=pro, name="Other", actor=owner)
    plan_update(plan=Plan.objects.get(slug="free"), actor=owner, requests_per_minute=11)
    assert Project.objects.get(pk=project.pk).edge_revision == project.edge_revision + 1
    assert Project.objects.get(pk=other.pk).edge_revision == other.edge_revision


def test_a_provider_key_opens_for_its_own_project_only(project: Project) -> None:
    credential = provider_credential_create(
        project=project, provider="openai", secret="sk-very-secret", actor=None
    )
    assert re.fullmatch(r"v2\.test\.[\w-]+", credential.envelope)
    sealed = envelope.parse(credential.envelope)
    cipher = AESGCM(settings.ENCRYPTION_KEYS[sealed.key_id])
    opened = cipher.decrypt(sealed.nonce, sealed.sealed, f'["{project.pk}", "openai", ""]'.encode())
    assert opened == b"sk-very-secret"
    with pytest.raises(InvalidTag):
        cipher.decrypt(
            sealed.nonce,
            sealed.sealed,
            f'["{project.pk}", "openai", "https://example.com"]'.encode(),
        )


def test_an_organization_keeps_an_owner(organization: Organization, owner: User) -> None:
    only = Membership.objects.get(organization=organization, user=owner)
    with pytest.raises(ValidationError):
        membership_delete(membership=only, actor=owner)
    with pytest.raises(ValidationError):
        membership_update(membership=only, role=Role.VIEWER, actor=owner)
    second = User.objects.create_user("second@example.com")
    membership_create(organization=organization, user=second, role=Role.OWNER, actor=owner)
    membership_delete(membership=only, actor=owner)
    assert [member.user for member in organization.memberships.all()] == [second]


def test_addresses_are_one_account_in_any_case(owner: User) -> None:
    assert User.objects.get_by_natural_key("OWNER@Example.com") == owner
    assert User.objects.create_user("New@Example.com").email == "new@example.com"
