"""``rpc/resolve_api_key``: what the edge learns about a key."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.services.organizations import organization_update
from apps.accounts.services.plans import plan_create, plan_update
from apps.features.catalogue import SEMANTIC_CACHE
from apps.features.prices import (
    price_override_create,
    price_override_delete,
    price_override_update,
)
from apps.features.services import (
    feature_override_create,
    feature_override_delete,
    feature_override_update,
)
from apps.projects import selectors
from apps.projects.services.api_keys import api_key_revoke, api_key_update
from apps.projects.services.projects import project_archive, project_update
from apps.projects.services.provider_credentials import (
    provider_credential_create,
    provider_credential_disable,
)
from shared import key_record
from shared.pricing import Rates
from tests.contract.callers import Caller
from tests.contract.tenants import tenant

LABEL_LIMITS = {
    "label": "user",
    "requests_per_minute": 60,
    "budget_nanousd": 5 * 10**9,
    "period": "day",
    "most_values": 10_000,
}


def test_an_unknown_hash_is_null(caller: Caller) -> None:
    assert caller.resolve("0" * 64) is None


def test_a_fresh_key_is_active_and_carries_its_plan(caller: Caller) -> None:
    customer = tenant()
    record = key_record.parse(caller.resolve(customer.key_hash))
    assert record.status == "active"
    assert record.key_id == str(customer.api_key.pk)
    assert record.project_id == str(customer.project.pk)
    assert record.organization_id == str(customer.organization.pk)
    assert record.expires_at is None
    assert record.plan == key_record.Plan("pro", 1_000_000, 200, None, "stop", 200)
    assert record.key_limits == key_record.KeyLimits(None, None, None)
    assert record.project.ttl_seconds == 3600
    assert record.project.embeddings_ttl_seconds == 86400
    assert len(bytes.fromhex(record.project.data_key_salt)) == 32
    assert record.credentials == ()


def test_sql_and_orm_build_the_same_object(caller: Caller) -> None:
    customer = tenant(
        max_temperature=0.7,
        semantic_mode="strict",
        semantic_check_share=0.1,
        plain_user_labels=True,
        label_limits=LABEL_LIMITS,
        monthly_budget_nanousd=5 * 10**12,
        routes=[{"match": "gpt-*", "provider": "openai", "fallbacks": ["groq/llama-3.3-70b"]}],
    )
    for priority in (1, 0):
        provider_credential_create(
            project=customer.project,
            provider="openai",
            secret=f"sk-{priority}",
            actor=None,
            priority=priority,
            base_url="https://proxy.example/v1" if priority else None,
        )
    api_key_update(
        api_key=customer.api_key,
        actor=None,
        expires_at=timezone.now() + timedelta(days=1),
        requests_per_minute=7,
        tokens_per_minute=8,
        monthly_budget_nanousd=9,
    )
    answer = caller.resolve(customer.key_hash)
    assert answer == selectors.key_record(customer.key_hash)
    parsed = key_record.parse(answer)
    assert [credential.priority for credential in parsed.credentials] == [0, 1]
    assert parsed.project.routes[0].fallbacks == ("groq/llama-3.3-70b",)


def test_only_the_hash_itself_finds_a_key(caller: Caller) -> None:
    customer = tenant()
    for near in (customer.key_hash.upper(), customer.key_hash[:-1], "", "%"):
        assert caller.resolve(near) is None


def test_a_revoked_key(caller: Caller) -> None:
    customer = tenant()
    before = caller.resolve(customer.key_hash)["revision"]
    api_key_revoke(api_key=customer.api_key, actor=None)
    record = caller.resolve(customer.key_hash)
    assert record["status"] == "revoked"
    assert record["revision"] > before


def test_an_expired_key(caller: Caller) -> None:
    customer = tenant()
    expiry = timezone.now() - timedelta(seconds=1)
    api_key_update(api_key=customer.api_key, actor=None, expires_at=expiry)
    record = caller.resolve(customer.key_hash)
    assert record["status"] == "expired"
    assert record["expires_at"] == pytest.approx(expiry.timestamp(), abs=1e-3)


def test_an_archived_project_and_a_disabled_organization_suspend(caller: Caller) -> None:
    archived, disabled = tenant(), tenant()
    project_archive(project=archived.project, actor=None)
    organization_update(organization=disabled.organization, actor=None, disabled_at=timezone.now())
    assert caller.resolve(archived.key_hash)["status"] == "suspended"
    assert caller.resolve(disabled.key_hash)["status"] == "suspended"


def test_revoked_outranks_expired_outranks_suspended(caller: Caller) -> None:
    customer = tenant()
    project_archive(project=customer.project, actor=None)
    past = timezone.now() - timedelta(days=1)
    api_key_update(api_key=customer.api_key, actor=None, expires_at=past)
    assert caller.resolve(customer.key_hash)["status"] == "expired"
    api_key_revoke(api_key=customer.api_key, actor=None)
    assert caller.resolve(customer.key_hash)["status"] == "revoked"


def test_overrides_replace_the_plans_limits_one_by_one(caller: Caller) -> None:
    customer = tenant()
    organization_update(
        organization=customer.organization,
        actor=None,
        override_requests_per_minute=0,
        override_concurrent_streams=3,
        override_overage="cache_only",
    )
    plan = caller.resolve(customer.key_hash)["plan"]
    assert plan == {
        "slug": "pro",
        "monthly_requests": 1_000_000,
        "requests_per_minute": 0,
        "tokens_per_minute": None,
        "concurrent_streams": 3,
        "overage": "cache_only",
    }


def test_an_edited_plan_shows_with_a_higher_revision(caller: Caller) -> None:
    customer = tenant()
    plan = plan_create(actor=None, slug=f"plan-{customer.project.slug}", name="Made to measure")
    organization_update(organization=customer.organization, actor=None, plan=plan)
    before = caller.resolve(customer.key_hash)
    plan_update(plan=plan, actor=None, requests_per_minute=77)
    after = caller.resolve(customer.key_hash)
    assert before["plan"]["requests_per_minute"] is None
    assert after["plan"]["requests_per_minute"] == 77
    assert after["revision"] > before["revision"]


def test_a_disabled_credential_is_left_out(caller: Caller) -> None:
    customer = tenant()
    credential = provider_credential_create(
        project=customer.project, provider="groq", secret="gsk-1", actor=None
    )
    assert len(caller.resolve(customer.key_hash)["credentials"]) == 1
    provider_credential_disable(credential=credential, actor=None)
    assert caller.resolve(customer.key_hash)["credentials"] == []


def test_project_settings_reach_the_record(caller: Caller) -> None:
    customer = tenant()
    project_update(project=customer.project, actor=None, cache_enabled=False, namespace="v2")
    project = caller.resolve(customer.key_hash)["project"]
    assert project["cache_enabled"] is False
    assert project["namespace"] == "v2"


def test_a_switch_turns_the_semantic_cache_off(caller: Caller) -> None:
    customer = tenant(semantic_mode="balanced")
    neighbour = tenant(semantic_mode="strict")

    def allowed() -> list[bool]:
        answers = [caller.resolve(each.key_hash) for each in (customer, neighbour)]
        assert answers == [selectors.key_record(each.key_hash) for each in (customer, neighbour)]
        assert [answer["project"]["semantic_mode"] for answer in answers] == ["balanced", "strict"]
        return [key_record.parse(answer).project.semantic_allowed for answer in answers]

    assert allowed() == [True, True]
    own = feature_override_create(
        feature=SEMANTIC_CACHE, organization=customer.organization, enabled=False, actor=None
    )
    assert allowed() == [False, True]
    everybody = feature_override_create(
        feature=SEMANTIC_CACHE, organization=None, enabled=False, actor=None
    )
    assert allowed() == [False, False]
    feature_override_update(override=own, actor=None, enabled=True)
    assert allowed() == [True, False]
    feature_override_delete(override=everybody, actor=None)
    assert allowed() == [True, True]


def test_prices_of_the_operators_are_in_every_record(caller: Caller) -> None:
    customer = tenant()
    assert key_record.parse(caller.resolve(customer.key_hash)).prices == {}
    price = price_override_create(
        actor=None, provider="openai", model="GPT-Next", input="2.5", output=10
    )
    price_override_update(override=price, actor=None, cached_input="0.25")
    answer = caller.resolve(customer.key_hash)
    assert answer == selectors.key_record(customer.key_hash)
    assert key_record.parse(answer).prices == {
        ("openai", "gpt-next"): Rates(input=2.5, output=10.0, cached_input=0.25)
    }
    price_override_delete(override=price, actor=None)
    assert key_record.parse(caller.resolve(customer.key_hash)).prices == {}
