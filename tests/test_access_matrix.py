"""Every address and method of site and API: who is let in, who is refused, from whom it is hidden.

`access_matrix.csv` says of each what it does to what, or why it is public.  What a person may do to an object in a
state is said here once, from MODEL sections 3, 4 and 6; 404 where the object is hidden, 403 where the verb is not
theirs, 410 where a publication is suspended, the way to sign in (401 of the API) for strangers.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from allauth.mfa.models import Authenticator
from django.db import transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from accounts.models import AccessRequest, ApiToken, AuditEvent, OpenSession, User
from accounts.records.holds import hold
from accounts.roles import Role
from lessons.actions.foi import consult, open_request
from lessons.actions.sharing import share_lesson
from lessons.attachments import store
from lessons.forms.writing import STEPS
from lessons.models import Attachment, Debrief, Lesson, Observation, Status
from notifications.models import QuarterDigest, Suppression
from tests.factories import (
    NOON,
    CapabilityFactory,
    DeliveryFactory,
    LessonFactory,
    MembershipFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    SubscriptionFactory,
    UserFactory,
    person,
)

pytestmark = pytest.mark.django_db

_ALL = list(csv.DictReader((Path(__file__).parent / "access_matrix.csv").open(encoding="utf-8", newline="")))
#: What a host of its own answers (FILES_URL): test_files_host.py asks it.
FILES_ROWS = [row for row in _ALL if row["object"] == "files host"]
ROWS = [row for row in _ALL if row not in FILES_ROWS]
LOGIN = "/accounts/login/"

# -- who --------------------
MEMBERLESS = {"no_membership", "sponsorship_lapsed", "role_ended"}  # nobody's member today
STRANGERS = {"anonymous", "closed", "dormant"} | MEMBERLESS  # all are asked to sign in
OWNER_LEADS = {"spoc", "strategic_lead"}
AREA_MODERATORS = {"moderator", "own_moderator"}
SECRETARIAT = {"secretariat", "own_secretariat"}
MODERATORS = AREA_MODERATORS | SECRETARIAT
PLAIN = {"reader", "contributor", "organisation_admin", "reader_elsewhere", "analyst", "partner"}
CLEARED = {"cleared_reader", "spoc_elsewhere", "moderator_elsewhere"}
NATIONAL = SECRETARIAT | {"board_member", "auditor"}
READERS = PLAIN | CLEARED | NATIONAL | OWNER_LEADS | AREA_MODERATORS | {"author"}
EVERYBODY = STRANGERS | READERS | {"system_admin"}
SIGNED_IN = EVERYBODY - STRANGERS
WRITERS = {"author", "contributor", "spoc", "strategic_lead"}  # for the owning organisation
WRITERS_ELSEWHERE = {"spoc_elsewhere", "partner", "moderator_elsewhere", *AREA_MODERATORS}

# -- the records (MODEL, section 3) --------------------
OWNERS = {"author", "partner"} | OWNER_LEADS
SEE_RECORD = {
    Status.DRAFT: OWNERS,
    Status.IN_REVIEW: OWNERS | MODERATORS | {"auditor"},
    Status.PUBLISHED: OWNERS | MODERATORS | {"auditor"},
}
MAY_TO_RECORD = {
    "read": EVERYBODY,
    "change": {"author", "spoc"},  # and a partner let in, while it is open
    "submit": {"author"} | OWNER_LEADS,
    "submit or change": {"author"} | OWNER_LEADS,
    "withdraw": {"author"} | OWNER_LEADS,
    "share": {"author"} | OWNER_LEADS,
    "sign off": OWNER_LEADS,
    "review": MODERATORS,
}
# -- publications (MODEL, section 4) --------------------
READ_PUBLICATION = {
    "official": READERS,
    "sensitive": READERS - PLAIN,
    "for the national team": {"author"} | OWNER_LEADS | AREA_MODERATORS | NATIONAL,
}
MAY_SUSPEND = OWNER_LEADS | MODERATORS | {"auditor"}
# -- all else --------------------
MAY_ON_SITE = {
    "read": SIGNED_IN,
    "write": WRITERS | WRITERS_ELSEWHERE | SECRETARIAT,
    "run a debrief": WRITERS | WRITERS_ELSEWHERE,
    "moderate": MODERATORS | {"moderator_elsewhere"},
    "subscribe": READERS,
    "change the taxonomy": SECRETARIAT,
    "merge": SECRETARIAT,
    "look after people": MODERATORS | {"moderator_elsewhere", "organisation_admin", "system_admin"},
    "manage": SECRETARIAT | {"organisation_admin", "system_admin"},
    "sponsor": SECRETARIAT | {"organisation_admin"},
}


def everybody(row: dict[str, str], expected: dict[str, str]) -> list[str]:
    return sorted(expected)


def one_of_each_answer(row: dict[str, str], expected: dict[str, str]) -> list[str]:
    """Return one person for each answer of this row; from row to row all take their turns."""
    turn = crc32(f"{row['route']} {row['method']} {len(expected)}".encode())
    alike = {answer: [name for name in sorted(expected) if expected[name] == answer] for answer in expected.values()}
    return [names[turn % len(names)] for names in alike.values()]


@dataclass
class World:
    """A lesson in a state and everybody of the matrix."""

    lesson: Lesson
    people: dict[str, User | None]
    clients: dict[str, Client]
    asked: Callable[[dict[str, str], dict[str, str]], list[str]] = everybody
    places: dict[str, dict[str, Any]] = field(default_factory=dict)  # arguments of addresses, by route

    def agrees(self, row: dict[str, str], expected: dict[str, str]) -> None:
        """Assert that each person who is asked gets the answer of the table."""
        names = self.asked(row, expected)

        assert {name: self.answer(row, name) for name in names} == {name: expected[name] for name in names}, row

    def answer(self, row: dict[str, str], name: str) -> str:
        """Return what somebody gets: the status, or "sign in", "in" for whatever those who are let in get."""
        client, url = self.clients[name], reverse(row["route"], kwargs=self.arguments(row["route"]))
        with transaction.atomic():
            answered = client.generic(row["method"], url)
            transaction.set_rollback(True)
        if answered.status_code == 401 or (answered.status_code == 302 and answered.url.startswith(LOGIN)):
            return "sign in"
        # The health page says 503 where mails wait since the day on which the world of these tests was made.
        assert answered.status_code < 500 or row["route"] == "health", (row, name)
        return str(answered.status_code) if answered.status_code in {403, 404, 410} else "in"

    def arguments(self, route: str) -> dict[str, Any]:
        """Return the arguments of an address, for the objects of this world."""
        if route in self.places:
            return self.places[route]
        for prefix, place in self.places.items():
            if route.startswith(prefix):
                return place
        wanted = arguments_of()[route]
        everything = {
            "pk": self.lesson.pk,
            "reference": self.lesson.reference,
            "step": next(iter(STEPS)),
            "form": "csv",
        }
        return {name: everything[name] for name in wanted}


def patterns(resolver: URLResolver, namespace: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Walk all addresses: the name of the route, with its namespace, and the pattern."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from patterns(pattern, inner)
        else:
            yield f"{namespace}{pattern.name or pattern.pattern}", pattern


@cache
def arguments_of() -> dict[str, list[str]]:
    """Return the names of the arguments of each route."""
    return {name: list(pattern.pattern.regex.groupindex) for name, pattern in patterns(get_resolver())}


def methods_of(view: Callable[..., Any]) -> set[str]:
    """Return the methods that a view answers; HEAD and OPTIONS tell nothing that GET does not."""
    if actions := getattr(view, "actions", None):
        found = set(actions)
    elif cls := getattr(view, "view_class", None):
        found = {name for name in cls.http_method_names if hasattr(cls, name)}
    else:
        found = _required(view)
    return {name.upper() for name in found} - {"HEAD", "OPTIONS"}


def _required(view: Callable[..., Any]) -> set[str]:
    """Read what `require_http_methods` was given from the decorators around a view."""
    layer: Any = view
    while layer is not None:
        for cell in getattr(layer, "__closure__", None) or ():
            if isinstance(cell.cell_contents, (list, tuple)) and set(cell.cell_contents) & {"GET", "POST"}:
                return set(cell.cell_contents)
        layer = getattr(layer, "__wrapped__", None)
    return {"any method"}


def rows_of(subject: str) -> list[dict[str, str]]:
    return [row for row in ROWS if row["object"] == subject]


# -- completeness --------------------
def test_every_address_and_method_has_a_row() -> None:
    served = {(name, method) for name, pattern in patterns(get_resolver()) for method in methods_of(pattern.callback)}
    # PUT of allauth's forms is POST.
    forms = ("account_", "mfa_")
    served = {(name, method) for name, method in served if not (name.startswith(forms) and method == "PUT")}

    assert served == {(row["route"], row["method"]) for row in ROWS}
    assert len(ROWS) == len(served), "one row each"


def test_every_row_is_of_an_object_that_is_tested_or_public_with_a_reason() -> None:
    for row in ROWS:
        assert row["object"] in TESTED, row
        assert bool(row["because"]) == (row["object"] == "public"), row


# -- the world --------------------
@pytest.fixture(params=[one_of_each_answer, pytest.param(everybody, marks=pytest.mark.slow)])
def world_of(request: pytest.FixtureRequest) -> Callable[..., World]:
    def build(status: Status, **lesson: Any) -> World:
        area = ResilienceAreaFactory(code="cumbria")
        owner = OrganisationFactory(code="cumbria-fire", areas=[area])
        people = {
            "anonymous": None,
            "closed": person(Role.JOL_SPOC, owner),
            "dormant": person(Role.JOL_SPOC, owner),
            "no_membership": UserFactory(),
            "role_ended": _former(owner, area),
            "sponsorship_lapsed": person(
                Role.JOL_SPOC, SponsorshipFactory(starts_on=NOON.replace(year=2024)).organisation
            ),
            "reader": person(Role.READER, owner),
            "contributor": person(Role.CONTRIBUTOR, owner),
            "author": person(Role.CONTRIBUTOR, owner, cleared=True),
            "organisation_admin": person(Role.ORGANISATION_ADMIN, owner),
            "spoc": person(Role.JOL_SPOC, owner),
            "strategic_lead": person(Role.STRATEGIC_LEAD, owner),
            "reader_elsewhere": person(Role.READER),
            "cleared_reader": person(Role.READER, cleared=True),
            "spoc_elsewhere": person(Role.JOL_SPOC, area=area),
            "partner": person(Role.CONTRIBUTOR),
            "moderator": person(Role.LRF_MODERATOR, area=area),
            "own_moderator": person(Role.LRF_MODERATOR, area=area),
            "moderator_elsewhere": person(Role.LRF_MODERATOR),
            "secretariat": person(Role.SECRETARIAT),
            "own_secretariat": person(Role.SECRETARIAT),
            "board_member": person(Role.BOARD_MEMBER),
            "analyst": person(Role.ANALYST),
            "auditor": person(Role.AUDITOR),
            "system_admin": person(Role.SYSTEM_ADMIN),
        }
        assert set(people) == EVERYBODY
        subject = LessonFactory(
            status=status,
            at=timezone.now(),
            author=people["author"],
            area=area,
            editors=[people["own_moderator"], people["own_secretariat"]],
            moderator=people["moderator"],
            **lesson,
        )
        partner = people["partner"].memberships.get().organisation
        share_lesson(lesson=subject, organisation=partner, may_write=True, by=people["author"], at=NOON)
        User.objects.filter(pk=people["closed"].pk).update(is_active=False)
        User.objects.filter(pk=people["dormant"].pk).update(dormant_at=NOON)
        return World(subject, people, {name: _client(user) for name, user in people.items()}, request.param)

    return build


def _client(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend="accounts.backends.SignInBackend")
    return client


def _former(owner: Any, area: Any) -> User:
    somebody = UserFactory()
    yesterday = timezone.localdate() - timedelta(days=1)
    MembershipFactory(user=somebody, organisation=owner, role=Role.LRF_MODERATOR, area=area, ends_on=yesterday)
    return somebody


def expected(*, seeing: set[str], may: set[str]) -> dict[str, str]:
    """Return the answers where `seeing` know of the object and `may` do it."""

    def one(name: str) -> str:
        if name in STRANGERS:
            return "sign in"
        return ("in" if name in may else "403") if name in seeing else "404"

    return {name: one(name) for name in sorted(EVERYBODY)}


# -- the answers --------------------
@pytest.mark.parametrize(
    "status", [pytest.param(one, marks=pytest.mark.slow) if one == Status.IN_REVIEW else one for one in SEE_RECORD]
)
def test_records_are_hidden_refused_or_opened(status: Status, world_of: Callable[..., World]) -> None:
    world = world_of(status)
    for row in rows_of("record"):
        verb = row["verb"]
        may = set(MAY_TO_RECORD[verb])
        if status == Status.DRAFT and verb in {"change", "submit or change"}:
            may.add("partner")
        answers = expected(seeing=SEE_RECORD[status], may=may)

        world.agrees(row, answers)


@pytest.mark.parametrize("kind", READ_PUBLICATION)
@pytest.mark.parametrize("status", [Status.PUBLISHED, Status.SUSPENDED])
def test_publications_are_hidden_gone_or_opened(kind: str, status: Status, world_of: Callable[..., World]) -> None:
    values = {
        "official": {},
        "sensitive": {"marking": "official_sensitive"},
        "for the national team": {"marking": "official_sensitive", "audience": "national_team"},
    }[kind]
    world = world_of(status, **values)
    for row in rows_of("publication"):
        seeing = READ_PUBLICATION[kind]
        answers = expected(seeing=seeing, may=MAY_SUSPEND if row["verb"] == "suspend" else EVERYBODY)
        if status == Status.SUSPENDED:
            answers |= dict.fromkeys(seeing, "410")
            if row["route"] == "versions":  # what it was stays with those who see old texts (MODEL, section 2)
                answers |= dict.fromkeys(SEE_RECORD[Status.PUBLISHED] - {"partner"}, "in")

        world.agrees(row, answers)


def test_the_site_is_open_to_those_whose_role_it_serves(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED, capabilities=[CapabilityFactory(code="shelter")])
    codes = {
        "national_risk": "surface-water-flooding",
        "api:national-risk-detail": "surface-water-flooding",
        "api:theme-detail": "communicate",
        "api:capability-detail": "shelter",
        "api:organisation-detail": "cumbria-fire",
        "api:resilience-area-detail": "cumbria",
    }
    world.places = {route: {"code": code} for route, code in codes.items()} | {"national_risks": {}}
    world.places["recurring_trend"] = {"risk_theme": "natural-and-environmental-hazards", "theme": "communicate"}
    world.places |= {"address_confirm": {"signed": "not-ours"}, "merge_places": {"what": "areas"}} | {
        "statistics_page": {"page": "risks"},
        "statistics_csv": {"figure": "kinds"},
    }
    for row in rows_of("site"):
        answers = expected(seeing=EVERYBODY, may=MAY_ON_SITE[row["verb"]])
        world.agrees(row, answers)


def test_a_subscription_is_its_persons(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    subscription = SubscriptionFactory(person=world.people["reader"])
    world.places = {"subscription_": {"token": subscription.token}}
    for row in rows_of("subscription"):
        answers = expected(seeing={"reader"}, may={"reader"})
        answers |= dict.fromkeys(SIGNED_IN - READERS, "403")  # who reads nothing subscribes to nothing

        world.agrees(row, answers)


def test_mail_is_hidden_from_all_who_do_not_look_after_it(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    reader = world.people["reader"]
    suppression = Suppression.objects.create(address=reader.email, reason="hard", since=NOON)
    publication = world.lesson.publications.get()
    world.places = {"mail_publications": {}, "mail_publication": {"pk": publication.pk}}
    world.places |= {"bounced_right": {"pk": suppression.pk}}
    administrators = SECRETARIAT | {"organisation_admin"}
    mailboxes = {"organisation_admin", "spoc", "spoc_elsewhere"}
    who = {"look after": SECRETARIAT, "look after addresses": administrators, "look after a mailbox": mailboxes}
    for row in rows_of("mail"):
        may = who[row["verb"]]

        world.agrees(row, expected(seeing=may, may=may))


def test_a_token_is_revoked_by_its_person(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    _, secret = ApiToken.objects.create(
        user=world.people["reader"], name="Nightly", scopes=["read:published"], expiry=timedelta(days=30)
    )
    world.places = {"token_revoke": {"token_key": ApiToken.objects.get().token_key}}
    for row in rows_of("token"):
        world.agrees(row, expected(seeing={"reader"}, may={"reader"}))
    assert secret


def test_a_factor_is_taken_away_by_its_person(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    factor = Authenticator.objects.create(user=world.people["reader"], type="totp", data={"secret": "x"})
    world.places = {"remove_factor": {"pk": factor.pk}}
    for row in rows_of("factor"):
        answers = expected(seeing=EVERYBODY, may=EVERYBODY)  # asked to confirm before anything is looked up
        world.agrees(row, answers)


def test_everybody_ends_their_own_sessions(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    for row in rows_of("own session"):
        world.agrees(row, dict.fromkeys(EVERYBODY, "sign in"))  # that is where it leads


def test_a_place_is_signed_out_by_whose_it_is(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    place = OpenSession.objects.filter(user=world.people["reader"]).get()
    world.places = {"end_session": {"pk": place.pk}, "oidc_unlink": {"provider_id": "fire"}}
    for row in rows_of("signed-in place"):
        answers = expected(seeing=EVERYBODY, may=EVERYBODY)  # asked to confirm before anything is looked up
        world.agrees(row, answers)


@pytest.mark.parametrize(
    ("kind", "may"),
    [
        ("organisation", {"organisation_admin", "system_admin"}),
        ("area", {"moderator", "own_moderator", *SECRETARIAT}),
        ("national", {"system_admin", *SECRETARIAT}),
    ],
)
def test_people_are_looked_after_in_their_own_place(kind: str, may: set[str], world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    organisation, area = world.lesson.organisation, world.lesson.area
    code = {"organisation": organisation.code, "area": area.code, "national": "uk"}[kind]
    here = {"organisation": "reader", "area": "moderator", "national": "system_admin"}[kind]
    asked = AccessRequest.objects.create(
        organisation=organisation, email="new@responder.example", name="N", reason="R", asked_at=NOON
    )
    place = {"kind": kind, "code": code}
    world.places = {
        "people_person": place | {"pk": world.people[here].pk},
        "people_request": place | {"pk": asked.pk},
        "people_": place,
    }
    for row in rows_of("people"):
        answers = expected(seeing=EVERYBODY, may=may)
        if row["verb"] == "decide" or (kind == "national" and row["route"] == "people_person"):
            decides = {"organisation_admin"} if row["verb"] == "decide" and kind == "organisation" else set()
            decides |= {"system_admin"} if row["verb"] == "manage" else set()
            answers |= dict.fromkeys(may - decides, "404")  # not among what this administrator sees
        world.agrees(row, answers)


def test_work_addresses_are_set_by_who_looks_after_the_organisation(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    world.places = {"mail_domains": {"code": world.lesson.organisation.code}}
    for row in rows_of("work addresses"):
        may = SECRETARIAT | {"organisation_admin", "system_admin"}
        world.agrees(row, expected(seeing=EVERYBODY, may=may))


def test_a_sponsorship_is_ended_for_the_sponsor_or_nationally(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    sponsorship = SponsorshipFactory(sponsor=world.lesson.organisation)
    world.places = {"sponsorship_end": {"pk": sponsorship.pk}}
    for row in rows_of("sponsorship"):
        may = SECRETARIAT | {"organisation_admin"}
        world.agrees(row, expected(seeing=may, may=may))


def test_a_draft_is_open_to_the_programs_of_its_author(world_of: Callable[..., World]) -> None:
    world = world_of(Status.DRAFT)
    for row in rows_of("own draft"):
        world.agrees(row, expected(seeing={"author"}, may={"author"}))


def test_what_keeps_coming_back_shows_only_what_one_may_read(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED, marking="official_sensitive")
    page = reverse(
        "recurring_trend", kwargs={"risk_theme": "natural-and-environmental-hazards", "theme": "communicate"}
    )
    row = {"route": "recurring_trend", "method": "GET"}
    for name in world.asked(row, {name: str(name in READ_PUBLICATION["sensitive"]) for name in READERS}):
        answered = world.clients[name].get(page)
        shown = answered.status_code == 200 and str(world.lesson.reference) in answered.content.decode()
        assert shown == (name in READ_PUBLICATION["sensitive"]), name


def test_the_mailbox_is_looked_after_by_spoc_and_administrator(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    organisation = world.lesson.organisation
    organisation.mailbox, organisation.mailbox_confirmed_at = "fire@responder.example", NOON
    organisation.save()
    subscription = SubscriptionFactory(organisation=organisation)
    world.places = {"subscription_": {"token": subscription.token}}
    look_after_it = {"spoc", "organisation_admin"}
    for row in rows_of("subscription"):
        for name in world.asked(row, {name: str(name in look_after_it) for name in READERS}):
            assert (world.answer(row, name) == "in") == (name in look_after_it), (row, name)


def test_debriefs_and_events_are_for_those_who_write_for_the_organisation(world_of: Callable[..., World]) -> None:
    world = world_of(Status.DRAFT)
    lesson = world.lesson
    debrief = Debrief.objects.create(
        event=lesson.event,
        organisation=lesson.organisation,
        opened_by=lesson.author,
        opened_at=NOON,
        kind="hot",
        held_on=NOON.date(),
        code="otters",
        closes_at=timezone.now() + timedelta(days=1),
    )
    point = Observation.objects.create(debrief=debrief, kind="to_improve", text="Lists differed", given_on=NOON.date())
    world.places = {
        "debrief_reword": {"pk": debrief.pk, "point": point.pk},
        "debrief_undo": {"pk": debrief.pk, "point": point.pk},
        "debrief_open": {"event": lesson.event.pk},
        "debrief": {"pk": debrief.pk},
    }
    for row in rows_of("debrief"):
        world.agrees(row, expected(seeing=WRITERS, may=WRITERS))
    of_the_area = WRITERS | {"spoc_elsewhere"} | AREA_MODERATORS
    for row in rows_of("event"):
        answers = expected(seeing=of_the_area, may=of_the_area)
        answers |= dict.fromkeys(SIGNED_IN - MAY_ON_SITE["run a debrief"], "403")  # who writes nothing is told so first

        world.agrees(row, answers)


@pytest.mark.parametrize("published", [True, False])
def test_attachments_go_with_their_record_and_if_published_with_its_publication(
    published: bool, world_of: Callable[..., World]
) -> None:
    world = world_of(Status.PUBLISHED)
    attachment = Attachment.objects.create(
        lesson=world.lesson,
        key="0" * 32,
        name="plan.txt",
        type="txt",
        size=1,
        sha256="0" * 64,
        added_by=world.lesson.author,
        added_at=NOON,
        check_at=NOON,
        scan="clean",
        published=published,
    )
    store.save(attachment.key, io.BytesIO(b"x"))
    world.places = {
        "attachment_": {"pk": world.lesson.pk, "key": attachment.key},
        "attachment": {"key": attachment.key},
    }
    sees_record = SEE_RECORD[Status.PUBLISHED]
    may = {"change": MAY_TO_RECORD["change"], "publish": MODERATORS, "read": EVERYBODY}
    for row in rows_of("attachment"):
        seeing = sees_record | READERS if published and row["verb"] == "read" else sees_record

        world.agrees(row, expected(seeing=seeing, may=may[row["verb"]]))
    store.delete(attachment.key)


def test_whose_mailbox_it_is_only_those_who_look_after_it_are_told(world_of: Callable[..., World]) -> None:
    world = world_of(Status.DRAFT)
    world.places = {"mailbox": {"code": world.lesson.organisation.code}}
    expected = {
        "anonymous": "sign in",
        "reader": "404",
        "spoc_elsewhere": "404",
        "secretariat": "404",
        "system_admin": "403",
        "spoc": "in",
        "organisation_admin": "in",
    }
    for row in rows_of("mailbox"):
        assert {name: world.answer(row, name) for name in expected} == expected, row


def test_the_digest_of_a_quarter_is_edited_by_the_secretariat_and_hidden_until_it_has_gone(
    world_of: Callable[..., World],
) -> None:
    world = world_of(Status.DRAFT)
    digest = QuarterDigest.objects.create(
        period_start=NOON.replace(month=1, day=1),
        period_end=timezone.now() + timedelta(days=90),
        made_at=NOON,
        words="News.",
    )
    world.places = {"quarter": {"code": digest.code}}
    hidden = {"anonymous": "sign in", "reader": "404", "moderator": "404", "secretariat": "in"}
    sent = {"anonymous": "sign in", "reader": "in", "moderator": "in", "secretariat": "in"}
    for row in rows_of("quarter"):
        assert {name: world.answer(row, name) for name in hidden} == hidden, row

    QuarterDigest.objects.update(closed_at=timezone.now())
    for row in rows_of("quarter"):
        refused = {"reader": "403", "moderator": "403"} if row["verb"] == "edit" else {}
        assert {name: world.answer(row, name) for name in sent} == sent | refused, row


def test_the_audit_trail_is_there_for_auditors_alone(world_of: Callable[..., World]) -> None:
    world = world_of(Status.DRAFT)
    world.places = {"audit_event": {"pk": AuditEvent.objects.latest("pk").pk}}
    for row in rows_of("audit trail"):
        world.agrees(row, expected(seeing={"auditor"}, may={"auditor"}))


def test_records_are_looked_after_by_the_secretariat_alone(world_of: Callable[..., World]) -> None:
    world = world_of(Status.PUBLISHED)
    secretariat = world.people["secretariat"]
    assert secretariat
    held = hold(subject=world.lesson, reason="Inquest", until=None, by=secretariat, at=NOON)
    asked = open_request(
        lesson=world.lesson, reference="FOI 1", requester="public", received_on=NOON.date(), by=secretariat, at=NOON
    )
    consultee = consult(request=asked, organisation=world.lesson.organisation, by=secretariat, at=NOON)
    world.places = {
        "records_lift": {"pk": held.pk},
        "records_period": {"code": "drafts"},
        "foi_list": {},
        "foi_answer": {"pk": asked.pk, "consultee": consultee.pk},
        "foi_": {"pk": asked.pk},
    }
    for row in rows_of("records"):
        world.agrees(row, expected(seeing=SECRETARIAT, may=SECRETARIAT))


def test_what_is_public_asks_nobody_to_sign_in(world_of: Callable[..., World]) -> None:
    world = world_of(Status.DRAFT)
    token = {"token": DeliveryFactory(kind="new_lesson").token}
    world.places = {
        "unsubscribe": token,
        "mailbox_confirm": {"signed": "1:not-ours:x"},
        "submit_autosave": {"pk": world.lesson.pk, "step": next(iter(STEPS))},
        "account_reset_password_from_key": {"uidb36": "1", "key": "set-password"},
        "account_reset_password_from_key_done": {},
        "debrief_code": {"code": "no-such-code"},
        "openid_connect_": {"provider_id": "no-such-provider"},
    }
    # A key that is missing, a code that nobody gave, a sign-up that there is not.
    refused = {
        "submit_autosave": "403",
        "debrief_code": "404",
        "mailbox_confirm": "404",
        "metrics": "404",
        "session": "sign in",
        "mfa_authenticate": "sign in",
        "socialaccount_login_cancelled": "sign in",
        "openid_connect_login": "404",  # none is set
        "openid_connect_callback": "404",
    }
    for row in rows_of("public"):
        assert world.answer(row, "anonymous") == refused.get(row["route"], "in"), row


#: Objects of the matrix; each has a test above.
TESTED = {
    "audit trail",
    "records",
    "quarter",
    "mailbox",
    "public",
    "site",
    "record",
    "publication",
    "subscription",
    "mail",
    "token",
    "factor",
    "own session",
    "signed-in place",
    "people",
    "work addresses",
    "sponsorship",
    "own draft",
    "debrief",
    "attachment",
    "event",
}
