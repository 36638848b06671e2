"""The product's main job, from a debrief to everybody who must hear, through real processes and a real browser."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from email.message import EmailMessage

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from accounts.models import Organisation, ResilienceArea, TokenScope, User
from accounts.roles import Role
from accounts.tokens import create_token
from lessons.models import Event, Lesson, Move, Status, Theme
from notifications.models import Subscription
from tests.browsing import Visitor, set_password
from tests.factories import (
    NationalRiskFactory,
    OrganisationFactory,
    ResilienceAreaFactory,
    ThemeFactory,
    person,
)
from tests.portal import Portal, wait_until

#: A mail is promised within 5 s; a test gives up at ten times that.
MAIL_SECONDS = 50

pytestmark = pytest.mark.browser


class World:
    """The people and things of the story."""

    def __init__(self) -> None:
        self.area: ResilienceArea = ResilienceAreaFactory(code="cumbria", name="Cumbria", mailbox="lrf@cumbria.example")
        self.force: Organisation = OrganisationFactory(code="cumbria-constabulary", areas=[self.area])
        self.council: Organisation = OrganisationFactory(code="council", areas=[self.area])
        self.risk = NationalRiskFactory(code="surface-water-flooding", name="Surface water flooding")
        self.principle: Theme = ThemeFactory(code="communicate", name="Communicate")
        self.contributor: User = person(Role.CONTRIBUTOR, self.force, email="contributor@force.example")
        self.moderator: User = person(Role.LRF_MODERATOR, self.council, self.area, email="moderator@council.example")
        self.subscriber: User = person(Role.READER, self.council, email="subscriber@council.example")
        self.analyst: User = person(Role.ANALYST, self.council, email="analyst@council.example")
        set_password(self.contributor, self.moderator, self.subscriber)
        _, self.token = create_token(user=self.analyst, scopes=[TokenScope.READ_PUBLISHED], at=timezone.now())


def subscribe(visitor: Visitor) -> None:
    visitor.go("/risks/surface-water-flooding/")
    visitor.press("Email me about this risk")
    with visitor.page.expect_navigation():
        visitor.page.locator("main form button[type=submit]").last.click()


def submit(visitor: Visitor, title: str, *, what_happened: str = "Three control rooms worked by telephone.") -> None:
    """Fill in every step as a responder would, and hand the lesson in."""
    visitor.go("/submit/")
    visitor.tick("kind", "lesson_identified")
    visitor.fill(title=title)
    visitor.press("Save and continue")
    visitor.fill(event_name="Exercise Rising Tide")
    visitor.tick("event_kind", "exercise")
    visitor.fill(event_date__month="3", event_date__year="2026")
    visitor.page.locator("main select[name=area]").evaluate("(one) => { one.value = 'cumbria' }")
    visitor.press("Save and continue")
    if visitor.sees("Is the event recorded already?"):  # the second time it is
        visitor.tick("same", "another")
        visitor.press("Continue")
    visitor.fill(what_happened=what_happened)
    visitor.press("Save and continue")
    visitor.fill(
        statement="A shared talk group lets every control room hear the same update at the same time.",
        what_1="Open the shared talk group on every major incident card",
        by_whom_1="Control room managers",
    )
    visitor.press("Save and continue")
    visitor.tick("risks", "surface-water-flooding")
    visitor.tick("principles", "communicate")
    visitor.tick("brag", "amber")
    visitor.press("Save and continue")
    visitor.tick("marking", "official")
    visitor.tick("audience", "all_responders")
    visitor.tick("attribution", "organisation")
    visitor.press("Save and continue")
    visitor.press("Submit")


def publish(visitor: Visitor) -> None:
    for box in visitor.page.locator("input[name=checklist]").all():
        box.check()
    visitor.press("Publish")


def ask(url: str, *, token: str = "", body: bytes | None = None) -> tuple[int, str]:
    """Return status and body, whatever the status."""
    headers = {"Authorization": f"Token {token}"} if token else {}
    try:
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - the portal of this test
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def one_click_address(mail: EmailMessage) -> str:
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<(http[^>]+)>", mail["List-Unsubscribe"].strip())
    assert found, mail["List-Unsubscribe"]
    return found[1]


def test_a_lesson_from_submission_to_suspension(portal: Portal, browser: Browser) -> None:
    world = World()
    responder = Visitor(browser, portal.url).sign_in(world.contributor)
    moderator = Visitor(browser, portal.url).sign_in(world.moderator)
    reader = Visitor(browser, portal.url).sign_in(world.subscriber)
    subscribe(reader)
    assert Subscription.objects.filter(person=world.subscriber, risks=[world.risk.code]).exists()

    # Submit, and hear that it arrived.
    submit(responder, "No shared talk group between control rooms")
    lesson = Lesson.objects.get()
    assert lesson.status == Status.SUBMITTED
    assert responder.sees(lesson.reference)
    wait_until(lambda: portal.mails_to(world.contributor.email) != [], seconds=MAIL_SECONDS, what="receipt")
    wait_until(lambda: portal.mails_to(world.area.mailbox) != [], seconds=MAIL_SECONDS, what="queue mail")

    # The moderator takes it, and asks for changes.
    moderator.go("/review/")
    moderator.press("Take the next one")
    moderator.page.get_by_text("Ask the owner for changes").click()
    moderator.fill(changes_note="Say which control rooms, by service.")
    moderator.press("Ask for changes")
    lesson.refresh_from_db()
    assert lesson.status == Status.CHANGES_REQUESTED
    wait_until(lambda: len(portal.mails_to(world.contributor.email)) == 2, seconds=MAIL_SECONDS, what="changes mail")

    # The responder sends it back; it returns to the same moderator.
    responder.go(f"/submit/{lesson.pk}/what-happened/")
    assert responder.sees("Say which control rooms, by service.")
    responder.fill(what_happened="The police, fire and ambulance control rooms worked by telephone.")
    responder.press("Save and continue")
    responder.go(f"/submit/{lesson.pk}/check/")
    responder.press("Send back with changes")
    lesson.refresh_from_db()
    assert (lesson.status, lesson.claimed_by) == (Status.IN_REVIEW, world.moderator)

    # Publish, and within seconds the subscriber has one mail that says why.
    moderator.go(f"/review/{lesson.pk}/")
    assert moderator.sees("police, fire and ambulance control rooms")
    publish(moderator)
    lesson.refresh_from_db()
    assert lesson.status == Status.PUBLISHED
    alerts = lambda: portal.mails_to(world.subscriber.email)  # noqa: E731 - read again each time
    waited = wait_until(lambda: alerts() != [], seconds=MAIL_SECONDS, what="alert")
    print(f"publish to mail: {waited:.2f} s")
    alert = alerts()[0]
    text = alert.get_body(("plain",)).get_content()
    assert lesson.reference in text
    assert world.risk.name in text
    assert f"{portal.url}/lessons/{lesson.reference}/" in text

    # The analyst reads it from the API.
    status, body = ask(f"{portal.url}/api/v1/lessons/{lesson.reference}/", token=world.token)
    assert status == 200
    assert json.loads(body)["what_happened"].startswith("The police, fire and ambulance")

    # One click ends the subscription, so a second publication sends that address nothing.
    assert ask(one_click_address(alert), body=b"List-Unsubscribe=One-Click")[0] == 200
    submit(responder, "Sandbags were delivered to the wrong depot")
    moderator.go("/review/")
    moderator.press("Take the next one")
    publish(moderator)
    second = Lesson.objects.exclude(pk=lesson.pk).get()
    assert second.status == Status.PUBLISHED
    published = lambda: portal.mails_to(world.contributor.email, second.reference or "")  # noqa: E731
    wait_until(lambda: len(published()) >= 2, seconds=MAIL_SECONDS, what="mail to the owner")
    assert len(alerts()) == 1

    # Suspend: gone from page and API at once; those who got it are told, and nothing else is sent.
    moderator.go(f"/lessons/{lesson.reference}/suspend/")
    moderator.fill(note="A name slipped through.")
    moderator.press("Suspend now")
    assert reader.go(f"/lessons/{lesson.reference}/").status == 410
    assert ask(f"{portal.url}/api/v1/lessons/{lesson.reference}/", token=world.token)[0] == 410
    assert lesson.reference not in ask(f"{portal.url}/api/v1/lessons/", token=world.token)[1]  # type: ignore[operator]
    wait_until(lambda: len(alerts()) == 2, seconds=MAIL_SECONDS, what="stop using this")
    assert "Stop using" in alerts()[1]["Subject"]
    assert {m.move for m in lesson.moves.all()} >= {Move.SUBMIT, Move.RESUBMIT, Move.PUBLISH, Move.SUSPEND}
    assert Event.objects.count() == 2
    assert not [*responder.complaints, *moderator.complaints, *reader.complaints]
