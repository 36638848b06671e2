"""Faults around the mail: a publication that breaks off, days without a digest, link scanners, a restored backup."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import pytest
from django.apps import apps
from django.core.mail import send_mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.invitations import invite
from accounts.models import AuditEvent, Organisation
from accounts.roles import Role
from lessons.models import Lesson, LessonMove, Publication, Status
from lessons.signals import lesson_moved
from notifications import digests
from notifications.actions.mailboxes import confirmation_url
from notifications.models import Announcement, Delivery, Frequency, Subscription
from notifications.periods import next_end
from notifications.sending.lanes import prepare_lanes
from notifications.sending.sender import send_due
from notifications.sending.smtp import MailConnection, Server
from notifications.tasks import fan_out
from tests.factories import AnnouncementFactory, OrganisationFactory, PublicationFactory, SubscriptionFactory, person
from tests.faults.harness import Harness
from tests.faults.oracles import assert_sound
from tests.faults.world import World
from tests.reviewing import decide, in_review, sign_in, ticked
from tests.scripted_smtp import ScriptedServer

pytestmark = pytest.mark.fault


def test_a_publication_whose_connection_is_cut_in_the_middle_never_was_and_works_again(
    harness: Harness, world: World
) -> None:
    world.subscribe(20)
    lesson, moderator = in_review()
    browser = sign_in(moderator)
    browser.raise_request_exception = False
    moves_before = LessonMove.objects.count()

    def cut(**kwargs: Any) -> None:
        with psycopg2.connect(harness.cluster.url) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])

    lesson_moved.connect(cut)
    try:
        answer = decide(browser, lesson, "publish", **ticked())
    finally:
        lesson_moved.disconnect(cut)
        connection.close()

    assert answer.status_code == 503
    assert "Try again" in answer.content.decode()
    assert Lesson.objects.get().status == Status.IN_REVIEW
    assert not Publication.objects.live().exists()
    assert not Announcement.objects.exists()
    assert not Delivery.objects.exists()
    assert LessonMove.objects.count() == moves_before
    assert not AuditEvent.objects.filter(action="lesson.publish").exists()

    assert decide(browser, lesson, "publish", **ticked()).status_code == 302
    world.moves.append(LessonMove.objects.latest("pk"))
    Delivery.objects.all().delete()  # the owner's
    harness.start()
    harness.wait_for(20)
    assert_sound(harness, world, repeats=0)


def test_three_days_without_a_digest_make_one_digest_of_all(harness: Harness) -> None:
    readers = [SubscriptionFactory(frequency=Frequency.DAILY).person for _ in range(5)]
    began = timezone.now()
    days = [next_end(Frequency.DAILY, began + timedelta(days=day)) for day in range(5)]
    for day in days[:3]:
        AnnouncementFactory(publication=PublicationFactory(), at=day - timedelta(hours=1))
    fan_out()

    def run(*, at: Any) -> None:
        for due in digests.begin_due_runs(at=at):
            while digests.run_batch(run=due, at=at):
                pass

    run(at=days[2])
    run(at=days[2] + timedelta(minutes=5))
    mails = list(Delivery.objects.all())
    assert sorted(mail.address for mail in mails) == sorted(reader.email for reader in readers)
    assert {mail.notices.count() for mail in mails} == {3}

    AnnouncementFactory(publication=PublicationFactory(), at=days[3] - timedelta(hours=1))
    fan_out()
    run(at=days[3] - timedelta(seconds=1))
    assert Delivery.objects.count() == 5, "none early"
    run(at=days[3])
    assert Delivery.objects.count() == 10
    run(at=days[4])
    assert Delivery.objects.count() == 10, "none empty, none twice"


def test_link_scanners_that_follow_every_link_of_every_mail_change_nothing(harness: Harness, settings: Any) -> None:
    settings.EMAIL_BACKEND = "notifications.backend.DeliveryBackend"
    prepare_lanes()
    at = timezone.now()
    reader, mailbox = person(), OrganisationFactory(mailbox="lessons@service.example")
    SubscriptionFactory(person=reader)
    SubscriptionFactory(person=reader, frequency=Frequency.DAILY, words="rest centres")
    AnnouncementFactory(publication=PublicationFactory(), at=at - timedelta(days=2))
    fan_out()
    invite(email="newcomer@responder.example", organisation=OrganisationFactory(), role=Role.READER, at=at)
    Client().post("/accounts/password/reset/", {"email": reader.email})
    send_mail("Confirm", f"Follow this: {confirmation_url(mailbox)}", None, ["lessons@service.example"])
    with ScriptedServer() as server:
        send_due(over=MailConnection(Server("127.0.0.1", server.port)), per_second=0)
        mails = list(server.received)
    links = {link for mail in mails for link in re.findall(r"https?://[^\s<>\")]+", mail.text + mail.html)}
    paths = {urlsplit(link).path for link in links if "testserver" in link}
    assert len(mails) == 4
    for part in ("/unsubscribe/", "/password/reset/key/", "/mailbox/", "/lessons/"):
        assert any(part in path for path in paths), part

    before = everything()
    scanner = Client()
    for _ in range(2):
        for path in sorted(paths):
            for ask in (scanner.get, scanner.head):
                assert ask(path, follow=True).status_code in {200, 404, 405}, path

    assert everything() == before
    # The links are not used up: they do for people what they promise.
    (unsubscribe,) = [path for path in paths if "/unsubscribe/" in path]
    assert Client(enforce_csrf_checks=True).post(unsubscribe, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Subscription.objects.filter(person=reader, ended_at__isnull=False).exists()
    (confirm,) = [path for path in paths if path.startswith("/mailbox/")]
    Client().post(confirm)
    assert Organisation.objects.get(pk=mailbox.pk).mailbox_confirmed_at


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table but those of sessions."""
    models = [model for model in apps.get_models() if model._meta.app_label != "sessions" and model._meta.managed]
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models}
