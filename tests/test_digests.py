"""Digests: everything that waited for a period, in one mail, each item once; nothing lost, early or twice."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import datetime, timedelta
from email import message_from_bytes, policy

import pytest

from lessons.models import Marking, Publication
from notifications import digests
from notifications.announcing import end_earlier
from notifications.digest_mail import MOST_LISTED
from notifications.fan_out import fan_out_batch
from notifications.models import Announcement, Delivery, DigestRun, Frequency, Notice, State, Subscription
from notifications.periods import LONDON, next_end
from notifications.rendering import content_of, load
from notifications.sending import checks
from tests.factories import (
    NOON,
    AnnouncementFactory,
    NationalRiskFactory,
    PublicationFactory,
    SubscriptionFactory,
    person,
)

pytestmark = pytest.mark.django_db

TOMORROW = next_end(Frequency.DAILY, NOON)


def announce(publication: Publication | None = None, *, at: datetime = NOON) -> Announcement:
    """Announce a publication and find out who hears of it."""
    news = AnnouncementFactory(publication=publication or PublicationFactory(), at=at)
    while fan_out_batch(announcement=news, at=at):
        pass
    return news


def run_digests(at: datetime, *, size: int = 1000) -> None:
    for run in digests.begin_due_runs(at=at):
        while digests.run_batch(run=run, at=at, size=size):
            pass


def mail_of(delivery: Delivery) -> tuple[str, str, str]:
    """Return subject, text and HTML of a digest as it would go out now."""
    load([delivery])
    verdict = checks.look([delivery])[delivery.pk]
    assert not verdict.reason
    mail = message_from_bytes(content_of(delivery, verdict), policy=policy.default)
    text, page = mail.get_body(("plain",)), mail.get_body(("html",))
    return mail["Subject"], text.get_content(), page.get_content()


def test_a_day_of_news_is_one_mail_the_next_morning() -> None:
    reader = person()
    SubscriptionFactory(person=reader, frequency="daily", risks=["surface-water-flooding"])
    SubscriptionFactory(person=reader, frequency="weekly")
    first, second = PublicationFactory(), PublicationFactory()
    announce(first)
    announce(second)
    assert not Delivery.objects.exists()

    run_digests(TOMORROW - timedelta(seconds=1))
    assert not Delivery.objects.exists()
    run_digests(TOMORROW)
    run_digests(TOMORROW + timedelta(minutes=5))

    (digest,) = Delivery.objects.all()
    assert (digest.address, digest.kind, digest.state) == (reader.email, "digest", State.PENDING)
    subject, text, page = mail_of(digest)
    assert subject == "[OFFICIAL] Your lessons of the day: 2 new lessons"
    for publication in (first, second):
        assert text.count(publication.reference) == 2  # its line and its address
        assert publication.title in page
        assert publication.statement in text


def test_what_is_suspended_meanwhile_is_left_out_and_an_empty_digest_is_not_sent() -> None:
    SubscriptionFactory(frequency="daily")
    kept, gone = announce(), announce()
    run_digests(TOMORROW)
    (digest,) = Delivery.objects.all()

    Publication.objects.filter(pk=gone.publication_id).update(suspended_at=TOMORROW)
    assert gone.publication.reference not in mail_of(digest)[1]
    assert kept.publication.reference in mail_of(digest)[1]

    Publication.objects.filter(pk=kept.publication_id).update(suspended_at=TOMORROW)
    assert checks.look([digest])[digest.pk].reason == "Nothing is left of it."


def test_somebody_who_left_or_unsubscribed_gets_nothing() -> None:
    leaver, stopper = SubscriptionFactory(frequency="daily"), SubscriptionFactory(frequency="daily")
    announce()
    run_digests(TOMORROW)
    leaver.person.memberships.update(ends_on=NOON.date())
    Subscription.objects.filter(pk=stopper.pk).update(ended_at=TOMORROW)

    verdicts = checks.look(Delivery.objects.all())

    assert {verdict.reason for verdict in verdicts.values()} == {"Nothing is left of it."}


def test_of_an_official_sensitive_lesson_a_digest_holds_reference_and_link_only() -> None:
    reader = person(cleared=True)
    SubscriptionFactory(person=reader, frequency="daily", words="canary")
    news = announce(
        PublicationFactory(
            marking=Marking.SENSITIVE,
            title="A canary in the title",
            statement="A canary in the statement",
            what_happened="A canary in the story",
        )
    )
    run_digests(TOMORROW)

    subject, text, page = mail_of(Delivery.objects.get())

    assert subject.startswith("[OFFICIAL-SENSITIVE]")
    assert news.publication.reference in text
    assert "canary" not in (subject + text + page).lower()


def test_items_are_grouped_by_the_theme_of_their_risk() -> None:
    NationalRiskFactory(code="wildfire", theme_code="natural", theme="Natural hazards")
    SubscriptionFactory(frequency="daily")
    announce(PublicationFactory(terms=["kind:lesson_identified", "risk:wildfire", "risk-theme:natural"]))
    announce(PublicationFactory(terms=["kind:lesson_identified"]))
    run_digests(TOMORROW)

    _, text, _ = mail_of(Delivery.objects.get())

    assert text.index("== Natural hazards ==") < text.index("== Not about a National Risk ==")


@pytest.mark.slow
def test_a_large_digest_is_capped_and_says_how_many_more() -> None:
    SubscriptionFactory(frequency="daily")
    for _ in range(MOST_LISTED + 3):
        announce()
    run_digests(TOMORROW)
    (digest,) = Delivery.objects.all()

    subject, text, page = mail_of(digest)

    assert f"{MOST_LISTED + 3} new lessons" in subject
    assert "And 3 more: " in text
    assert len(text.encode()) + len(page.encode()) < 100_000


def test_a_run_that_was_killed_half_way_goes_on_without_a_repeat() -> None:
    SubscriptionFactory.create_batch(7, frequency="daily")
    announce()
    (run,) = [run for run in digests.begin_due_runs(at=TOMORROW) if run.frequency == "daily"]
    digests.run_batch(run=run, at=TOMORROW, size=3)  # and then the process died

    run_digests(TOMORROW + timedelta(minutes=5), size=3)

    assert Delivery.objects.count() == 7
    assert Delivery.objects.values("address").distinct().count() == 7
    assert not Notice.objects.filter(delivery=None).exists()


def test_news_that_came_after_the_period_waits_for_the_next() -> None:
    SubscriptionFactory(frequency="daily")
    late = announce(at=TOMORROW + timedelta(minutes=1))
    run_digests(TOMORROW + timedelta(minutes=2))
    assert not Delivery.objects.exists()

    run_digests(TOMORROW + timedelta(days=1, minutes=2))

    assert late.publication.reference in mail_of(Delivery.objects.get())[1]


def test_news_stamped_before_the_end_but_committed_after_the_run_is_not_lost() -> None:
    SubscriptionFactory(frequency="daily")
    run_digests(TOMORROW)
    announce(at=TOMORROW - timedelta(seconds=1))

    run_digests(TOMORROW + timedelta(days=1))

    assert Delivery.objects.count() == 1


class Year:
    """A year of publishing, suspending, changing minds and missed runs, beside a plain model of who waits for what."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.people = [SubscriptionFactory(frequency=self.any_frequency()) for _ in range(5)]
        self.live: dict[int, Announcement] = {}
        self.announced_at: dict[int, datetime] = {}
        # address -> frequency -> what waits; address -> what each of its digests holds
        self.waiting: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        self.expected: dict[str, list[set[int]]] = defaultdict(list)

    def any_frequency(self) -> Frequency:
        return self.chance.choice(list(Frequency))

    def live_through(self, at: datetime) -> None:
        """One day, of which `at` is 07:00 by the clock on the wall."""
        for happening, how_likely in (
            (self.publish, 0.3),
            (self.suspend, 0.05),
            (self.change_minds, 0.1),
            (self.send_digests, 0.8),  # else the run is missed
        ):
            if self.chance.random() < how_likely:
                happening(at)

    def publish(self, at: datetime) -> None:
        news = announce(at=at)
        self.live[news.pk], self.announced_at[news.pk] = news, at
        for one in self.people:
            if one.frequency not in {Frequency.AT_ONCE, Frequency.OFF}:
                self.waiting[one.person.email][one.frequency].add(news.pk)

    def suspend(self, at: datetime) -> None:
        if self.live:
            news = self.live.pop(self.chance.choice(sorted(self.live)))
            end_earlier(news.publication.lesson, at=at, reason="Suspended.")
            for frequencies in self.waiting.values():
                for lessons in frequencies.values():
                    lessons.discard(news.pk)

    def change_minds(self, at: datetime) -> None:
        one = self.chance.choice(self.people)
        one.frequency = self.any_frequency()
        one.save(update_fields=["frequency"])

    def send_digests(self, at: datetime) -> None:
        before = set(DigestRun.objects.values_list("pk", flat=True))
        run_digests(at + timedelta(hours=1, minutes=4))
        for run in DigestRun.objects.exclude(pk__in=before):
            for address, frequencies in self.waiting.items():
                waits = frequencies[run.frequency]
                if ready := {one for one in waits if self.announced_at[one] < run.period_end}:
                    self.expected[address].append(ready)
                    frequencies[run.frequency] = waits - ready


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_year_of_everything_against_a_plain_model(seed: int) -> None:
    year = Year(seed)
    begin = datetime(2026, 1, 5, 7, 0, tzinfo=LONDON)
    digests.begin_due_runs(at=begin)  # what ended before the year began

    for day in range(365):
        year.live_through(begin + timedelta(days=day))

    sent: dict[str, list[set[int]]] = defaultdict(list)
    for digest in Delivery.objects.filter(kind="digest").order_by("pk"):
        sent[digest.address].append(set(digest.notices.values_list("announcement", flat=True)))
    assert {who: sorted(map(sorted, held)) for who, held in sent.items()} == {
        who: sorted(map(sorted, held)) for who, held in year.expected.items()
    }
    for held in sent.values():
        everything = [lesson for digest in held for lesson in digest]
        assert len(everything) == len(set(everything))
