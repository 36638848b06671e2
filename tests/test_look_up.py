"""Django's admin: for looking up, for the Secretariat, behind the doors that all pages have."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client, modify_settings
from django.urls import clear_url_caches, include, path, set_urlconf

from accounts.models import Organisation, User
from accounts.roles import Role
from notifications.models import Delivery
from tests.factories import PASSWORD, DeliveryFactory, OrganisationFactory, person

pytestmark = pytest.mark.django_db

HOME, ORGANISATIONS, MAILS = "/look-up/", "/look-up/accounts/organisation/", "/look-up/notifications/delivery/"
urlpatterns: list[Any] = [path("", include("jol.urls"))]


@pytest.fixture(autouse=True)
def _switched_on(settings: Any) -> Iterator[None]:
    with modify_settings(INSTALLED_APPS={"append": "django.contrib.admin.apps.SimpleAdminConfig"}):
        from jol.look_up import look_up

        urlpatterns[1:] = [path("look-up/", look_up.urls)]
        settings.ROOT_URLCONF = __name__
        clear_url_caches()
        yield
    clear_url_caches()
    set_urlconf(None)


def sign_in(user: User) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": user.email, "password": PASSWORD}).status_code == 302
    return client


def test_the_secretariat_looks_up_reference_data_and_the_state_of_mails() -> None:
    organisation = OrganisationFactory(name="Cumbria Fire")
    mail: Delivery = DeliveryFactory(address="hidden@responder.example")
    client = sign_in(person(Role.SECRETARIAT))

    assert "Organisations" in client.get(HOME).text
    assert "Cumbria Fire" in client.get(ORGANISATIONS, {"q": "cumbria"}).text
    assert client.get(f"{ORGANISATIONS}{organisation.pk}/change/").status_code == 200
    shown = client.get(MAILS).text + client.get(f"{MAILS}{mail.pk}/change/").text
    assert str(mail.pk) in shown
    for hidden in (mail.token, mail.address, str(mail.message_id)):
        assert hidden not in shown


def test_nothing_is_added_changed_or_deleted() -> None:
    organisation: Organisation = OrganisationFactory(name="Cumbria Fire")
    client = sign_in(person(Role.SECRETARIAT))
    one = f"{ORGANISATIONS}{organisation.pk}/"

    posts = {
        f"{ORGANISATIONS}add/": {"code": "new", "name": "New"},
        f"{one}change/": {"name": "Another"},
        f"{one}delete/": {"post": "yes"},
        ORGANISATIONS: {"action": "delete_selected", "_selected_action": organisation.pk},
    }
    answers = {address: client.post(address, sent).status_code for address, sent in posts.items()}

    assert {code for address, code in answers.items() if address != ORGANISATIONS} == {403}
    organisation.refresh_from_db()
    assert organisation.name == "Cumbria Fire"
    assert client.get(f"{one}history/").status_code == 404
    assert 'name="_save"' not in client.get(f"{one}change/").text


@pytest.mark.parametrize("role", [role for role in Role if role != Role.SECRETARIAT])
def test_nobody_else_gets_in(role: Role) -> None:
    client = sign_in(person(role))

    for address in (HOME, ORGANISATIONS):
        answer = client.get(address, follow=True)
        assert answer.status_code == 403


def test_strangers_sign_in_on_the_usual_page_and_a_session_that_is_old_confirms(settings: Any) -> None:
    stranger = Client().get(ORGANISATIONS, follow=True)
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    old = sign_in(person(Role.SECRETARIAT)).get(ORGANISATIONS, follow=True)

    assert stranger.redirect_chain[-1][0].startswith("/accounts/login/")
    assert isinstance(stranger.wsgi_request.user, AnonymousUser)
    assert old.redirect_chain[-1][0].startswith("/accounts/reauthenticate/")
    assert Client().post("/look-up/login/", {"username": "x", "password": "y"}).status_code == 302


def test_it_is_not_there_unless_it_was_asked_for(settings: Any) -> None:
    settings.ROOT_URLCONF = "jol.urls"
    clear_url_caches()

    assert sign_in(person(Role.SECRETARIAT)).get(HOME).status_code == 404
