"""The page that leads to everything that is looked after."""

import re

import pytest
from django.urls import reverse

from accounts.roles import Role
from jol.manage import is_managed
from tests.factories import NOON, OrganisationFactory, person
from tests.reviewing import sign_in

pytestmark = pytest.mark.django_db

LINK = re.compile(r'<dt[^>]*><a class="govuk-link" href="([^"]+)">([^<]+)</a>')


@pytest.mark.parametrize(
    ("role", "names"),
    [
        (
            Role.SECRETARIAT,
            (
                "People, Sponsored organisations, Mergers, Editions of the National Risk Register, "
                "Digests of the quarters, Records, Mail, Schedule, Addresses that bounce"
            ),
        ),
        (
            Role.ORGANISATION_ADMIN,
            "People, Sponsored organisations, Addresses that bounce, What your organisation was sent",
        ),
        (Role.SYSTEM_ADMIN, "People"),
    ],
)
def test_everything_that_it_leads_to_opens_and_is_marked_in_the_navigation(role: Role, names: str) -> None:
    OrganisationFactory(type__category="1")
    organisation = OrganisationFactory(type__category="1", mailbox="box@service.example", mailbox_confirmed_at=NOON)
    client = sign_in(person(role, organisation))

    answer = client.get(reverse("manage"))
    links = LINK.findall(answer.text)

    assert [place.label for place in answer.context["navigation"] if place.active] == ["Manage"]
    assert ", ".join(name for _, name in links) == names
    for url, _ in links:
        page = client.get(url, follow=True)
        assert page.status_code == 200, url
        assert is_managed(url) or url == reverse("quarters"), "readers have these too"


def test_it_is_only_for_those_who_have_something_to_look_after() -> None:
    client = sign_in(person(Role.LRF_MODERATOR))

    assert client.get(reverse("manage")).status_code == 403
    assert "Manage" not in {place.label for place in client.get("/").context["navigation"]}
