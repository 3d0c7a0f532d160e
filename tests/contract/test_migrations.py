"""Migrations on both databases: complete, and PostgreSQL's own part can be taken back."""

import pytest
from django.core.management import call_command
from django.db import connection

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
