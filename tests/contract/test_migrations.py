"""Migrations on both databases: complete, and PostgreSQL's own part can be taken back."""

import importlib

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from apps.projects.encryption import seal, unseal_credential
from apps.projects.models import ProviderCredential
from apps.projects.services.provider_credentials import provider_credential_create
from tests.contract import postgres
from tests.contract.callers import Refused, SqlCaller
from tests.contract.conftest import authenticator
from tests.contract.tenants import tenant


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_the_edges_access_is_taken_back_and_given_again(
    owner_database: None, postgres_cluster: postgres.Cluster
) -> None:
    customer = tenant()
    with authenticator(postgres_cluster) as as_authenticator:
        edge = SqlCaller(as_authenticator)
        assert edge.resolve(customer.key_hash)["status"] == "active"
        try:
            call_command("migrate", "edge_api", "zero", verbosity=0)
            with pytest.raises(Refused):
                edge.resolve(customer.key_hash)
            with pytest.raises(Refused):
                edge.insert([customer.row("migrations-1")])
        finally:
            call_command("migrate", verbosity=0)
        assert edge.resolve(customer.key_hash)["status"] == "active"
        edge.insert([customer.row("migrations-1")])


def test_migrating_again_changes_nothing(
    owner_database: None, postgres_cluster: postgres.Cluster
) -> None:
    query = (
        "SELECT relname, relrowsecurity, relacl::text FROM pg_class"
        " WHERE relnamespace = 'public'::regnamespace ORDER BY relname"
    )
    with connection.cursor() as cursor:
        cursor.execute(query)
        before = cursor.fetchall()
        call_command("migrate", verbosity=0)
        cursor.execute(query)
        assert cursor.fetchall() == before


@pytest.mark.parametrize("database", ["db", "owner_database"])
def test_provider_keys_are_bound_to_their_base_url(
    database: str, request: pytest.FixtureRequest
) -> None:
    """What was sealed for its project alone is sealed again; what does not open is left alone."""
    request.getfixturevalue(database)
    customer = tenant()
    keys = settings.ENCRYPTION_KEYS
    made = [
        provider_credential_create(
            project=customer.project, provider="groq", secret="gsk-1", actor=None, base_url=url
        )
        for url in (None, "https://eu.example.com/v1", None)
    ]
    old = seal("gsk-1", project_id=str(customer.project.pk), keys=keys)
    for credential in made:
        credential.envelope = old
    made[2].envelope = made[2].envelope.replace("v1.", "v1.gone-")
    ProviderCredential.objects.bulk_update(made, ["envelope"])
    migration = importlib.import_module("apps.projects.migrations.0006_bind_base_url")
    for _ in range(2):
        migration.bind(apps, None)
        for credential in made:
            credential.refresh_from_db()
        assert [each.envelope[:3] for each in made] == ["v2.", "v2.", "v1."]
        for credential in made[:2]:
            place = {"provider": "groq", "base_url": credential.base_url, "keys": keys}
            opened = unseal_credential(
                credential.envelope, project_id=str(customer.project.pk), **place
            )
            assert opened == "gsk-1"
