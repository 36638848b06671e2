"""What changes takes effect at the next request: of a session that is open, and of a token.

And what is hidden answers as what is missing does, in all that can be told and in the time that it takes.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, Membership, Organisation, TokenScope, User
from accounts.people import end_role, leave, set_clearance
from accounts.roles import Role
from accounts.sessions import end_sessions
from accounts.sponsorships import end_sponsorship
from lessons.models import Attachment, Lesson, Publication, Status
from tests.calling import token_of
from tests.factories import NOON, LessonFactory, PublicationFactory, SponsorshipFactory, person
from tests.personas import client_of

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class Open:
    """Somebody of a sponsored organisation who reads a sensitive lesson of their area, by session and by token."""

    def __init__(self) -> None:
        self.sponsorship = SponsorshipFactory()
        self.organisation: Organisation = self.sponsorship.organisation
        self.administrator = person(Role.ORGANISATION_ADMIN, self.organisation)
        self.user = person(Role.READER, self.organisation, cleared=True)
        area = self.organisation.areas.get()
        to_area: dict[str, Any] = {"audience": "areas", "audience_areas": [area.code]}
        self.lesson = LessonFactory(status=Status.PUBLISHED, marking="official_sensitive", **to_area)
        self.client = client_of(self.user)
        self.token = token_of(self.user, TokenScope.READ_PUBLISHED, TokenScope.READ_SENSITIVE)

    @property
    def membership(self) -> Membership:
        return self.user.memberships.get()

    def answers(self) -> tuple[int, int, bool]:
        """Return the status by session, by token, and whether a list of the token has the lesson."""
        headers = {"Authorization": f"Token {self.token}"}
        page = self.client.get(f"/lessons/{self.lesson.reference}/")
        api = Client().get(f"/api/v1/lessons/{self.lesson.reference}/", headers=headers)
        listed = Client().get("/api/v1/lessons/", headers=headers)
        return page.status_code, api.status_code, str(self.lesson.reference) in listed.content.decode()


def narrow(one: Open) -> None:
    one.lesson.publications.update(superseded_at=NOON)
    Lesson.objects.filter(pk=one.lesson.pk).update(audience="national_team")
    PublicationFactory(lesson=Lesson.objects.get(pk=one.lesson.pk), change="minor", note="For fewer.")


AT = timezone.now
CHANGES: dict[str, tuple[Callable[[Open], object], tuple[int, int]]] = {
    "the role was ended": (lambda one: end_role(membership=one.membership, by=one.administrator, at=AT()), (302, 401)),
    "they left": (
        lambda one: leave(user=one.user, organisation=one.organisation, by=one.administrator, at=AT()),
        (302, 401),
    ),
    "the role ended yesterday": (
        lambda one: Membership.objects.filter(user=one.user).update(ends_on=timezone.localdate() - timedelta(days=1)),
        (302, 401),
    ),
    "clearance was taken away": (
        lambda one: set_clearance(membership=one.membership, cleared=False, by=one.administrator, at=AT()),
        (302, 404),  # the session ends, so that the next one begins with what is left
    ),
    "clearance is gone from the row": (lambda one: Membership.objects.update(cleared=False), (404, 404)),
    "the audience was narrowed": (narrow, (404, 404)),
    "it was suspended": (lambda one: Publication.objects.update(suspended_at=NOON), (410, 410)),
    "the sponsor ended it": (
        lambda one: end_sponsorship(
            sponsorship=one.sponsorship, by=person(Role.ORGANISATION_ADMIN, one.sponsorship.sponsor), at=AT()
        ),
        (302, 401),
    ),
    "the sponsorship expired": (
        lambda one: one.organisation.sponsorships.update(ends_on=timezone.localdate() - timedelta(days=1)),
        (302, 401),
    ),
    "the organisation ended": (lambda one: Organisation.objects.update(ended_at=NOON), (302, 401)),
    "the account was closed": (lambda one: User.objects.update(is_active=False), (302, 401)),
    "the account fell asleep": (lambda one: User.objects.update(dormant_at=NOON), (302, 401)),
    "all sessions were ended": (
        lambda one: end_sessions(user=one.user, by=one.user, at=AT(), reason="test"),
        (302, 200),  # a token is no session: it is revoked on its own page
    ),
    "the token was revoked": (lambda one: ApiToken.objects.all().delete(), (200, 401)),
    "the token expired": (
        lambda one: ApiToken.objects.update(created=AT() - timedelta(days=2), expiry=AT() - timedelta(seconds=1)),
        (200, 401),
    ),
    "the token lost the scope": (
        lambda one: ApiToken.objects.update(scopes=[TokenScope.READ_PUBLISHED]),
        (200, 404),
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_session_and_a_token_feel_it_at_once(what: str) -> None:
    one = Open()
    assert one.answers() == (200, 200, True)
    change, expected = CHANGES[what]

    change(one)

    session, token, is_listed = one.answers()
    assert (session, token) == expected
    assert is_listed == (token == 200)


# -- hidden and missing ----------------------------------------------------------------------------
ROUNDS = 40
#: Medians of answers that take turns differ by less; the best of three is asked for, as the machine does other things.
MOST_RATIO = 1.3


@pytest.mark.parametrize("kind", ["lesson", "versions", "suspend", "record", "attachment", "api"])
def test_hidden_answers_as_missing_in_words_headers_and_time(kind: str) -> None:
    outsider = person(Role.JOL_SPOC)
    lesson = LessonFactory(status=Status.PUBLISHED, marking="official_sensitive", audience="national_team")
    LessonFactory.create_batch(3, status=Status.PUBLISHED, audience="national_team")
    Attachment.objects.create(
        lesson=lesson, key="a" * 32, name="x.txt", type="txt", size=1, sha256="0" * 64, added_by=lesson.author,
        added_at=NOON, check_at=NOON, scan="clean", published=True,
    )  # fmt: skip
    hidden, missing = {
        "lesson": (f"/lessons/{lesson.reference}/", "/lessons/LI-2026-00001/"),
        "versions": (f"/lessons/{lesson.reference}/versions/", "/lessons/LI-2026-00001/versions/"),
        "suspend": (f"/lessons/{lesson.reference}/suspend/", "/lessons/LI-2026-00001/suspend/"),
        "record": (f"/records/{lesson.pk}/", f"/records/{_missing_beside(lesson)}/"),
        "attachment": (f"/attachments/{'a' * 32}/", f"/attachments/{'b' * 32}/"),
        "api": (f"/api/v1/lessons/{lesson.reference}/", "/api/v1/lessons/LI-2026-00001/"),
    }[kind]
    client = client_of(outsider)

    told = [_told(client.get(address)) for address in (hidden, missing)]
    ratios = [_ratio(client, hidden, missing) for _ in range(3)]

    print(f"{kind}: hidden to missing {', '.join(f'{ratio:.2f}' for ratio in ratios)}")
    assert told[0] == told[1]
    assert told[0][0] == 404
    assert "ETag" not in told[0][1]
    assert min(max(ratio, 1 / ratio) for ratio in ratios) <= MOST_RATIO


def _missing_beside(lesson: Lesson) -> int:
    """Return a number that no lesson has, with as many digits as that of `lesson`."""
    taken, digits = set(Lesson.objects.values_list("pk", flat=True)), len(str(lesson.pk))
    return next(number for number in range(10**digits - 1, 0, -1) if number not in taken)


#: Different at every request.
OF_THE_REQUEST = {"X-Request-ID", "X-Request-Id", "RateLimit-Remaining", "RateLimit-Reset", "Date", "Server-Timing"}


def _told(answer: Any) -> tuple[int, dict[str, str], str]:
    headers = {name: value for name, value in answer.headers.items() if name not in OF_THE_REQUEST}
    body = re.sub(r'value="[A-Za-z0-9]{64}"|/(lessons|records|attachments)/[^"]*', "", answer.content.decode())
    return answer.status_code, headers, body


def _ratio(client: Client, hidden: str, missing: str) -> float:
    """Return by how much the one takes longer than the other, asked in turns."""
    times: dict[str, list[float]] = {hidden: [], missing: []}
    for number in range(ROUNDS):
        for address in (hidden, missing) if number % 2 else (missing, hidden):
            began = time.perf_counter()
            client.get(address)
            times[address].append(time.perf_counter() - began)
    return statistics.median(times[hidden]) / statistics.median(times[missing])
