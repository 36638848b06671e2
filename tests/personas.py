"""Everybody whom the authorisation matrix tells apart, around one lesson of one organisation in one area.

`PERSONAS` names them P01 to P28 and `TOKENS` K1 to K8; `authorisation.csv` has a column for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from http.cookies import SimpleCookie
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client
from django.test.client import ClientHandler
from django.utils import timezone

from accounts.models import ApiToken, Membership, Organisation, ResilienceArea, TokenScope, User
from accounts.roles import Role
from lessons.actions.sharing import share_lesson
from lessons.models import Lesson
from tests.calling import token_of
from tests.factories import (
    LONG_AGO,
    NOON,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    UserFactory,
    person,
)

PERSONAS = {
    "P01": "anonymous",
    "P02": "invited, not approved",
    "P03": "disabled",
    "P04": "dormant",
    "P05": "signed in, second factor not shown",
    "P06": "reader of the owner",
    "P07": "reader elsewhere, in the audience",
    "P08": "reader elsewhere, outside the audience",
    "P09": "reader entitled to OFFICIAL-SENSITIVE, in the audience",
    "P10": "contributor who wrote it",
    "P11": "contributor of the owner who did not",
    "P12": "JOL SPoC of the owner",
    "P13": "JOL SPoC of another organisation of the area",
    "P14": "strategic lead of the owner",
    "P15": "administrator of the owner",
    "P16": "moderator of the area",
    "P17": "moderator of another area",
    "P18": "moderator of the area who submitted it",
    "P19": "Secretariat",
    "P20": "Board member",
    "P21": "analyst",
    "P22": "auditor",
    "P23": "system administrator",
    "P24": "sponsored user whose sponsorship expired",
    "P25": "partner let into the draft",
    "P26": "second person of the Secretariat",
    "P27": "Secretariat who submitted it",
    "P28": "moderator whose role ended today",
}
TOKENS = {
    "K1": "reads what is published",
    "K2": "reads OFFICIAL-SENSITIVE too",
    "K3": "writes drafts",
    "K5": "expired",
    "K6": "revoked",
    "K7": "of another organisation, reads and writes",
    "K8": "reads statistics",
}
#: Whose they are.
HOLDERS = {"K1": "P09", "K2": "P09", "K3": "P10", "K5": "P09", "K6": "P09", "K7": "P08", "K8": "P09"}
#: On what these wrote themselves they are asked about that.
WROTE_THEIR_OWN = ("P18", "P27")


@dataclass
class Everybody:
    """:ivar another: a moderator of the area to whom a lesson can be given"""

    area: ResilienceArea
    owner: Organisation
    people: dict[str, User | None]
    another: User
    clients: dict[str, Client]
    tokens: dict[str, str]

    def __post_init__(self) -> None:
        # One handler for all browsers: each would load the middleware again.
        handler = ClientHandler(enforce_csrf_checks=False)
        for client in self.clients.values():
            client.handler = handler
        self._program = Client()
        self._program.handler = handler
        self._cookies = {name: SimpleCookie(client.cookies) for name, client in self.clients.items()}

    def client(self, name: str) -> Client:
        """Return a browser with the cookies of signing in, whatever it was told since; or a program without any."""
        client = self.clients.get(name, self._program)
        client.cookies = SimpleCookie(self._cookies.get(name))
        return client

    def sign_in_again(self) -> None:
        """Have everybody confirm a moment ago who they are."""
        for name, user in self.people.items():
            if user is not None:
                confirm(self.client(name), user)

    def writes(self, **lesson: Any) -> dict[str, Lesson]:
        """Return a lesson of P10, and one each of those who are asked about their own, all into which P25 is let."""
        given = {"organisation": self.owner, "area": self.area, "at": timezone.now()} | lesson
        partner = self.people["P25"].memberships.get().organisation
        lessons = {}
        for author in ("P10", *WROTE_THEIR_OWN):
            lessons[author] = LessonFactory(author=self.people[author], **given)
            share_lesson(lesson=lessons[author], organisation=partner, may_write=True, by=self.people[author], at=NOON)
        return lessons


def everybody() -> Everybody:
    area = ResilienceAreaFactory(code="cumbria")
    owner = OrganisationFactory(code="cumbria-fire", areas=[area])
    neighbour = OrganisationFactory(code="cumbria-ambulance", areas=[area])
    lapsed = SponsorshipFactory(starts_on=NOON.date().replace(year=2024)).organisation
    people = {
        "P01": None,
        "P02": UserFactory(),
        "P03": person(Role.JOL_SPOC, owner),
        "P04": person(Role.JOL_SPOC, owner),
        "P05": person(Role.JOL_SPOC, owner),
        "P06": person(Role.READER, owner),
        "P07": person(Role.READER, neighbour),
        "P08": person(Role.READER),
        "P09": person(Role.READER, neighbour, cleared=True),
        "P10": person(Role.CONTRIBUTOR, owner),
        "P11": person(Role.CONTRIBUTOR, owner),
        "P12": person(Role.JOL_SPOC, owner),
        "P13": person(Role.JOL_SPOC, neighbour),
        "P14": person(Role.STRATEGIC_LEAD, owner),
        "P15": person(Role.ORGANISATION_ADMIN, owner),
        "P16": person(Role.LRF_MODERATOR, area=area),
        "P17": person(Role.LRF_MODERATOR),
        "P18": person(Role.LRF_MODERATOR, owner, area=area),
        "P19": person(Role.SECRETARIAT),
        "P20": person(Role.BOARD_MEMBER),
        "P21": person(Role.ANALYST),
        "P22": person(Role.AUDITOR),
        "P23": person(Role.SYSTEM_ADMIN),
        "P24": person(Role.JOL_SPOC, lapsed),
        "P25": person(Role.CONTRIBUTOR),
        "P26": person(Role.SECRETARIAT),
        "P27": person(Role.SECRETARIAT),
        "P28": UserFactory(),
    }
    MembershipFactory(user=people["P28"], organisation=owner, role=Role.LRF_MODERATOR, area=area, starts_on=LONG_AGO)
    Membership.objects.filter(user=people["P28"]).update(ended_at=timezone.now())
    User.objects.filter(pk=people["P03"].pk).update(is_active=False)
    User.objects.filter(pk=people["P04"].pk).update(dormant_at=NOON)
    another = person(Role.LRF_MODERATOR, area=area)
    return Everybody(
        area, owner, people, another, {name: client_of(one) for name, one in people.items()}, _tokens(people)
    )


def client_of(user: User | None) -> Client:
    """Return the browser of somebody who signed in with their password a moment ago."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="accounts.backends.SignInBackend")
        confirm(client, user)
    return client


def confirm(client: Client, user: User) -> None:
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, user, "password")
    request.session.save()


def _tokens(people: dict[str, Any]) -> dict[str, str]:
    published, sensitive, drafts = TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE, TokenScope.WRITE_DRAFTS
    scopes = {
        "K1": [published],
        "K2": [published, sensitive],
        "K3": [drafts],
        "K5": [published, sensitive],
        "K6": [published, sensitive],
        "K7": [published, sensitive, drafts],
        "K8": [TokenScope.READ_STATISTICS],
    }
    tokens = {name: token_of(people[HOLDERS[name]], *given) for name, given in scopes.items()}
    now = timezone.now()
    ended = ApiToken.objects.filter(token_key=tokens["K5"][:15])
    assert ended.update(created=now - timedelta(days=2), expiry=now - timedelta(days=1)) == 1
    ApiToken.objects.filter(token_key=tokens["K6"][:15]).delete()
    ApiToken.objects.update(last_used_at=now + timedelta(hours=1))  # so that using one writes nothing down
    return tokens
