"""The Providers page, and the button that tests a key."""

from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.test import Client

from apps.audit.models import AuditLog
from apps.projects.encryption import unseal_credential
from apps.projects.models import Project, ProviderCredential
from apps.projects.provider_addresses import ADDRESSES
from apps.projects.providers import PROVIDERS
from apps.projects.services.provider_credentials import provider_credential_create
from gateway.providers.registry import DEFAULT_BASE_URLS
from shared.envelope import EnvelopeError
from tests.dashboard.pages.conftest import Cast
from tests.doubles.openai_api import OpenAIDouble

pytestmark = pytest.mark.django_db
SECRET = "sk-proj-0123456789abcdef"


@pytest.fixture
def openai() -> Iterator[OpenAIDouble]:
    with OpenAIDouble() as double:
        yield double


@pytest.fixture
def reachable(settings: object) -> None:
    """Lets the test button ask private addresses, where the doubles are."""
    settings.DEBUG = True  # type: ignore[attr-defined]


@pytest.fixture
def credential(project: Project) -> ProviderCredential:
    return provider_credential_create(project=project, provider="openai", secret=SECRET, actor=None)


def opened(credential: ProviderCredential, **change: str) -> str:
    place = {
        "project_id": str(credential.project_id),
        "provider": credential.provider,
        "base_url": credential.base_url,
        **change,
    }
    keys = django_settings.ENCRYPTION_KEYS
    return unseal_credential(credential.envelope, keys=keys, **place)  # type: ignore[arg-type]


def test_providers_are_those_of_the_edge() -> None:
    assert {name for name, _ in PROVIDERS} == set(DEFAULT_BASE_URLS)
    assert ADDRESSES == DEFAULT_BASE_URLS


def test_a_key_is_sealed_and_never_shown(cast: Cast, home: str, project: Project) -> None:
    response = cast.member.post(
        f"{home}providers/new/",
        {"provider": "openai", "secret": SECRET, "priority": "3", "label": "Team"},
    )
    assert response.status_code == 302
    credential = ProviderCredential.objects.get()
    assert SECRET not in credential.envelope
    assert opened(credential) == SECRET
    for change in (
        {"project_id": "another project"},
        {"provider": "groq"},
        {"base_url": "https://example.com"},
    ):
        with pytest.raises(EnvelopeError):
            opened(credential, **change)
    for path in ("providers/", f"providers/{credential.pk}/"):
        page = cast.owner.get(f"{home}{path}").content.decode()
        assert credential.masked in page
        assert SECRET not in page
    assert SECRET not in str(list(AuditLog.objects.values_list("data", flat=True)))


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"secret": "short"}, "does not look like"),
        ({"base_url": "http://gateway.example.com/v1"}, "must start with https"),
        ({"base_url": "https://user@gateway.example.com/v1"}, "without user name"),
        ({"base_url": "https://gateway.example.com/v1?x=1"}, "without user name"),
        ({"base_url": "ftp://gateway.example.com/v1"}, "https://"),
        ({"provider": "workers_ai"}, "needs a base URL"),
        ({"provider": "nobody"}, "not one of the available choices"),
        ({"priority": "-1"}, "greater than or equal to 0"),
    ],
)
def test_what_cannot_work_is_refused(
    cast: Cast, home: str, fields: dict[str, str], complaint: str
) -> None:
    given = {"provider": "openai", "secret": SECRET, "priority": "0", **fields}
    page = cast.owner.post(f"{home}providers/new/", given).content.decode()
    assert complaint in page
    assert SECRET not in page
    assert not ProviderCredential.objects.exists()


def test_settings_are_changed_without_the_key(
    cast: Cast, home: str, credential: ProviderCredential
) -> None:
    sealed = credential.envelope
    cast.member.post(f"{home}providers/{credential.pk}/", {"priority": "7", "label": "EU"})
    credential.refresh_from_db()
    assert (credential.priority, credential.label) == (7, "EU")
    assert credential.envelope == sealed


@pytest.mark.usefixtures("reachable")
def test_a_stored_key_is_not_sent_to_a_new_address(
    cast: Cast, home: str, credential: ProviderCredential, openai: OpenAIDouble
) -> None:
    """Neither by way of the page, nor by a base URL that was changed in the database."""
    path = f"{home}providers/{credential.pk}/"
    page = cast.member.post(path, {"priority": "0", "base_url": openai.base_url})
    assert "A new base URL needs the key again." in page.content.decode()
    credential.refresh_from_db()
    assert credential.base_url is None

    ProviderCredential.objects.update(base_url=openai.base_url)
    verdict = cast.member.post(f"{path}test/", follow=True).content.decode()
    assert "cannot be opened" in verdict
    assert openai.requests == []


def test_a_new_address_takes_the_key_that_comes_with_it(
    cast: Cast, home: str, credential: ProviderCredential
) -> None:
    path = f"{home}providers/{credential.pk}/"
    fields = {"priority": "0", "base_url": "https://eu.example.com/v1/", "secret": "sk-other-one"}
    cast.member.post(path, fields)
    credential.refresh_from_db()
    assert credential.base_url == "https://eu.example.com/v1"
    assert (opened(credential), credential.masked) == ("sk-other-one", "…-one")
    assert "sk-other-one" not in str(list(AuditLog.objects.values()))
    # Back to the provider's own address is a new address too.
    page = cast.member.post(path, {"priority": "0", "base_url": ""}).content.decode()
    assert "needs the key again" in page


def test_removing_hides_it_from_page_and_edge(
    cast: Cast, home: str, credential: ProviderCredential, project: Project
) -> None:
    revision = project.edge_revision
    cast.member.post(f"{home}providers/{credential.pk}/remove/")
    credential.refresh_from_db()
    project.refresh_from_db()
    assert credential.disabled_at is not None
    assert project.edge_revision > revision
    assert credential.masked not in cast.owner.get(f"{home}providers/").content.decode().replace(
        f"OpenAI {credential.masked} is removed", ""
    )
    assert cast.owner.get(f"{home}providers/{credential.pk}/").status_code == 404


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(
    ("secret", "verdict"), [(OpenAIDouble.key, "accepts"), (SECRET, "refuses")]
)
def test_the_test_button_asks_the_provider(
    cast: Cast, project: Project, openai: OpenAIDouble, secret: str, verdict: str
) -> None:
    credential = provider_credential_create(
        project=project, provider="openai", secret=secret, actor=None, base_url=openai.base_url
    )
    path = f"/app/{project.organization.slug}/{project.slug}/providers/{credential.pk}/test/"
    page = cast.member.post(path, headers={"HX-Request": "true"}).content.decode()
    assert f"OpenAI {verdict} this key" in page
    assert secret not in page
    assert [request.path for request in openai.requests] == ["/v1/models"]


def test_private_addresses_are_not_asked(
    cast: Cast, home: str, project: Project, openai: OpenAIDouble
) -> None:
    credential = provider_credential_create(
        project=project,
        provider="openai",
        secret=openai.key,
        actor=None,
        base_url=openai.base_url,
    )
    response = cast.member.post(f"{home}providers/{credential.pk}/test/", follow=True)
    assert "not public" in response.content.decode()
    assert openai.requests == []


def test_a_key_that_does_not_open_any_more_is_said_so(
    cast: Cast, home: str, credential: ProviderCredential
) -> None:
    ProviderCredential.objects.update(envelope="v1.gone." + "A" * 60)
    response = cast.member.post(f"{home}providers/{credential.pk}/test/", follow=True)
    assert "cannot be opened" in response.content.decode()


@pytest.mark.parametrize("action", ["", "test/", "remove/"])
def test_viewers_look_and_strangers_find_nothing(
    cast: Cast, home: str, credential: ProviderCredential, action: str
) -> None:
    path = f"{home}providers/{credential.pk}/{action}"
    assert cast.viewer.post(path, {"priority": "9"}).status_code == 403
    assert cast.stranger.post(path, {"priority": "9"}).status_code == 404
    assert Client().post(path).status_code == 302
    assert cast.viewer.get(f"{home}providers/").status_code == 200
    assert cast.stranger.get(f"{home}providers/").status_code == 404
    theirs = Project.objects.exclude(pk=credential.project_id).get()
    elsewhere = f"/app/{theirs.organization.slug}/{theirs.slug}/providers/{credential.pk}/{action}"
    assert cast.stranger.post(elsewhere, {"priority": "9"}).status_code == 404
    credential.refresh_from_db()
    assert (credential.priority, credential.disabled_at) == (0, None)
