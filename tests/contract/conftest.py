"""The same contract on SQLite's views, on the views over PostgreSQL, and on PostgreSQL itself, by
PostgREST's statements and by the edge's own connection."""

import warnings
from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from pytest_django import DjangoDbBlocker
from supabase import Client, create_client

from tests.contract import postgres
from tests.contract.callers import Caller, DirectCaller, HttpCaller, SqlCaller
from tests.contract.databases import default_database, migrate
from tests.contract.server import dashboard

# Supabase's own roles, with the rights it gives them over everything new in "public".
_SUPABASE = """
CREATE ROLE anon NOLOGIN NOINHERIT;
CREATE ROLE authenticated NOLOGIN NOINHERIT;
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated TO authenticator;
GRANT USAGE ON SCHEMA public TO anon, authenticated;
CREATE ROLE owner LOGIN CREATEROLE;
CREATE DATABASE dashboard OWNER owner;
"""
_DEFAULT_RIGHTS = """
ALTER SCHEMA public OWNER TO owner;
GRANT USAGE ON SCHEMA public TO anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public
    GRANT ALL ON SEQUENCES TO anon, authenticated;
ALTER DEFAULT PRIVILEGES FOR ROLE owner IN SCHEMA public
    GRANT ALL ON FUNCTIONS TO anon, authenticated;
"""


@pytest.fixture(scope="session")
def postgres_cluster(django_db_blocker: DjangoDbBlocker) -> Iterator[postgres.Cluster]:
    """A cluster with Supabase's roles and a migrated database ``dashboard``.

    ``pristine`` is a copy of it that nobody writes to, for tests that want one of their own.
    """
    try:
        context = postgres.cluster()
        cluster = context.__enter__()
    except postgres.PostgresMissingError as error:
        pytest.skip(str(error))
    try:
        prepare(cluster)
        with django_db_blocker.unblock():
            migrate(cluster.url("dashboard", "owner"))
        execute(cluster, "postgres", "CREATE DATABASE pristine TEMPLATE dashboard")
        yield cluster
    finally:
        context.__exit__(None, None, None)


@pytest.fixture(scope="session")
def sqlite_url(tmp_path_factory: pytest.TempPathFactory, django_db_blocker: DjangoDbBlocker) -> str:
    """A migrated database file, so that the server's threads see what the test wrote."""
    url = f"sqlite:///{tmp_path_factory.mktemp('contract') / 'db.sqlite3'}"
    with django_db_blocker.unblock():
        migrate(url)
    return url


@pytest.fixture
def owner_database(
    postgres_cluster: postgres.Cluster, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """Django on PostgreSQL as the dashboard is: the tables' owner."""
    with (
        django_db_blocker.unblock(),
        default_database(postgres_cluster.url("dashboard", "owner")),
    ):
        yield


@pytest.fixture(
    params=["sqlite-views", "postgres-views", "postgres-sql", "postgres-direct"], scope="module"
)
def caller(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[Caller]:
    """Calls as the edge does; the test's own ORM works on the same database."""
    if request.param == "sqlite-views":
        url = request.getfixturevalue("sqlite_url")
    else:
        url = request.getfixturevalue("postgres_cluster").url("dashboard", "owner")
    with django_db_blocker.unblock(), default_database(url):
        if request.param in ("postgres-sql", "postgres-direct"):
            cluster = request.getfixturevalue("postgres_cluster")
            with authenticator(cluster) as connection:
                if request.param == "postgres-sql":
                    yield SqlCaller(connection)
                else:
                    yield DirectCaller(connection, cluster.url("dashboard", "authenticator"))
        else:
            with dashboard() as base_url:
                yield HttpCaller(supabase_client(base_url))


def supabase_client(base_url: str) -> Client:
    """The official client, with its PostgREST part made."""
    client = create_client(base_url, settings.SUPABASE_KEY)
    with warnings.catch_warnings():
        # It passes its own PostgREST client an argument that it has itself deprecated.
        warnings.simplefilter("ignore", DeprecationWarning)
        assert client.postgrest
    return client


def authenticator(
    cluster: postgres.Cluster, database: str = "dashboard"
) -> psycopg.Connection[tuple[object, ...]]:
    """A connection as PostgREST's log-in role."""
    return psycopg.connect(
        host=str(cluster.socket_dir),
        port=cluster.port,
        dbname=database,
        user="authenticator",
        autocommit=True,
    )


def prepare(cluster: postgres.Cluster) -> None:
    """Make Supabase's roles, and the empty database ``dashboard``."""
    execute(cluster, "postgres", _SUPABASE)
    execute(cluster, "dashboard", _DEFAULT_RIGHTS)


def execute(cluster: postgres.Cluster, database: str, statements: str) -> None:
    """Run statements as the superuser."""
    with psycopg.connect(
        host=str(cluster.socket_dir),
        port=cluster.port,
        dbname=database,
        user=postgres.SUPERUSER,
        autocommit=True,
    ) as connection:
        for statement in filter(None, map(str.strip, statements.split(";"))):
            connection.execute(statement)  # type: ignore[call-overload]
