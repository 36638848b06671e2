"""Signing in with a provider: what it says holds only as far as it is signed, for us, and an answer to our question."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import strategies as st

from accounts.models import AccessRequest, AuditEvent, Organisation, RateCount, User
from accounts.oidc import identity_of
from accounts.people import decide_on_access, leave
from accounts.roles import Role
from jol.environment import oidc_apps, sign_in_providers
from tests.authenticator import app_of
from tests.factories import PASSWORD, MembershipFactory, OrganisationFactory, person
from tests.lying_provider import CLIENT, SECRET, WRONG, Provider, provider
from tests.test_parsers import JSON, keeps_its_promise

pytestmark = pytest.mark.django_db

GO, BACK = "/accounts/oidc/fire/", "/accounts/oidc/fire/callback/"


@pytest.fixture
def fire(settings: Any) -> Iterator[Provider]:
    with provider() as running:
        one = {"id": "fire", "name": "Fire", "issuer": running.address, "client_id": CLIENT, "secret": SECRET}
        settings.OIDC_PROVIDERS = [one | {"organisation": "cumbria-fire"}]
        settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": oidc_apps([one])}}
        yield running


def linked(user: User, fire: Provider, sub: str = "somebody") -> User:
    uid = identity_of({"iss": fire.address, "sub": sub})
    SocialAccount.objects.create(user=user, provider="fire", uid=uid)
    return user


def come(fire: Provider, client: Client | None = None) -> tuple[Client, Any]:
    client = client or Client()
    asked = client.post(GO)
    assert asked.status_code == 302, asked.content
    return client, client.get(f"{BACK}?{fire.consent(asked.headers['Location'])}")


def is_in(client: Client) -> bool:
    return client.get("/lessons/").status_code == 200


def test_a_linked_person_is_signed_in(fire: Provider) -> None:
    linked(person(), fire)
    client, answer = come(fire)

    assert answer.headers["Location"] == "/"
    assert is_in(client)
    assert "Sign in with Fire" in Client().get("/accounts/login/").content.decode()
    assert "/userinfo" not in fire.asked


def test_each_sign_in_asks_with_a_state_a_nonce_and_a_challenge_of_its_own(fire: Provider) -> None:
    asked = [parse_qs(urlsplit(Client().post(GO).headers["Location"]).query) for _ in range(2)]

    for name in ("state", "nonce", "code_challenge"):
        assert asked[0][name] != asked[1][name]
        assert len(asked[0][name][0]) >= 16
    assert asked[0]["redirect_uri"] == ["http://testserver/accounts/oidc/fire/callback/"]


LIES: dict[str, dict[str, Any]] = {
    "unsigned": {"alg": "none", "key": None},
    "signed by somebody else": {"key": WRONG},
    "signed with the secret": {"alg": "HS256", "key": SECRET},
    "for another client": {"claims": {"aud": "another"}},
    "for several, made for another": {"claims": {"aud": [CLIENT, "another"], "azp": "another"}},
    "by another issuer": {"claims": {"iss": "http://127.0.0.1:1"}},
    "of an impostor's configuration": {"issuer": "http://127.0.0.1:1"},
    "an answer to another question": {"claims": {"nonce": "another"}},
    "an answer to no question": {"claims": {"nonce": None}},
    "too old": {"claims": {"exp": 1_000_000_000}},
    "without an end": {"claims": {"exp": None}},
    "about nobody": {"claims": {"sub": None}},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_opens_nothing(lie: str, fire: Provider) -> None:
    linked(person(), fire)
    fire.lies = LIES[lie]

    client, answer = come(fire)

    assert answer.status_code == 401
    assert "You could not be signed in" in answer.content.decode()
    assert not is_in(client)


DISCOVERY = "/.well-known/openid-configuration"


@pytest.mark.parametrize("leads", ["token_endpoint", "jwks_uri", DISCOVERY, "/token", "/keys"])
def test_a_provider_cannot_have_us_ask_anybody_else(leads: str, fire: Provider) -> None:
    """By naming an address that anybody on the way could answer for, or by a redirect of any of its own."""
    linked(person(), fire)
    client = Client()
    with provider() as elsewhere:
        to = f"{elsewhere.address}{DISCOVERY if leads == DISCOVERY else '/keys'}"
        query = fire.consent(client.post(GO).headers["Location"])
        fire.lies = {"redirects": {leads: to}} if leads.startswith("/") else {"configuration": {leads: to}}
        answer = client.get(f"{BACK}?{query}")
        again = Client().post(GO)

        assert elsewhere.asked == []
    assert answer.status_code == 401
    assert again.status_code == (401 if leads == DISCOVERY else 302)
    assert not is_in(client)


NAMES_OF_CLAIMS = ["sub", "name", "email", "email_verified", "amr", "acr", "aud", "azp", "iat", "exp", "nonce", "iss"]


@pytest.mark.slow
def test_whatever_stands_in_a_signed_token_opens_nothing_to_a_stranger(fire: Provider) -> None:
    linked(person(), fire)

    def opens_nothing(_: Any, claims: dict[str, Any]) -> None:
        RateCount.objects.all().delete()
        fire.lies = {"claims": claims}
        client, answer = come(fire)
        assert answer.status_code in {302, 401}, claims
        assert not is_in(client) or claims.get("sub", fire.sub) == fire.sub

    keeps_its_promise(opens_nothing, st.dictionaries(st.sampled_from(NAMES_OF_CLAIMS), JSON, max_size=5), None, 60)


def test_an_answer_works_once_and_only_for_who_asked(fire: Provider) -> None:
    linked(person(), fire)
    client, other = Client(), Client()
    query = fire.consent(client.post(GO).headers["Location"])

    assert other.get(f"{BACK}?{query}").status_code == 401, "of a browser that did not ask"
    assert not is_in(other)
    assert client.get(f"{BACK}?{query}").status_code == 302
    client.post("/accounts/logout/")
    assert client.get(f"{BACK}?{query}").status_code == 401
    forged = fire.consent(client.post(GO).headers["Location"]).split("&")[0]
    assert client.get(f"{BACK}?{forged}&state=forged").status_code == 401
    fire.codes.clear()
    code_used = client.post(GO).headers["Location"]
    again = f"code=code-0&state={parse_qs(urlsplit(code_used).query)['state'][0]}"
    assert client.get(f"{BACK}?{again}").status_code == 401
    assert not is_in(client)


def test_the_address_of_an_administrator_under_another_subject_is_nobody(fire: Provider) -> None:
    admin = linked(person(Role.ORGANISATION_ADMIN), fire, sub="the true one")
    fire.claims |= {"email": admin.email}

    client, answer = come(fire)

    assert answer.headers["Location"] == reverse("access_request")
    assert not is_in(client)
    assert SocialAccount.objects.get().user == admin


def test_the_same_subject_of_another_issuer_is_somebody_else() -> None:
    assert identity_of({"iss": "https://a", "sub": "1"}) != identity_of({"iss": "https://b", "sub": "1"})


def ask(client: Client, **more: str) -> AccessRequest:
    asked = {"name": "Sam", "email": "sam@fire.example", "organisation": "cumbria-fire", "reason": "R"} | more
    assert client.post(reverse("access_request"), asked).status_code == 302
    return AccessRequest.objects.get(email=asked["email"])


def test_a_newcomer_is_pending_until_an_administrator_lets_them_in(fire: Provider) -> None:
    organisation = OrganisationFactory(code="cumbria-fire", name="Cumbria Fire")
    admin = person(Role.ORGANISATION_ADMIN, organisation)
    client, _ = come(fire)
    page = client.get(reverse("access_request")).content.decode()
    assert 'value="sam@fire.example"' in page
    assert 'value="cumbria-fire" selected' in page
    request = ask(client)

    assert User.objects.count() == 1
    assert not is_in(come(fire)[0])
    decide_on_access(request=request, role=Role.READER, by=admin, at=timezone.now())
    assert is_in(come(fire)[0])


@pytest.mark.parametrize(
    "who",
    ["another address", "an account that was there", "an address nobody vouches for", "somebody of another place"],
)
def test_being_let_in_links_nobody_to_an_address_that_is_not_proven_theirs(who: str, fire: Provider) -> None:
    OrganisationFactory(code="cumbria-fire")
    elsewhere = who == "somebody of another place"
    organisation = OrganisationFactory() if elsewhere else Organisation.objects.get(code="cumbria-fire")
    admin = person(Role.ORGANISATION_ADMIN, organisation)
    fire.claims |= {"email_verified": who != "an address nobody vouches for"}
    if who == "an account that was there":
        person(email="sam@fire.example")
    client, _ = come(fire)
    email = "chief@fire.example" if who == "another address" else "sam@fire.example"
    request = ask(client, email=email, organisation=organisation.code)

    decide_on_access(request=request, role=Role.READER, by=admin, at=timezone.now())

    assert not SocialAccount.objects.exists()
    assert not is_in(come(fire)[0])


def test_who_is_signed_in_links_the_provider_to_their_account(fire: Provider) -> None:
    user, client = person(), Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "Link your sign-in of Fire" in client.get(reverse("security")).text
    for _ in range(2):
        _, answer = come(fire, client)

    assert answer.headers["Location"] == reverse("security")
    assert SocialAccount.objects.get().user == user
    assert is_in(come(fire)[0])
    assert actions() == ["account.link"]
    assert [message.to for message in mail.outbox] == [[user.email]]
    assert "The sign-in of Fire opens it" in mail.outbox[0].body

    stranger = person()
    client.post("/accounts/logout/")
    client.post("/accounts/login/", {"login": stranger.email, "password": PASSWORD})
    assert "opens another account already" in come(fire, client)[0].get(reverse("security")).text
    assert SocialAccount.objects.get().user == user


def actions() -> list[str]:
    rows = AuditEvent.objects.filter(action__in=["account.link", "account.unlink"]).order_by("pk")
    return list(rows.values_list("action", flat=True))


def test_a_provider_is_taken_away_unless_it_is_the_only_way_in(fire: Provider) -> None:
    user, unlink = linked(person(), fire), reverse("oidc_unlink", args=["fire"])
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    User.objects.update(password="!")

    client, _ = come(fire)
    assert "your only way to sign in" in client.post(unlink, follow=True).text
    assert actions() == []

    user.save(update_fields=["password"])
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    assert "does not open your account any more" in client.post(unlink, follow=True).text
    assert actions() == ["account.unlink"]
    assert "does not open it any more" in mail.outbox[-1].body
    assert not is_in(come(fire)[0])


def test_the_sign_in_of_an_organisation_opens_nothing_for_who_left_it(fire: Provider) -> None:
    left = OrganisationFactory(code="cumbria-fire")
    user = linked(person(Role.READER, left), fire)
    MembershipFactory(user=user)

    leave(user=user, organisation=left, by=person(Role.ORGANISATION_ADMIN, left), at=timezone.now())

    assert user.may_sign_in
    assert not is_in(come(fire)[0])
    assert actions() == ["account.unlink"]


@pytest.mark.parametrize(
    ("claims", "is_enough"),
    [
        ({}, False),
        ({"amr": ["pwd"]}, False),
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "mfa"}, True),
        ({"amr": "mfa"}, False),
    ],
)
def test_a_second_factor_of_the_provider_counts_only_if_it_says_so(
    claims: dict[str, Any], is_enough: bool, fire: Provider, settings: Any
) -> None:
    settings.MFA_REQUIRED = True
    linked(person(Role.SECRETARIAT), fire)
    fire.claims |= claims

    client, _ = come(fire)

    assert is_in(client) == is_enough
    if not is_enough:
        assert client.get("/lessons/").headers["Location"] == reverse("second_factor")


def test_an_app_of_ones_own_is_asked_for_whatever_the_provider_says(fire: Provider) -> None:
    user = linked(person(Role.SECRETARIAT), fire)
    app = app_of(user)
    fire.claims |= {"amr": ["mfa"]}

    client, answer = come(fire)

    assert answer.headers["Location"] == reverse("mfa_authenticate")
    client.post(reverse("mfa_authenticate"), {"code": app.code()})
    assert is_in(client)


def test_who_signs_in_elsewhere_has_no_password_here_to_change(fire: Provider) -> None:
    user = linked(person(), fire)
    user.set_unusable_password()
    user.save()

    client, _ = come(fire)

    assert client.get(reverse("account_change_password")).headers["Location"] == reverse("security")


def test_a_provider_that_is_away_is_said_plainly(fire: Provider, settings: Any) -> None:
    one = {"id": "fire", "name": "Fire", "issuer": "http://127.0.0.1:9", "client_id": CLIENT, "secret": SECRET}
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": oidc_apps([one])}}

    assert "You could not be signed in" in Client().post(GO).content.decode()


@pytest.mark.parametrize("wrong", ["{", '[{"id": "x"}]', '{"id": "x"}', '["x"]'])
def test_misspelt_providers_stop_the_start(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OIDC_PROVIDERS", wrong)
    with pytest.raises(ImproperlyConfigured):
        sign_in_providers("OIDC_PROVIDERS")
