"""What one organisation has, asked for by people of another: in the address, in the body, in the query."""

from __future__ import annotations

import io
import logging
import secrets
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import AccessRequest, ApiToken, TokenScope, User
from accounts.roles import Role
from lessons.attachments import store
from lessons.models import Attachment, Debrief, Lesson, Observation, Status
from notifications.models import Suppression
from tests.calling import token_of
from tests.factories import (
    NOON,
    EventFactory,
    LessonFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    SponsorshipFactory,
    SubscriptionFactory,
    person,
)
from tests.personas import client_of
from tests.prints import Prints, noting_writes
from tests.test_access_matrix import ROWS, arguments_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: In every text of side A and nowhere else.
SAID = "heronry"


@pytest.fixture(autouse=True)
def _refusals_are_not_logged() -> Iterator[None]:
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


class Side:
    """An organisation with an area, people in all its roles, and something of each kind.

    :ivar places: arguments of addresses that lead to what it has, each a way to fill them in
    """

    def __init__(self, code: str, said: str) -> None:
        self.area = ResilienceAreaFactory(code=f"{code}-shire")
        self.organisation = OrganisationFactory(code=f"{code}-fire", areas=[self.area])
        self.people = {
            "author": person(Role.CONTRIBUTOR, self.organisation, cleared=True),
            "spoc": person(Role.JOL_SPOC, self.organisation),
            "administrator": person(Role.ORGANISATION_ADMIN, self.organisation),
            "moderator": person(Role.LRF_MODERATOR, area=self.area),
        }
        self.clients = {name: client_of(user) for name, user in self.people.items()}
        self.said = said
        self.lessons = {status: self._lesson(status) for status in (Status.DRAFT, Status.IN_REVIEW, Status.PUBLISHED)}
        self.file = self._file(self.lessons[Status.PUBLISHED])
        self.debrief, self.point = self._debrief()
        self.subscription = SubscriptionFactory(person=self.people["spoc"], words=said)
        ours = token_of(self.people["spoc"], TokenScope.READ_PUBLISHED)
        self.token = ApiToken.objects.get(user=self.people["spoc"], token_key=ours[:15])
        self.asked = AccessRequest.objects.create(
            organisation=self.organisation, email=f"{said}@responder.example", name=said, reason=said, asked_at=NOON
        )
        self.sponsorship = SponsorshipFactory(sponsor=self.organisation, reason=said)
        bounced = self.people["author"].email
        self.suppression = Suppression.objects.create(address=bounced, reason="hard", since=NOON)

    def _lesson(self, status: str) -> Lesson:
        event = EventFactory(organisation=self.organisation, areas=[self.area], name=f"{self.said} {status}")
        return LessonFactory(
            status=status,
            author=self.people["author"],
            organisation=self.organisation,
            area=self.area,
            event=event,
            moderator=self.people["moderator"],
            at=timezone.now(),
            title=f"Keep the list of the {self.said} short",
            what_happened=f"The {self.said} was seen.",
            marking="official_sensitive",
            audience="areas",
            audience_areas=[self.area.code],
        )

    def _file(self, lesson: Lesson) -> Attachment:
        key = secrets.token_hex(16)  # tests of another process keep their files in the same place
        file = Attachment.objects.create(
            lesson=lesson,
            key=key,
            name=f"{self.said}.txt",
            type="txt",
            size=7,
            sha256="0" * 64,
            added_by=lesson.author,
            added_at=NOON,
            check_at=NOON,
            scan="clean",
        )
        store.save(key, io.BytesIO(self.said.encode()))
        return file

    def _debrief(self) -> tuple[Debrief, Observation]:
        debrief = Debrief.objects.create(
            event=self.lessons[Status.DRAFT].event,
            organisation=self.organisation,
            opened_by=self.people["author"],
            opened_at=NOON,
            kind="hot",
            held_on=NOON.date(),
            code=f"{self.said}-otters",
            closes_at=timezone.now() + timedelta(days=1),
        )
        text = f"The {self.said} was empty"
        return debrief, Observation.objects.create(debrief=debrief, kind="went_well", text=text, given_on=NOON.date())

    def addresses(self, route: str, subject: str) -> list[str]:
        """Return all addresses of a route that lead to something of this side.

        :param subject: what the route is about, as the matrix of addresses calls it
        """
        wanted = set(arguments_of()[route])
        found = [
            _reversed(route, {name: given[name] for name in wanted})
            for given in self._pairs(subject)
            if wanted <= set(given) and all(given[name] is not None for name in wanted)
        ]
        return [one for one in dict.fromkeys(found) if one]

    def _pairs(self, subject: str) -> list[dict[str, Any]]:
        lessons: list[dict[str, Any]] = [
            {"pk": lesson.pk, "reference": lesson.reference, "key": self.file.key, "step": "what-happened"}
            for lesson in self.lessons.values()
        ]
        ours = {"kind": "organisation", "code": self.organisation.code}
        return {
            "debrief": [{"pk": self.debrief.pk, "point": self.point.pk}],
            "event": [{"event": self.debrief.event_id}],
            "people": [
                ours | {"pk": self.people["author"].pk},
                ours | {"pk": self.asked.pk},
                {"kind": "area", "code": self.area.code, "pk": self.people["moderator"].pk},
            ],
            "mailbox": [{"code": self.organisation.code}],
            "subscription": [{"token": self.subscription.token}],
            "token": [{"token_key": self.token.token_key}],
            "sponsorship": [{"pk": self.sponsorship.pk}],
            "mail": [{"pk": self.suppression.pk}],
        }.get(subject, lessons)


def _reversed(route: str, given: dict[str, Any]) -> str:
    try:
        return reverse(route, kwargs=given)
    except NoReverseMatch:
        return ""


#: Rows whose addresses lead to things of somebody.
OWNED = [row for row in ROWS if arguments_of()[row["route"]] and row["object"] not in {"public", "site"}]


@pytest.fixture
def sides() -> Iterator[tuple[Side, Side]]:
    both = Side("cumbria", SAID), Side("essex", "kestrel")
    yield both
    for side in both:
        store.delete(side.file.key)


def ask(client: Client, method: str, address: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
    """Return status and text of an answer; what it changed is undone."""
    with transaction.atomic():
        answer = client.generic(method, address) if body is None else client.post(address, body)
        content = b"".join(answer.streaming_content) if answer.streaming else answer.content
        transaction.set_rollback(True)
    return answer.status_code, content.decode(errors="replace")


def test_what_opens_to_its_own_people_is_hidden_from_those_of_another(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    opened, replayed, wrong = 0, 0, []
    for row in (row for row in OWNED if row["method"] == "GET"):
        for address in ours.addresses(row["route"], row["object"]):
            mine = next((name for name, client in ours.clients.items() if ask(client, "GET", address)[0] == 200), "")
            if not mine:
                continue
            opened += 1
            for name, client in theirs.clients.items():
                status, text = ask(client, "GET", address)
                replayed += 1
                if status not in {403, 404} or SAID in text:
                    wrong.append(f"{address} ({row['route']}), open to {mine}: {status} to {name} of another")
    print(f"{opened} addresses open to their own people, {replayed} replays")
    assert opened > 30
    assert not wrong, "\n".join(wrong)


def test_what_others_have_cannot_be_changed_from_outside(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    prints = Prints()
    before, asked, wrong = prints.take(), 0, []
    for row in (row for row in OWNED if row["method"] == "POST"):
        for address in ours.addresses(row["route"], row["object"]):
            for name, client in theirs.clients.items():
                with transaction.atomic():
                    with noting_writes() as written:
                        answer = client.post(address, PLAUSIBLE)
                    changed = prints.differ(before, written=written)
                    transaction.set_rollback(True)
                asked += 1
                if answer.status_code not in {403, 404} or changed:
                    wrong.append(f"{address} ({row['route']}): {answer.status_code} to {name}, changed: {changed}")
    print(f"{asked} writes from outside")
    assert prints.take() == before
    assert asked > 200
    assert not wrong, "\n".join(wrong)


PLAUSIBLE = {
    "note": "Because.",
    "title": "Changed by others",
    "text": "Changed by others",
    "then": "leave",
    "may": "read",
    "published": "yes",
    "row_version": "0",
    "reason": "out_of_date",
    "frequency": "weekly",
    "role": "reader",
    "kind": "went_well",
}
NUMBERS = ["0", "-1", "999999999", str(2**31), str(2**63), str(2**64), "9" * 40]


@pytest.mark.long
def test_numbers_nobody_gave_and_those_of_other_things_open_nothing(sides: tuple[Side, Side]) -> None:
    """Those next to ours, those of things of another kind, and such as no database holds."""
    ours, theirs = sides
    lessons = [lesson.pk for lesson in ours.lessons.values()]
    near = {pk + step for pk in lessons for step in (-1, 0, 1)} | {ours.debrief.pk, ours.point.pk, ours.asked.pk}
    numbers = [*map(str, sorted(near)), *(str(user.pk) for user in ours.people.values()), *NUMBERS]
    texts = [ours.file.key, ours.subscription.token, ours.token.token_key, "LI-2026-00000", "x" * 300, "%00", "..%2f"]
    asked, wrong = 0, []
    for row in (row for row in OWNED if row["method"] == "GET"):
        for address in (one for side in sides for one in side.addresses(row["route"], row["object"])[:1]):
            for other in [_with_number(address, value) for value in numbers] + [_with_text(address, t) for t in texts]:
                if not other:
                    continue
                for name in ("spoc", "moderator"):
                    status, text = ask(theirs.clients[name], "GET", other)
                    asked += 1
                    if status >= 500 or SAID in text:
                        wrong.append(f"{other} ({row['route']}): {status} to {name}")
    print(f"{asked} addresses with other ids")
    assert asked > 1000
    assert not wrong, "\n".join(wrong)


def _with_number(address: str, value: str) -> str:
    """Put `value` in the place of the last number of an address."""
    parts = address.split("/")
    places = [n for n, part in enumerate(parts) if part.isdecimal() and len(part) < 12]
    if not places or not value.isdecimal():
        return ""
    parts[places[-1]] = value
    return "/".join(parts)


def _with_text(address: str, value: str) -> str:
    parts = address.split("/")
    places = [n for n, part in enumerate(parts) if len(part) > 12]
    if not places:
        return ""
    parts[places[-1]] = value
    return "/".join(parts)


def bodies(ours: Side, theirs: Side) -> list[tuple[str, str, dict[str, Any]]]:
    """Return (who asks of the other side, address of theirs, body with an id of ours)."""
    draft, review = theirs.lessons[Status.DRAFT], theirs.lessons[Status.IN_REVIEW]
    our_event, our_lesson = ours.debrief.event_id, ours.lessons[Status.PUBLISHED]
    begin = {"kind": "lesson_identified", "title": "Share the list"}
    step = {"title": "Share the list", "row_version": draft.row_version}
    learning = f"/submit/{draft.pk}/learning/"
    debrief = f"/debriefs/{theirs.debrief.pk}"
    return [
        ("spoc", "/submit/", begin | {"event": our_event}),
        ("spoc", "/submit/", begin | {"organisation": ours.organisation.code}),
        ("spoc", f"/submit/{draft.pk}/same-event/", {"same": our_event}),
        ("spoc", learning, step | {"link": our_lesson.reference}),
        ("spoc", learning, step | {"unlink": our_lesson.reference}),
        ("moderator", f"/review/{review.pk}/merge/", {"into": our_lesson.reference, "decision": "merge"}),
        ("moderator", f"/review/{review.pk}/merge/", {"into": our_lesson.reference, "decision": "same"}),
        ("moderator", f"/review/{review.pk}/reassign/", {"to": ours.people["moderator"].pk}),
        (
            "moderator",
            "/review/several/",
            {"lesson": [ours.lessons[Status.IN_REVIEW].pk], "what": "decline", "go": "1"},
        ),
        ("spoc", f"{debrief}/promote/", {"points": [ours.point.pk]}),
        ("spoc", f"{debrief}/sort/", {"points": [ours.point.pk], "then": "lesson"}),
        ("spoc", f"{debrief}/sort/", {"points": [theirs.point.pk], "then": "settle", "same_as": ours.point.pk}),
        ("spoc", f"{debrief}/points/{ours.point.pk}/", {"text": "Changed", "kind": "went_well"}),
        ("spoc", f"{debrief}/points/{ours.point.pk}/undo/", {}),
        ("spoc", f"/debriefs/new/{our_event}/", {"kind": "hot", "organisation": theirs.organisation.pk}),
        ("spoc", "/debriefs/new/", {"event": our_event, "organisation": ours.organisation.pk}),
        ("spoc", "/subscriptions/new/", {"frequency": "weekly", "holder": ours.organisation.pk}),
        ("administrator", "/subscriptions/new/", {"frequency": "weekly", "holder": ours.organisation.pk}),
        ("administrator", "/accounts/sponsorships/", {"sponsor": ours.organisation.code, "organisation": "any"}),
        (
            "administrator",
            f"/accounts/people/organisation/{theirs.organisation.code}/{ours.people['author'].pk}/",
            {"then": "leave"},
        ),
        (
            "administrator",
            f"/accounts/people/organisation/{theirs.organisation.code}/{theirs.people['author'].pk}/",
            {"then": "end", "membership": ours.people["author"].memberships.get().pk},
        ),
        ("spoc", f"/records/{draft.pk}/attachments/{ours.file.key}/remove/", {}),
        ("moderator", f"/records/{review.pk}/attachments/{ours.file.key}/publish/", {"published": "yes"}),
    ]


def test_ids_of_others_in_a_body_touch_and_tell_nothing(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    before = _rows_of(ours)
    wrong = []
    for name, address, body in bodies(ours, theirs):
        with transaction.atomic():
            answer = theirs.clients[name].post(address, body, follow=True)
            after = _rows_of(ours)
            transaction.set_rollback(True)
        if answer.status_code >= 500 or SAID in answer.content.decode() or after != before:
            wrong.append(f"{name} {address} {body}: {answer.status_code}, ours changed: {after != before}")
    for beyond in ("9" * 30, "9" * 5_000, str(2**63), "-1", "x", "\x00", "٣"):
        for address in (f"/debriefs/{theirs.debrief.pk}/promote/", f"/debriefs/{theirs.debrief.pk}/sort/"):
            status, _ = ask(theirs.clients["spoc"], "POST", address, {"points": [beyond], "then": "lesson"})
            if status >= 500:
                wrong.append(f"{address} points={beyond[:40]}: {status}")
        for name, address, sent in bodies(ours, theirs):
            odd = {field: beyond if not isinstance(value, list) else [beyond] for field, value in sent.items()}
            status, _ = ask(theirs.clients[name], "POST", address, odd)
            if status >= 500:
                wrong.append(f"{address} {sorted(odd)}={beyond[:40]!r}: {status}")
    assert not wrong, "\n".join(wrong)


def _rows_of(side: Side) -> list[list[dict[str, Any]]]:
    """Return all that is stored of what a side has."""
    lessons = [lesson.pk for lesson in side.lessons.values()]
    found = [
        Lesson.objects.filter(pk__in=lessons),
        Attachment.objects.filter(lesson__in=lessons),
        Observation.objects.filter(debrief=side.debrief),
        Debrief.objects.filter(pk=side.debrief.pk),
        side.organisation.subscriptions.all() if hasattr(side.organisation, "subscriptions") else Lesson.objects.none(),
        side.organisation.memberships.all(),
        User.objects.filter(pk__in=[user.pk for user in side.people.values()]),
    ]
    linked = [Lesson.objects.get(pk=pk).links_to.all() for pk in lessons]
    return [list(rows.order_by("pk").values()) for rows in (*found, *linked)]


QUERIES = [
    "/submit/?event={event}",
    "/submit/?organisation={organisation}",
    "/subscriptions/new/?like={reference}",
    "/review/{theirs}/merge/?into={reference}",
    "/review/several/?lesson={pk}",
    "/review/?q={reference}",
    "/lessons/?q={reference}",
    "/lessons/?q={said}",
    "/lessons/?organisation={organisation}",
    "/lessons/?area={area}",
    "/lessons/download/?area={area}",
    "/statistics/?organisation={organisation}&area={area}",
    "/recurring/?area={area}",
    "/our-lessons/?organisation={organisation}",
    "/records/{their_draft}/partners/?done=in&organisation={organisation}&before=write",
    "/api/v1/lessons/?q={said}",
    "/api/v1/lessons/?area={area}",
    "/api/v1/lessons.csv?area={area}",
    "/api/v1/statistics/?area={area}",
    "/api/v1/changes/?since=2020-01-01T00:00:00Z",
    "/api/v1/events/?q={said}",
    "/mail/organisation/?organisation={organisation}",
    "/mail/bounced/?organisation={organisation}",
]


def test_ids_of_others_in_a_query_tell_nothing(sides: tuple[Side, Side]) -> None:
    ours, theirs = sides
    lesson = ours.lessons[Status.PUBLISHED]
    given = {
        "event": ours.debrief.event_id,
        "organisation": ours.organisation.code,
        "area": ours.area.code,
        "reference": lesson.reference,
        "pk": lesson.pk,
        "said": SAID,
        "theirs": theirs.lessons[Status.IN_REVIEW].pk,
        "their_draft": theirs.lessons[Status.DRAFT].pk,
    }
    wrong = []
    for query in QUERIES:
        address = query.format(**given)
        for name, client in theirs.clients.items():
            status, text = ask(client, "GET", address)
            is_said_again = "{said}" in query
            if status >= 500 or lesson.title in text or (SAID in text and not is_said_again):
                wrong.append(f"{address}: {status} to {name}")
    assert not wrong, "\n".join(wrong)
    assert str(lesson.reference) in ask(ours.clients["spoc"], "GET", f"/lessons/?q={SAID}")[1]
