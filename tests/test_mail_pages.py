"""Pages about mail for those who look after it, and what the health page and Prometheus are told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.roles import Role
from lessons.actions.reading import record_view
from lessons.models import PublicationView
from notifications import reach
from notifications.actions import unsubscribe
from notifications.models import Announcement, AnnouncementKind, Delivery, Notice, Priority, ScheduledRun, Suppression
from notifications.overview import tallies
from notifications.schedule import schedule, stalled
from notifications.tasks import relay
from tests.factories import (
    NOON,
    AnnouncementFactory,
    DeliveryFactory,
    OrganisationFactory,
    PublicationFactory,
    SubscriptionFactory,
    person,
)
from tests.test_fanout import fan_out

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.backends.SignInBackend")
    return client


@pytest.fixture
def secretariat() -> Client:
    return signed_in(person(Role.SECRETARIAT))


# -- mail by mail ---------------------------------------------------------------------------------------
def test_the_list_is_paged_by_key_and_filtered_and_asks_as_often_for_many_as_for_one(secretariat: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            secretariat.get(reverse("mail_list"))
        return len(asked)

    reader = person()
    DeliveryFactory(address=reader.email, person=reader, kind="digest", state="sent", due_at=None, closed_at=NOON)
    with_one = queries()
    AnnouncementFactory(publication__lesson__reference="LI-2026-00042")
    DeliveryFactory.create_batch(60, state="failed", error="550 5.1.1 no such user", due_at=None)
    assert queries() <= with_one + 1

    first = secretariat.get(reverse("mail_list"), {"state": "failed", "reason": "550 5.1.1"})
    older = secretariat.get(reverse("mail_list") + first.context["page"].older)
    shown = [mail.pk for answer in (first, older) for mail in answer.context["page"].rows]
    assert len(shown) == len(set(shown)) == 60
    assert older.context["page"].older == ""

    found = secretariat.get(reverse("mail_list"), {"address": reader.email.upper()})
    assert [mail.address for mail in found.context["page"].rows] == [reader.email]
    for nonsense in ({"before": "9" * 30}, {"state": "x"}, {"reason": "\\"}, {"address": "%"}):
        assert secretariat.get(reverse("mail_list"), nonsense).status_code == 200


def test_many_sent_mails_are_counted_by_what_the_database_knows() -> None:
    DeliveryFactory.create_batch(3, state="sent", due_at=None)
    DeliveryFactory(state="failed", due_at=None)

    assert {str(one.state): one.words for one in tallies() if one.number} == {"sent": "3", "failed": "1"}


# -- publications -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("many", [reach.MANY, 3])
def test_a_publication_shows_whom_it_was_for_who_got_it_who_opened_it_and_who_had_enough(
    secretariat: Client, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(reach, "MANY", many)  # from where on organisations are found in another way
    publication = PublicationFactory(published_at=timezone.now())
    early, late, quiet, weekly = (person() for _ in range(4))
    record_view(publication=publication, by=early, at=NOON)
    for reader in (early, late, quiet):
        SubscriptionFactory(person=reader)
    SubscriptionFactory(person=weekly, frequency="weekly")
    news = AnnouncementFactory(publication=publication, at=NOON + timedelta(minutes=1))
    fan_out(news)
    Delivery.objects.filter(person__in=[early, late]).update(state="sent", due_at=None)
    record_view(publication=publication, by=late, at=NOON + timedelta(hours=1))
    record_view(publication=publication, by=person(), at=NOON + timedelta(hours=1))  # was not told
    unsubscribe(mail=Delivery.objects.get(person=late), at=NOON)

    page = secretariat.get(reverse("mail_publication", args=[publication.pk]))

    found = page.context["reach"]
    (told,) = found.told
    assert (told.matched, told.sent, told.for_digest, told.waiting) == (4, 2, 1, 1)
    assert (found.organisations, found.opened, found.unsubscribed) == (4, 1, 1)
    assert PublicationView.objects.count() == 3
    assert publication.title in secretariat.get(reverse("mail_publications")).content.decode()


def test_news_of_a_new_version_that_concerned_nobody_is_left_out(secretariat: Client) -> None:
    first = PublicationFactory(published_at=timezone.now())
    second = PublicationFactory(lesson=first.lesson, published_at=timezone.now())
    corrected = AnnouncementFactory(publication=second, kind=AnnouncementKind.CORRECTION)
    AnnouncementFactory(publication=second, move=corrected.move, kind=AnnouncementKind.RETRACTION, told_of=first)
    looked_for = AnnouncementFactory(publication=second, move=corrected.move, told_of=first)
    Announcement.objects.exclude(pk=looked_for.pk).update(fanned_out_at=NOON)

    told = [one.kind for one in reach.reach_of(second).told]

    without_news = secretariat.get(reverse("mail_publication", args=[first.pk])).text
    assert "Nobody was mailed about it" in without_news
    assert "jol-waiting" not in without_news, "no row of zeros"
    assert told == [AnnouncementKind.CORRECTION, AnnouncementKind.PUBLISHED], "nobody was shut out; who is let in?"
    assert "Stop using this" not in secretariat.get(reverse("mail_publications")).text


# -- organisations ------------------------------------------------------------------------------------
def test_an_organisation_sees_what_it_was_told_and_no_lesson_that_the_reader_may_not_read() -> None:
    organisation = OrganisationFactory(
        mailbox="duty@responder.example", mailbox_confirmed_at=NOON, mailbox_cleared=True
    )
    SubscriptionFactory(organisation=organisation)
    SubscriptionFactory(person=person(Role.READER, organisation))
    open_one, hidden = PublicationFactory(), PublicationFactory(marking="official_sensitive")
    for publication in (open_one, hidden):
        fan_out(AnnouncementFactory(publication=publication))
    Delivery.objects.update(state="sent", due_at=None)
    spoc, admin = person(Role.JOL_SPOC, organisation), person(Role.ORGANISATION_ADMIN, organisation)

    pages = {user: signed_in(user).get(reverse("mail_of_organisation")) for user in (spoc, admin)}

    assert [(row["mailbox"], row["people"]) for row in pages[spoc].context["rows"]] == [(1, 0), (1, 1)]
    assert hidden.title in pages[spoc].content.decode()
    text = pages[admin].content.decode()
    assert open_one.title in text
    assert hidden.title not in text
    assert hidden.reference not in text
    other = OrganisationFactory()
    assert signed_in(spoc).get(reverse("mail_of_organisation"), {"organisation": other.code}).status_code == 404


def test_an_administrator_finds_the_task_at_home_and_does_it() -> None:
    organisation = OrganisationFactory(mailbox="Duty@responder.example")
    admin = signed_in(person(Role.ORGANISATION_ADMIN, organisation))
    mine = Suppression.objects.create(address="duty@responder.example", reason="hard", status="5.1.1", since=NOON)
    others = Suppression.objects.create(address="elsewhere@responder.example", reason="soft", since=NOON)
    assert "email address that does not work" in admin.get("/").content.decode()

    page = admin.get(reverse("bounced")).content.decode()
    assert mine.address in page
    assert others.address not in page
    assert admin.post(reverse("bounced_right", args=[others.pk])).status_code == 404
    for _ in range(2):
        assert admin.post(reverse("bounced_right", args=[mine.pk])).status_code == 302

    assert list(Suppression.objects.in_force()) == [others]
    assert "does not work" not in admin.get("/").content.decode()


# -- the schedule -------------------------------------------------------------------------------------------
def test_a_run_is_noted_and_a_task_that_stands_still_turns_the_health_page_red(
    client: Client, secretariat: Client
) -> None:
    relay.apply()
    assert client.get("/health/").status_code == 200
    run = ScheduledRun.objects.get(task="notifications.tasks.relay")
    assert stalled(at=run.began_at + timedelta(seconds=120)) == []
    assert stalled(at=run.began_at + timedelta(seconds=122)) == ["relay"]
    by_name = {one.name: one for one in schedule(at=run.began_at)}
    assert by_name["relay"].next_at == run.began_at + timedelta(seconds=1)
    assert (by_name["digest"].every, by_name["digest"].is_overdue) == ("Every 5 minutes", False)
    assert set(by_name) == set(settings.CELERY_BEAT_SCHEDULE)

    ScheduledRun.objects.update(began_at=timezone.now() - timedelta(minutes=4))

    answer = client.get("/health/")
    assert (answer.status_code, answer.json()["status"], answer.json()["stalled"]) == (503, "stalled", ["relay"])
    assert "Overdue" in secretariat.get(reverse("mail_schedule")).content.decode()
    assert "stands still" in secretariat.get(reverse("mail")).content.decode()


# -- Prometheus -----------------------------------------------------------------------------------------
LINE = re.compile(r'^[a-z_]+(\{[a-z]+="[a-z_-]+"\})? [0-9.e+-]+$')


def test_prometheus_gets_figures_without_an_address_and_nobody_else_gets_anything(client: Client) -> None:
    DeliveryFactory(due_at=timezone.now() - timedelta(minutes=3), priority=Priority.ALERT)
    DeliveryFactory(state="failed", due_at=None, error="550 reader@responder.example unknown")
    relay.apply()
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    with override_settings(METRICS_TOKEN="a-token-of-prometheus"):
        assert client.get("/metrics", headers={"Authorization": "Bearer another"}).status_code == 404
        answer = client.get("/metrics", headers={"Authorization": "Bearer a-token-of-prometheus"})

    lines = answer.content.decode().splitlines()
    figures = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert all(LINE.match(line) for line in lines if not line.startswith("#"))
    assert figures['jol_mail_due{priority="alert"}'] == "1"
    assert 170 < float(figures['jol_mail_oldest_due_seconds{priority="alert"}']) < 200
    assert figures['jol_mail_not_sent{state="failed"}'] == "1"
    assert figures['jol_schedule_overdue{task="relay"}'] == "0"
    assert "@" not in answer.content.decode()
    assert Notice.objects.count() == 0
