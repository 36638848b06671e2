"""Putting a subscription together: the sentence, what it would have brought, and where its answers come from."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.models import Marking, Publication, Status
from notifications.looking_back import look_back
from notifications.models import Notice, Subscription
from tests.factories import (
    AnnouncementFactory,
    CapabilityFactory,
    LessonFactory,
    NationalRiskFactory,
    OrganisationFactory,
    PublicationFactory,
    ResilienceAreaFactory,
    SubscriptionFactory,
    ThemeFactory,
    person,
)
from tests.test_fanout import fan_out
from tests.test_subscriptions import NEW, mailbox, signed_in

pytestmark = pytest.mark.django_db

WISHES: list[dict[str, Any]] = [
    {},
    {"kinds": ["notable_practice"]},
    {"risks": ["storms"]},
    {"risks": ["drought"]},
    {"risks": ["drought"], "risk_themes": ["floods"]},
    {"themes": ["communicate"], "capabilities": ["mass-evacuation"]},
    {"areas": ["cumbria"]},
    {"sectors": ["fire"]},
    {"sources": ["exercise"], "brags": ["red", "amber"]},
    {"words": "shelter -tents"},
    {"risks": ["storms"], "areas": ["cumbria"], "words": "“rest centre” OR shelter"},
]


def published(at: datetime | None = None, **values: Any) -> Publication:
    lesson = LessonFactory(status=Status.PUBLISHED, publication=None, **values)
    return PublicationFactory(lesson=lesson, published_at=at or timezone.now())


def two_lessons() -> list[Publication]:
    """One that most of the wishes match, and one that few do."""
    storms = NationalRiskFactory(code="storms", theme_code="floods", theme="Floods")
    area = ResilienceAreaFactory(code="cumbria")
    return [
        published(
            risks=[storms],
            capabilities=[CapabilityFactory(code="mass-evacuation")],
            organisation=OrganisationFactory(areas=[area], type__sector="fire"),
            brag="amber",
        ),
        published(kind="notable_practice", risks=[], not_a_national_risk=True, themes=[ThemeFactory(code="co-locate")]),
    ]


def test_what_a_subscription_would_have_brought_is_what_the_fan_out_would_have_sent() -> None:
    lessons = two_lessons()
    stored = [SubscriptionFactory(**wish) for wish in WISHES]

    for lesson in lessons:
        fan_out(AnnouncementFactory(publication=lesson))

    sent = {one.pk: Notice.objects.filter(person=one.person).count() for one in stored}
    counted = {
        one.pk: look_back(Subscription.objects.get(pk=one.pk), viewer=one.person, at=timezone.now()).count
        for one in stored
    }
    assert counted == sent
    assert {0, 1, 2} == set(sent.values()), "wishes that tell the lessons apart"


def test_only_what_the_holder_may_read_is_counted_and_only_what_the_viewer_may_read_is_named() -> None:
    secret = published(marking=Marking.SENSITIVE, title="Canary of ten letters")
    published(at=timezone.now() - timedelta(days=366))
    cleared_mailbox = mailbox(mailbox_cleared=True)
    administrator = person(Role.ORGANISATION_ADMIN, cleared_mailbox)

    mine = look_back(Subscription(person=administrator), viewer=administrator, at=timezone.now())
    of_mailbox = look_back(Subscription(organisation=cleared_mailbox), viewer=administrator, at=timezone.now())

    assert (mine.count, mine.newest) == (0, [])
    assert (of_mailbox.count, of_mailbox.newest) == (1, [])
    cleared = look_back(Subscription(), viewer=person(cleared=True), at=timezone.now())
    assert [one.pk for one in cleared.newest] == [secret.pk]


def ticked_in(page: str) -> set[str]:
    boxes = [line for line in page.splitlines() if 'type="checkbox"' in line and " checked" in line]
    return {box.split('value="')[1].split('"')[0] for box in boxes}


def brings(user: User, sent: dict[str, Any], *, show: str = "page") -> str:
    return signed_in(user).post(NEW, sent | {"show": show}).content.decode()


def test_the_button_shows_what_it_would_have_brought_and_stores_nothing() -> None:
    first, _ = two_lessons()

    page = brings(person(), {"risks": ["storms"], "areas": ["cumbria"], "frequency": "weekly"})
    part = brings(person(), {"risks": ["storms"]}, show="part")

    assert "<strong>Storms</strong>" in page
    assert "weekly" in page
    assert "<strong>1 lesson</strong>" in page
    assert first.title in page
    assert "<h1" not in part
    assert "<strong>1 lesson</strong>" in part
    assert not Subscription.objects.exists()


def test_a_search_hands_over_every_filter_that_a_subscription_can_hold_and_says_which_it_cannot() -> None:
    two_lessons()
    reader = person()
    query = (
        "?q=shelter&kind=lesson_identified&risk=storms&risk_theme=floods&theme=communicate&capability=mass-evacuation"
        "&area=cumbria&sector=fire&source=exercise&brag=amber&since=2020-01-01&archived=include"
    )

    results = signed_in(reader).get(f"/lessons/{query}").content.decode()
    (link,) = {part.split('"')[0] for part in results.split('href="')[1:] if part.startswith(NEW)}
    page = signed_in(reader).get(link.replace("&amp;", "&")).content.decode()

    assert "published from 1 January 2020" in page
    assert "Archived" not in page
    ticked = ticked_in(page)
    assert ticked >= {"lesson_identified", "storms", "floods", "communicate", "mass-evacuation", "cumbria", "fire"}
    assert ticked >= {"exercise", "amber"}
    assert 'value="shelter"' in page
    assert "<strong>1 lesson</strong>" in page


def test_a_lesson_prefills_its_risks_and_themes_and_only_for_those_who_may_read_it() -> None:
    first, _ = two_lessons()
    secret = published(marking=Marking.SENSITIVE, risks=[NationalRiskFactory(code="canary")])
    client = signed_in(person())

    assert f"{NEW}?like={first.reference}" in client.get(first.get_absolute_url()).content.decode()
    like = client.get(f"{NEW}?like={first.reference}").content.decode()
    like_secret = client.get(f"{NEW}?like={secret.reference}").content.decode()

    assert ticked_in(like) == {"storms", "communicate"}
    assert ticked_in(like_secret) == set()


def test_a_pause_keeps_how_often_and_mails_nothing() -> None:
    reader = person()
    subscription = SubscriptionFactory(person=reader, frequency="weekly")
    client = signed_in(reader)

    client.post(f"/subscriptions/{subscription.token}/pause/")
    page = client.post(f"/subscriptions/{subscription.token}/pause/", follow=True).content.decode()
    fan_out(AnnouncementFactory())

    assert "Paused" in page
    assert not Notice.objects.exists()
    client.post(f"/subscriptions/{subscription.token}/resume/")
    subscription.refresh_from_db()
    assert subscription.frequency == "weekly"


def test_new_tokens_are_no_uuids_and_old_ones_go_on_working() -> None:
    old = "0c9e3a52-6d6c-4b2e-9d3a-0b6f3c1f2a77"
    reader = person()
    first, second = SubscriptionFactory.create_batch(2, person=reader)
    Subscription.objects.filter(pk=second.pk).update(token=old)
    fan_out(AnnouncementFactory())
    (token,) = Notice.objects.values_list("delivery__token", flat=True)

    assert len(first.token) == len(token) == 43
    assert signed_in(reader).get(f"/subscriptions/{old}/").status_code == 200
    assert signed_in(reader).get(f"/unsubscribe/{token}/").status_code == 200
